from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join

from notifications.models import Notification, Push
from tokpik.console import DaysFilter, ModelAdmin, NumberSearch, RangeDateFilter, ReadOnly, ReadOnlyTable
from topics.models import Topic

# A reminder every minute on twenty phones would have 28,000.
HISTORY_SHOWN = 200


class PushInline(ReadOnlyTable):
    """The newest of a reminder's log, slot by slot: rows of several slots are written together, in any order."""

    model = Push
    fields = ["due_at", "slot", "session_id", "outcome", "reason", "done_at", "latency_ms"]
    ordering = ["-slot", "-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Push]:
        assert request.resolver_match is not None
        reminder = request.resolver_match.kwargs["object_id"]
        newest = Push.objects.filter(notification=reminder).order_by(*self.ordering).values_list("pk", flat=True)
        return super().get_queryset(request).filter(pk__in=list(newest[:HISTORY_SHOWN]))


@admin.register(Notification)
class NotificationAdmin(NumberSearch, ReadOnly, ModelAdmin):
    """People's own reminders, with what became of each push: for staff to look at."""

    icon = "notifications"
    list_display = ["name", "user", "date", "start", "end", "interval_minutes", "next_due_at"]
    list_filter = [("date", RangeDateFilter)]
    list_filter_submit = True
    list_select_related = ["scrap__user"]
    search_fields = ["pk", "scrap__user__pk", "scrap__user__kakao_id"]
    search_text = "name"
    search_help_text = "알림 번호, 사용자 번호, 카카오 회원번호(전체), 또는 알림 이름. 예: 소개팅"
    ordering = ["-pk"]
    inlines = [PushInline]
    fieldsets = [
        ("알림", {"fields": ["name", "user", "scrap", "topics"]}),
        ("시간", {"fields": ["date", "start", "end", "interval_minutes", "created_at"]}),
        (
            "보내기",
            {
                "fields": ["next_slot", "next_due_at", "last_slot_at", "tries"],
                "description": "‘다음 처리’가 비어 있으면 더 보낼 것이 없습니다.",
            },
        ),
    ]

    @admin.display(description="사용자")
    def user(self, reminder: Notification) -> Any:
        return reminder.scrap.user

    @admin.display(description="주제")
    def topics(self, reminder: Notification) -> str:
        """In their order; what has been deleted since by its number alone."""
        titles = Topic.objects.filter(pk__in=reminder.topic_ids).values_list("pk", "title")
        known = dict(titles)
        row = '<p><a class="console-link" href="{}">{} · {}</a></p>'
        return format_html_join(
            "",
            row,
            (
                (reverse("admin:topics_topic_change", args=[pk]), pk, known.get(pk, "(지워진 주제)"))
                for pk in reminder.topic_ids
            ),
        )


@admin.register(Push)
class PushAdmin(NumberSearch, ReadOnly, ModelAdmin):
    """Without the push target: a session's number tells one phone from another."""

    icon = "send"
    list_display = ["due_at", "notification", "session_id", "outcome", "reason", "latency_ms"]
    list_filter = ["outcome", "reason", ("due_at", DaysFilter)]
    list_filter_submit = True
    list_select_related = ["notification"]
    search_fields = ["notification_id", "notification__scrap__user__pk", "notification__scrap__user__kakao_id"]
    search_help_text = "알림 번호, 사용자 번호, 카카오 회원번호(전체). 예: 1204"
    ordering = ["-due_at", "-pk"]
    fieldsets = [
        ("차례", {"fields": ["notification", "slot", "due_at", "session_id"]}),
        ("결과", {"fields": ["outcome", "reason", "done_at", "latency_ms"]}),
    ]
