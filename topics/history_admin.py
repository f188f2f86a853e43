"""A topic's history in the console: every field that changed, by whom and when, and the way back."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.dateparse import parse_datetime

from tokpik.history import Edit, edits, values_of
from tokpik.history_pages import HistoryPage, Selection
from topics.models import CURATED, Topic, TopicDetail
from topics.versions import Changed, Lost, details_of, differences, earlier, locked, restore, version_of


def selections(topic_id: int) -> list[Selection]:
    return [(Topic, {"id": topic_id}), (TopicDetail, {"topic": topic_id})]


def newest_edit(topic: Topic) -> Edit | None:
    return next(iter(edits(*selections(topic.pk))), None)


class TopicHistory(HistoryPage):
    """For the topics' ModelAdmin: the history of a topic with its details, and the page that confirms a way back."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.restore_view)
        return [path("<int:pk>/restore/", view, name="topics_topic_restore"), *super().get_urls()]  # type: ignore[misc]

    def selections(self, pk: Any) -> list[Selection]:
        return selections(pk)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        if self.has_change_permission(request):  # type: ignore[attr-defined]
            extra_context = {"restore": reverse("admin:topics_topic_restore", args=[object_id])}
        return super().history_view(request, object_id, extra_context)

    def restore_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        topic = get_object_or_404(Topic, pk=pk)
        if not self.has_change_permission(request, topic):  # type: ignore[attr-defined]
            raise PermissionDenied
        moment = moment_of(request)
        history = HttpResponseRedirect(reverse("admin:topics_topic_history", args=[pk]))
        try:
            if request.method == "POST":
                self.go_back(request, pk, moment)
                return history
            return self.confirm_restore(request, topic, moment)
        except Lost as error:
            messages.error(request, str(error))
        except Changed:
            messages.error(request, "그사이 다른 사람이 이 주제를 고쳤습니다. 이력을 다시 보고 정해 주세요.")
        return history

    def go_back(self, request: HttpRequest, pk: int, moment: datetime) -> None:
        with transaction.atomic():
            restore(locked(pk, version=request.POST.get("version", "")), moment)
        messages.success(request, "그때의 내용으로 되돌렸습니다.")

    def confirm_restore(self, request: HttpRequest, topic: Topic, moment: datetime) -> HttpResponse:
        values, details = earlier(topic, moment)
        context = self.admin_site.each_context(request) | {
            "title": f"되돌리기: {topic}",
            "opts": self.opts,
            "object": topic,
            "moment": moment,
            "version": version_of(topic),
            "changes": list(differences(values_of(topic, ["id", *CURATED]), values)),
            "details_now": details_of(topic),
            "details_then": details,
        }
        return TemplateResponse(request, "admin/topics/topic/restore.html", context)


def moment_of(request: HttpRequest) -> datetime:
    """The moment that the request names. Raises `Http404` where it names none."""
    try:
        moment = parse_datetime(request.POST.get("at") or request.GET.get("at", ""))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Http404
    return moment
