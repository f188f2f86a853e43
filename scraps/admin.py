from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from scraps import flags
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

    # Staff change somebody else's folders: a second is soon enough.

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        flags.correct()

    def delete_model(self, request: HttpRequest, obj: Scrap) -> None:
        super().delete_model(request, obj)
        flags.correct()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Scrap]) -> None:
        with transaction.atomic():
            super().delete_queryset(request, queryset)
            flags.correct()
