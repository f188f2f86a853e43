from django.contrib import admin

from tokpik.console import ModelAdmin, StackedInline
from topics import cache_admin  # noqa: F401  (registers itself)
from topics.models import PlaceTag, Situation, Topic, TopicDetail, TopicTag


class TopicDetailInline(StackedInline):
    model = TopicDetail
    extra = 0


@admin.register(Topic)
class TopicAdmin(ModelAdmin):
    icon = "forum"
    list_display = ["title", "topic_tag", "place_tag", "situation", "status", "source"]
    list_filter = ["status", "source", "topic_tag", "place_tag"]
    list_select_related = ["topic_tag", "place_tag", "situation"]
    search_fields = ["title", "subtitle"]
    autocomplete_fields = ["situation"]
    raw_id_fields = ["made_for"]
    inlines = [TopicDetailInline]


@admin.register(TopicTag, PlaceTag)
class TagAdmin(ModelAdmin):
    icon = "sell"
    list_display = ["content", "position"]


@admin.register(Situation)
class SituationAdmin(ModelAdmin):
    icon = "theater_comedy"
    search_fields = ["text"]
