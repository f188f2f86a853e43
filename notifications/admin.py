from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from notifications.models import Notification, Push
from tokpik.console import ModelAdmin, ReadOnly, TabularInline

# A reminder every minute on twenty phones would have 28,000.
HISTORY_SHOWN = 200


class PushInline(ReadOnly, TabularInline):
    """The newest of a reminder's log."""

    model = Push
    fields = ["due_at", "slot", "session_id", "outcome", "reason", "done_at", "latency_ms"]
    ordering = ["-pk"]
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Push]:
        assert request.resolver_match is not None
        reminder = request.resolver_match.kwargs["object_id"]
        newest = Push.objects.filter(notification=reminder).order_by("-pk").values_list("pk", flat=True)
        return super().get_queryset(request).filter(pk__in=list(newest[:HISTORY_SHOWN]))


@admin.register(Notification)
class NotificationAdmin(ReadOnly, ModelAdmin):
    icon = "notifications"
    list_display = ["name", "user", "date", "start", "end", "interval_minutes", "next_due_at"]
    list_filter = ["date"]
    list_select_related = ["scrap__user"]
    search_fields = ["name", "scrap__user__kakao_id"]
    ordering = ["-pk"]
    inlines = [PushInline]

    @admin.display(description="사용자")
    def user(self, reminder: Notification) -> Any:
        return reminder.scrap.user


@admin.register(Push)
class PushAdmin(ReadOnly, ModelAdmin):
    icon = "send"
    list_display = ["due_at", "notification", "session_id", "outcome", "reason", "latency_ms"]
    list_filter = ["outcome", "reason", "due_at"]
    list_select_related = ["notification"]
    search_fields = ["notification__id", "session_id"]
    ordering = ["-pk"]
