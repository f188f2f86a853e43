from django.contrib import admin

from topics import cache_admin, generation_admin  # noqa: F401  (they register themselves)
from topics.models import PlaceTag, Situation, Topic, TopicDetail, TopicTag


class TopicDetailInline(admin.StackedInline):
    model = TopicDetail
    extra = 0


@admin.register(Topic)
class TopicAdmin(admin.ModelAdmin):
    list_display = ["title", "topic_tag", "place_tag", "situation", "status", "source"]
    list_filter = ["status", "source", "topic_tag", "place_tag"]
    list_select_related = ["topic_tag", "place_tag", "situation"]
    search_fields = ["title", "subtitle"]
    autocomplete_fields = ["situation"]
    raw_id_fields = ["made_for"]
    inlines = [TopicDetailInline]
    show_full_result_count = False


@admin.register(TopicTag, PlaceTag)
class TagAdmin(admin.ModelAdmin):
    list_display = ["content", "position"]


@admin.register(Situation)
class SituationAdmin(admin.ModelAdmin):
    search_fields = ["text"]
