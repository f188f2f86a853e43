"""The queue of drafts in the console: one screen, and a key for each decision."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from tokpik.fields import whole_number
from topics.duplicates import similar_to
from topics.models import Topic
from topics.review import DECISIONS, WAITING_MOST, decide, next_draft, take_back, waiting
from topics.versions import Changed, version_of

# What this person decided in this session, newest last: [id, version that it left].
DECIDED = "topics.review.decided"
DECIDED_MOST = 50
SAID = {"publish": "게시했습니다", "hide": "숨겼습니다"}


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
            return HttpResponseRedirect(f"{reverse('admin:topics_topic_review')}?after={self.reviewed(request)}")
        after = whole_number(request.GET.get("after", "0")) or 0
        draft = next_draft(after)
        left = waiting()
        context = self.admin_site.each_context(request) | {
            "title": "초안 검토",
            "opts": self.opts,
            "draft": draft,
            "version": version_of(draft) if draft else "",
            "twins": similar_to(draft) if draft else [],
            "waiting": f"{left:,}{'개 이상' if left == WAITING_MOST else '개'}",
            "passed": left if not draft else 0,
            "may_undo": bool(request.session.get(DECIDED)),
            "after": after,
        }
        return TemplateResponse(request, "admin/topics/topic/review.html", context)

    def reviewed(self, request: HttpRequest) -> int:
        """After which id the queue goes on, once it is done what was asked for."""
        after = whole_number(request.POST.get("after", "0")) or 0
        pk = whole_number(request.POST.get("topic", ""))
        try:
            if "undo" in request.POST:
                return self.undo(request, after)
            decision = next((name for name in DECISIONS if name in request.POST), None)
            if decision is None or pk is None:
                return after
            left = decide(pk, version=request.POST.get("version", ""), decision=decision)
        except (Changed, Topic.DoesNotExist):
            messages.error(request, "그사이 다른 사람이 이 주제를 고쳤습니다. 지금 내용을 보고 다시 정해 주세요.")
            return after
        request.session[DECIDED] = [*request.session.get(DECIDED, []), [pk, left]][-DECIDED_MOST:]
        messages.success(request, f"{pk}번을 {SAID[decision]}.")
        return pk

    def undo(self, request: HttpRequest, after: int) -> int:
        decided = request.session.get(DECIDED, [])
        if not decided:
            return after
        *request.session[DECIDED], (pk, version) = decided
        take_back(pk, version=version)
        messages.success(request, f"{pk}번을 다시 초안으로 돌렸습니다.")
        return pk - 1

    def response_change(self, request: HttpRequest, topic: Topic) -> HttpResponse:
        """Who came from the queue goes back to it."""
        if "review" in request.GET and "_continue" not in request.POST:
            return HttpResponseRedirect(f"{reverse('admin:topics_topic_review')}?after={topic.pk - 1}")
        return super().response_change(request, topic)  # type: ignore[misc]
