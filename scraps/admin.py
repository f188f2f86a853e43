from django.contrib import admin

from scraps.models import Scrap, ScrapTopic
from tokpik.console import ModelAdmin, TabularInline


class ScrapTopicInline(TabularInline):
    model = ScrapTopic
    extra = 0
    raw_id_fields = ["topic"]


@admin.register(Scrap)
class ScrapAdmin(ModelAdmin):
    icon = "bookmark"
    list_display = ["name", "user", "created_at"]
    list_select_related = ["user"]
    raw_id_fields = ["user"]
    inlines = [ScrapTopicInline]
