"""What staff do with many topics at once, after a page that says what will happen."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from unfold.widgets import UnfoldAdminSelectWidget

from topics.curating import TOPICS_MOST, move, outlook, set_status
from topics.models import PlaceTag, Topic, TopicTag

PUBLISH, HIDE, MOVE = "publish", "hide", "move"
TITLES = {PUBLISH: "게시하기", HIDE: "숨기기", MOVE: "다른 태그로 옮기기"}
SAID = {PUBLISH: "게시했습니다", HIDE: "숨겼습니다", MOVE: "옮겼습니다"}


class IdsField(forms.CharField):
    """Ids in one field: there may be more of them than a form may have fields."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        words = (super().to_python(value) or "").split(",")
        if not all(word.isascii() and word.isdigit() and len(word) < 19 for word in words):
            raise forms.ValidationError("주제를 다시 골라 주세요.")
        return [int(word) for word in words]


class BulkForm(forms.Form):
    what = forms.ChoiceField(choices=list(TITLES.items()), widget=forms.HiddenInput)
    topics = IdsField()
    topic_tag = forms.ModelChoiceField(
        TopicTag.objects, label="주제 태그", required=False, empty_label="그대로", widget=UnfoldAdminSelectWidget
    )
    place_tag = forms.ModelChoiceField(
        PlaceTag.objects, label="장소 태그", required=False, empty_label="그대로", widget=UnfoldAdminSelectWidget
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if cleaned.get("what") == MOVE and not (cleaned.get("topic_tag") or cleaned.get("place_tag")):
            raise forms.ValidationError("옮길 태그를 하나 이상 골라 주세요.")
        return cleaned


class BulkChanges:
    """For the topics' ModelAdmin: three actions of its list, and the page that confirms them."""

    actions = ["publish_selected", "hide_selected", "move_selected"]
    admin_site: admin.AdminSite
    opts: Any

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.change_many)
        return [path("bulk/", view, name="topics_topic_bulk"), *super().get_urls()]  # type: ignore[misc]

    @admin.action(description="고른 주제 게시하기", permissions=["change"])
    def publish_selected(self, request: HttpRequest, topics: QuerySet[Topic]) -> HttpResponse | None:
        return self.asked(request, topics, PUBLISH)

    @admin.action(description="고른 주제 숨기기", permissions=["change"])
    def hide_selected(self, request: HttpRequest, topics: QuerySet[Topic]) -> HttpResponse | None:
        return self.asked(request, topics, HIDE)

    @admin.action(description="고른 주제를 다른 태그로 옮기기", permissions=["change"])
    def move_selected(self, request: HttpRequest, topics: QuerySet[Topic]) -> HttpResponse | None:
        return self.asked(request, topics, MOVE)

    def asked(self, request: HttpRequest, topics: QuerySet[Topic], what: str) -> HttpResponse | None:
        ids = list(topics.order_by("pk").values_list("pk", flat=True)[: TOPICS_MOST + 1])
        if len(ids) > TOPICS_MOST:
            messages.error(request, f"한 번에 {TOPICS_MOST:,}개까지 고칠 수 있습니다. 필터로 좁혀 주세요.")
            return None
        joined = ",".join(map(str, ids))
        return self.confirm(request, BulkForm(initial={"what": what, "topics": joined}), what, ids)

    def confirm(self, request: HttpRequest, form: BulkForm, what: str, ids: list[int]) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": f"주제 {len(ids):,}개 {TITLES[what]}",
            "opts": self.opts,
            "form": form,
            "what": what,
            "outlook": outlook(ids),
            "examples": Topic.objects.filter(pk__in=ids).select_related("topic_tag", "place_tag")[:10],
            "more": max(0, len(ids) - 10),
            "query": request.GET.urlencode(),
        }
        return TemplateResponse(request, "admin/topics/topic/bulk.html", context)

    def change_many(self, request: HttpRequest) -> HttpResponse:
        if not self.has_change_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        back = HttpResponseRedirect(f"{reverse('admin:topics_topic_changelist')}?{request.GET.urlencode()}")
        if request.method != "POST":
            return back
        form = BulkForm(request.POST)
        if not form.is_valid():
            if {"what", "topics"} <= form.cleaned_data.keys():
                return self.confirm(request, form, form.cleaned_data["what"], form.cleaned_data["topics"])
            messages.error(request, "주제를 다시 골라 주세요.")
            return back
        changed = carry_out(form.cleaned_data)
        messages.success(request, f"주제 {changed:,}개를 {SAID[form.cleaned_data['what']]}.")
        return back


def carry_out(asked: dict[str, Any]) -> int:
    ids = asked["topics"]
    if asked["what"] == MOVE:
        return move(ids=ids, topic_tag=asked["topic_tag"], place_tag=asked["place_tag"])
    status = Topic.Status.PUBLISHED if asked["what"] == PUBLISH else Topic.Status.HIDDEN
    return set_status(ids=ids, status=status)
