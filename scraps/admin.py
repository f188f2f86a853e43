from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from scraps.models import Scrap, ScrapTopic
from tokpik.console import DaysFilter, ModelAdmin, NumberSearch, ReadOnly, ReadOnlyTable

# A folder may hold a thousand.
ENTRIES_SHOWN = 200


class ScrapTopicInline(ReadOnlyTable):
    """The newest entries of a folder."""

    model = ScrapTopic
    fields = readonly_fields = ["topic", "created_at"]
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScrapTopic]:
        assert request.resolver_match is not None
        entries = ScrapTopic.objects.filter(scrap=request.resolver_match.kwargs["object_id"]).order_by("-pk")
        newest = list(entries.values_list("pk", flat=True)[:ENTRIES_SHOWN])
        return super().get_queryset(request).filter(pk__in=newest).select_related("topic")


@admin.register(Scrap)
class ScrapAdmin(NumberSearch, ReadOnly, ModelAdmin):
    """People's own folders: for staff to look at."""

    icon = "bookmark"
    list_display = ["name", "user", "entries", "created_at"]
    list_filter = [("created_at", DaysFilter)]
    list_filter_submit = True
    list_select_related = ["user"]
    search_fields = ["user__pk", "user__kakao_id"]
    search_text = "name"
    search_help_text = "사용자 번호나 카카오 회원번호(전체), 또는 스크랩 이름. 예: 소개팅"
    ordering = ["-pk"]
    fieldsets = [("스크랩", {"fields": ["name", "user", "entries", "created_at"]})]
    inlines = [ScrapTopicInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Scrap]:
        counts = ScrapTopic.objects.filter(scrap=OuterRef("pk")).order_by().values("scrap").annotate(n=Count("pk"))
        return super().get_queryset(request).annotate(entry_count=Coalesce(Subquery(counts.values("n")), 0))

    @admin.display(description="담은 주제")
    def entries(self, scrap: Any) -> int:
        return int(scrap.entry_count)
