"""The review queue in the console: one screen, and a key for each decision."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from topics.duplicates import similar_to
from topics.models import GenerationRequest, Topic
from topics.review import (
    DECISIONS,
    KINDS,
    START,
    WAITING_MOST,
    Decided,
    Drafts,
    Place,
    WrittenDetails,
    decide,
    details_were_edited,
    next_after,
    place_named,
    take_back,
    written,
)
from topics.versions import Changed

# What this person decided in this session, newest last.
DECIDED = "topics.review.decisions"
DECIDED_MOST = 50
CHANGED = "그사이 다른 사람이 정하거나 고쳤습니다. 지금 내용을 보고 다시 정해 주세요."


class ReviewQueue:
    """For the topics' ModelAdmin."""

    admin_site: admin.AdminSite
    opts: Any

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.review)
        return [path("review/", view, name="topics_topic_review"), *super().get_urls()]  # type: ignore[misc]

    def review(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        if request.method == "POST":
            return at(self.reviewed(request))
        after = place_named(request.GET.get("after")) or START
        item = next_after(after)
        is_draft = item is not None and item.place.kind == Drafts.name
        counts = {name: kind.count() for name, kind in KINDS.items()}
        context = self.admin_site.each_context(request) | {
            "title": "검토",
            "opts": self.opts,
            "item": item,
            "is_draft": is_draft,
            "twins": similar_to(item.topic) if item and is_draft else [],
            "drafts": in_words(counts[Drafts.name]),
            "details": in_words(counts[WrittenDetails.name]),
            "passed": not item and any(counts.values()),
            "may_undo": bool(request.session.get(DECIDED)),
            "after": after,
        }
        return TemplateResponse(request, "admin/topics/topic/review.html", context)

    def reviewed(self, request: HttpRequest) -> Place:
        """Where the queue goes on, once it is done what was asked for."""
        after = place_named(request.POST.get("after")) or START
        place = place_named(request.POST.get("place"))
        decision = next((name for name in DECISIONS if name in request.POST), None)
        try:
            if "undo" in request.POST:
                return self.undo(request) or after
            if decision is None or place is None:
                return after
            decided = decide(place, version=request.POST.get("version", ""), decision=decision)
        except (Changed, ObjectDoesNotExist):
            messages.error(request, CHANGED)
            return after
        request.session[DECIDED] = [*request.session.get(DECIDED, []), decided][-DECIDED_MOST:]
        messages.success(request, KINDS[place.kind].said[decision].format(decided.topic_id))
        return place

    def undo(self, request: HttpRequest) -> Place | None:
        if not request.session.get(DECIDED):
            return None
        *request.session[DECIDED], newest = request.session[DECIDED]
        decided = Decided(*newest)
        take_back(decided)
        messages.success(request, KINDS[decided.kind].said_undone.format(decided.topic_id))
        return Place(decided.kind, decided.pk).before()

    # Who edits what waits comes from the queue and goes back to it; details that wait stand in the topic's form.

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)  # type: ignore[misc]
        if request.method != "POST":
            kwargs["initial"] = [
                {"title": detail.title, "content": detail.content} for detail in waiting_for(request, obj)
            ]
        return kwargs

    def response_change(self, request: HttpRequest, topic: Topic) -> HttpResponse:
        place = place_named(request.GET.get("review"))
        if place and place.kind == WrittenDetails.name:
            details_were_edited(place, topic)
        if place and "_continue" not in request.POST:
            return at(place.before())
        return super().response_change(request, topic)  # type: ignore[misc]


def waiting_for(request: HttpRequest, topic: Topic | None) -> list[Any]:
    """The details that wait for this topic, where its page was opened from them."""
    place = place_named(request.GET.get("review"))
    if topic is None or place is None or place.kind != WrittenDetails.name:
        return []
    found = GenerationRequest.objects.waiting().filter(pk=place.pk, topic=topic).first()
    return written(found) if found else []


def at(place: Place) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('admin:topics_topic_review')}?after={place}")


def in_words(count: int) -> str:
    return f"{count:,}{'개 이상' if count == WAITING_MOST else '개'}"
