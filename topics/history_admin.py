"""A topic's history in the console: every field that changed, by whom and when, and the way back."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.dateparse import parse_datetime

from tokpik.history import Edit, edits, values_of
from topics.models import CURATED, Topic, TopicDetail
from topics.versions import Changed, Lost, details_of, differences, earlier, locked, restore, version_of
from topics.versions import shown as shown_value


def edits_of(topic_id: int) -> list[Edit]:
    return edits((Topic, {"id": topic_id}), (TopicDetail, {"topic": topic_id}))


def lines_of(edit: Edit) -> list[tuple[str, str, str]]:
    """(what, before, after) of all that an edit changed, as staff read it."""
    lines = []
    for change in edit.changes:
        detail = f"상세 ‘{(change.after or change.before or {}).get('title', '')}’"
        prefix = f"{detail} " if change.model is TopicDetail else ""
        if change.before is None or change.after is None:
            what = detail if change.model is TopicDetail else "주제"
            lines.append((what, "–" if change.before is None else "있음", "지움" if change.after is None else "만듦"))
            continue
        for name, old, new in change.differences():
            label = change.model._meta.get_field(name).verbose_name  # type: ignore[union-attr]
            lines.append(
                (f"{prefix}{label}", shown_value(change.model, name, old), shown_value(change.model, name, new))
            )
    return lines


class TopicHistory:
    """For the topics' ModelAdmin: the history page, and the page that confirms a way back."""

    admin_site: admin.AdminSite
    opts: Any

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.restore_view)
        return [path("<int:pk>/restore/", view, name="topics_topic_restore"), *super().get_urls()]  # type: ignore[misc]

    def newest_edit(self, topic: Topic) -> Edit | None:
        found = edits_of(topic.pk)
        return found[0] if found else None

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        topic = get_object_or_404(Topic, pk=object_id)
        if not self.has_view_permission(request, topic):  # type: ignore[attr-defined]
            raise PermissionDenied
        context = self.admin_site.each_context(request) | {
            "title": f"변경 이력: {topic}",
            "opts": self.opts,
            "object": topic,
            "edits": [(edit, lines_of(edit)) for edit in edits_of(topic.pk)],
            "may_restore": self.has_change_permission(request, topic),  # type: ignore[attr-defined]
        }
        return TemplateResponse(request, "admin/topics/topic/history.html", context)

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
