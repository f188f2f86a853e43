"""The pages of tags. The shipped client knows tags by their exact names, so renaming one is asked twice."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import IntegerField, Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from tokpik.console import ModelAdmin
from tokpik.history_pages import HistoryPage
from topics.curating import TOPIC_FIELDS, InUse, delete_tag
from topics.models import PlaceTag, Tag, Topic, TopicTag
from topics.seeding import PLACE_TAGS, TOPIC_TAGS

KNOWN: dict[type[Model], list[str]] = {TopicTag: TOPIC_TAGS, PlaceTag: PLACE_TAGS}
# Beyond it the pages say "or more".
COUNTED_MOST = 10_000


def capped_count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[: COUNTED_MOST + 1].count()


def in_words(count: int) -> str:
    return f"{COUNTED_MOST:,}개 이상" if count > COUNTED_MOST else f"{count:,}개"


class TagForm(forms.ModelForm):
    confirmed = forms.BooleanField(
        label="앱 화면이 깨지는 것을 알고 저장합니다", required=False, widget=UnfoldBooleanSwitchWidget
    )

    class Meta:
        fields = ["content", "position"]
        help_texts = {
            "content": "앱에 그대로 나옵니다. 예: 취미와 여가활동",
            "position": "작은 수가 앞에 나옵니다. 비워 두면 맨 뒤에 섭니다. 예: 3",
        }

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if "content" in cleaned and not cleaned.get("confirmed"):
            self.refuse_what_breaks(cleaned["content"])
        return cleaned

    def refuse_what_breaks(self, name: str) -> None:
        known = KNOWN[type(self.instance)]
        before = self.initial.get("content")
        if before in known and name != before:
            raise forms.ValidationError(
                f"앱은 ‘{before}’라는 이름으로 색과 그림을 고릅니다. 이름을 바꾸면 이 태그의 화면이 깨집니다. "
                "그래도 저장하려면 아래를 켜 주세요."
            )
        if name not in known and name != before:
            raise forms.ValidationError(
                f"앱은 ‘{name}’라는 태그를 모릅니다. 색과 그림이 없어 이 태그의 화면이 깨집니다. "
                "그래도 저장하려면 아래를 켜 주세요."
            )


class ReplacementForm(forms.Form):
    """Where what hangs on a tag goes before the tag is deleted."""

    def __init__(self, tag: Tag, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["by"] = forms.ModelChoiceField(
            type(tag)._default_manager.exclude(pk=tag.pk),
            label="옮길 곳",
            required=False,
            empty_label="고르세요",
            widget=UnfoldAdminSelectWidget,
        )


@admin.register(TopicTag, PlaceTag)
class TagAdmin(HistoryPage, ModelAdmin):
    icon = "sell"
    sidebar_place = 3
    form = TagForm
    list_display = ["content", "position", "topic_count", "known"]
    search_fields = ["content"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        may_save = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return [(None, {"fields": ["content", "position", *(["confirmed"] if may_save else [])]})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        topics = Topic.objects.filter(**{TOPIC_FIELDS[self.model]: OuterRef("pk")}).order_by()
        some = topics.values("pk")[: COUNTED_MOST + 1]
        counted = Subquery(some, output_field=IntegerField())
        counted.template = "(SELECT count(*) FROM (%(subquery)s) AS first)"
        return super().get_queryset(request).annotate(topics_counted=counted)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Tags are deleted one by one, each with a look at what hangs on it."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    @display(description="주제")
    def topic_count(self, tag: Any) -> str:
        return in_words(tag.topics_counted)

    @display(description="앱이 아는 이름", boolean=True)
    def known(self, tag: Tag) -> bool:
        return tag.content in KNOWN[self.model]

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        tag: Any = get_object_or_404(self.model._default_manager, pk=object_id)
        if not self.has_delete_permission(request, tag):
            raise PermissionDenied
        form = ReplacementForm(tag, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                delete_tag(tag=tag, by=form.cleaned_data["by"])
            except InUse as error:
                messages.error(request, str(error))
            else:
                messages.success(request, f"‘{tag}’ 태그를 지웠습니다.")
                return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
        return self.confirm_deletion(request, tag, form)

    def confirm_deletion(self, request: HttpRequest, tag: Any, form: ReplacementForm) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": f"‘{tag}’ 지우기",
            "opts": self.opts,
            "object": tag,
            "form": form,
            "topics": in_words(capped_count(tag.topics.all())),
            # By its name: accounts stand above the catalogue, which imports nothing of them.
            "users": in_words(capped_count(tag.users.all())),
            "in_use": tag.topics.exists() or tag.users.exists(),
            "known": tag.content in KNOWN[self.model],
        }
        return TemplateResponse(request, "admin/topics/tag_delete.html", context)
