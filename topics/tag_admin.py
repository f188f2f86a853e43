from django.contrib import admin

from tokpik.console import ModelAdmin
from topics.models import PlaceTag, TopicTag


@admin.register(TopicTag, PlaceTag)
class TagAdmin(ModelAdmin):
    icon = "sell"
    list_display = ["content", "position"]
