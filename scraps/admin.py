from django.contrib import admin

from scraps.models import Scrap, ScrapTopic


class ScrapTopicInline(admin.TabularInline):
    model = ScrapTopic
    extra = 0
    raw_id_fields = ["topic"]


@admin.register(Scrap)
class ScrapAdmin(admin.ModelAdmin):
    list_display = ["name", "user", "created_at"]
    list_select_related = ["user"]
    raw_id_fields = ["user"]
    inlines = [ScrapTopicInline]
    show_full_result_count = False
