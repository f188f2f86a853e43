"""The pages of topics: a list by which a curator decides, and one topic with its details, preview and history."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeNumericFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display
from unfold.views import ChangeList as ThemedChangeList

from tokpik.console import COUNTED_MOST, DaysFilter, ModelAdmin, StackedInline, estimate, without_people
from topics.bulk_admin import BulkChanges
from topics.duplicates import similar_to, twins_of, with_a_twin
from topics.exchange_admin import TopicExchange
from topics.history_admin import TopicHistory, newest_edit
from topics.models import Situation, Topic, TopicDetail
from topics.review_admin import ReviewQueue, waiting_for
from topics.topic_forms import TopicForm, TopicRowForm


class TopicList(ThemedChangeList):
    """Brings what a curator decides by for the page's rows alone, in one statement each."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        # The rows stay those of the query set, which the form set reads too.
        topics = {topic.pk: topic for topic in self.result_list}
        rows = Topic.objects.filter(pk__in=topics).order_by()
        counts = rows.values_list("pk", count_of("scrap_entries"), count_of("details"))
        twins, compared = twins_of(topics)
        for pk, scraps, details in counts:
            topic = topics[pk]
            topic.scraps, topic.detail_count = scraps, details
            topic.twin, topic.compared = twins.get(pk), compared


def count_of(name: str) -> Subquery:
    """How many rows hang on a topic by this name."""
    counted = Topic.objects.filter(pk=OuterRef("pk")).order_by().values("pk").annotate(number=Count(name))
    return Subquery(counted.values("number"))


class YesNoFilter(admin.SimpleListFilter):
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "있음"), ("no", "없음")]

    def queryset(self, request: HttpRequest, topics: QuerySet[Topic]) -> QuerySet[Topic]:
        if self.value() not in ("yes", "no"):
            return topics
        return self.narrowed(topics, self.value() == "yes")

    def narrowed(self, topics: QuerySet[Topic], wanted: bool) -> QuerySet[Topic]:
        raise NotImplementedError


class DetailsFilter(YesNoFilter):
    title, parameter_name = "상세", "has_details"

    def narrowed(self, topics: QuerySet[Topic], wanted: bool) -> QuerySet[Topic]:
        details = Exists(TopicDetail.objects.filter(topic=OuterRef("pk")))
        return topics.filter(details if wanted else ~details)


class TwinFilter(YesNoFilter):
    title, parameter_name = "같은 제목", "has_twin"

    def narrowed(self, topics: QuerySet[Topic], wanted: bool) -> QuerySet[Topic]:
        twins = with_a_twin(topics)
        return twins if wanted else topics.exclude(pk__in=twins.order_by().values("pk"))


class TopicDetailInline(StackedInline):
    model = TopicDetail
    extra = 0
    ordering_field = "position"
    hide_ordering_field = True
    show_change_link = False
    verbose_name_plural = "상세 (끌어서 순서를 바꿉니다. 앱에는 앞의 다섯 개가 나옵니다)"

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return len(waiting_for(request, obj))


@admin.register(Topic)
class TopicAdmin(TopicExchange, BulkChanges, TopicHistory, ReviewQueue, ModelAdmin):
    icon = "forum"
    sidebar_place = 1
    links = [("검토", "rate_review", "admin:topics_topic_review")]
    form = TopicForm
    list_display = [
        "number",
        "title",
        "tags",
        "status",
        "shown_source",
        "partner",
        "scrap_count",
        "has_details",
        "twin_warning",
    ]
    list_display_links = ["number"]
    list_editable = ["title", "status"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("topic_tag", RelatedDropdownFilter),
        ("place_tag", RelatedDropdownFilter),
        ("source", ChoicesDropdownFilter),
        ("situation", AutocompleteSelectFilter),
        ("partner_age_lower", RangeNumericFilter),
        ("partner_age_upper", RangeNumericFilter),
        ("created_at", DaysFilter),
        DetailsFilter,
        TwinFilter,
    ]
    list_filter_submit = True
    list_select_related = ["topic_tag", "place_tag"]
    # Every one of them is answered from an index, at a million topics too.
    sortable_by = ["number"]
    list_fullwidth = True
    search_fields = ["title"]
    search_help_text = "제목과 부제에서 찾습니다. 띄어쓰기는 달라도 됩니다. 번호로도 찾습니다."
    autocomplete_fields = ["situation"]
    inlines = [TopicDetailInline]
    readonly_fields = ["source", "made_for", "scrap_entries_now", "created_at", "updated_at"]
    change_form_template = "admin/topics/topic/change_form.html"
    fieldsets = [
        (None, {"fields": ["title", "subtitle", ("topic_tag", "place_tag"), "status", "version"]}),
        (
            "어울리는 자리와 상대",
            {
                "fields": [
                    "situation",
                    ("purposes", "moods"),
                    ("partner_gender", "partner_age_lower", "partner_age_upper"),
                ]
            },
        ),
    ]
    record = ["source", "made_for", "scrap_entries_now"], ["created_at", "updated_at"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        record = [tuple(without_people(request, line)) for line in self.record]
        (_, texts), fits = self.fieldsets
        if not self.has_change_permission(request, obj):
            texts = {"fields": [name for name in texts["fields"] if name != "version"]}
        return [(None, texts), fits, ("기록", {"fields": record})]

    def get_list_filter(self, request: HttpRequest) -> Sequence[Any]:
        """Twins are looked for in the whole catalogue, so only while it is small."""
        small = estimate(Topic.objects.all()) <= COUNTED_MOST
        return [found for found in self.list_filter if found is not TwinFilter or small]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TopicList

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, form=TopicRowForm, **kwargs)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Topic], bool]:
        term = search_term.strip()
        if term.isascii() and term.isdigit() and len(term) < 19:
            return queryset.filter(pk=int(term)), False
        return queryset.search(term), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # Rows that are looked at before they are written are held until they are.
        with transaction.atomic():
            return super().changelist_view(request, extra_context)

    def save_model(self, request: HttpRequest, topic: Topic, form: Any, change: bool) -> None:
        if isinstance(form, TopicRowForm):
            topic.save(update_fields=[*form.changed_data, "updated_at"])
        else:
            topic.save()

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        topic, form = context.get("original"), context["adminform"].form
        if topic:
            context["twins"] = similar_to(topic)
        if getattr(form, "conflict", None) is not None:
            context["conflict"] = form.conflict
            context["details_now"] = list(TopicDetail.objects.filter(topic=topic))
            context["details_yours"] = [
                {name: row[name].value() for name in ("title", "content")}
                for formset in context["inline_admin_formsets"]
                for row in formset.formset.initial_forms + formset.formset.extra_forms
            ]
            context["changed_by"] = newest_edit(topic)
        return super().render_change_form(request, context, *args, **kwargs)

    # A topic in somebody's folder is hidden, not deleted.

    def has_delete_permission(self, request: HttpRequest, obj: Topic | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj and obj.scrap_entries.exists())

    def get_deleted_objects(self, objs: Sequence[Topic] | QuerySet[Topic], request: HttpRequest) -> Any:
        topics = Topic.objects.filter(pk__in=[topic.pk for topic in objs])
        if request.method == "POST":
            # Nobody puts one into a folder between this look and the deletion.
            list(topics.order_by("pk").select_for_update().values_list("pk", flat=True))
        to_delete, counts, missing, protected = super().get_deleted_objects(objs, request)
        scraped = topics.filter(scrap_entries__isnull=False).distinct()
        reasons = [f"{topic} (폴더에 담겨 있어 숨길 수만 있습니다)" for topic in scraped]
        # Such a topic's deletion is refused by has_delete_permission too, but not for want of a permission.
        return to_delete, counts, set() if reasons else missing, [*protected, *reasons]

    @display(description="번호", ordering="pk")
    def number(self, topic: Topic) -> int:
        return topic.pk

    @display(description="태그")
    def tags(self, topic: Topic) -> str:
        return f"{topic.topic_tag} · {topic.place_tag}"

    @display(description="출처", label={"직접 작성": "info", "AI 작성": "warning"})
    def shown_source(self, topic: Topic) -> str:
        return topic.get_source_display()

    @display(description="상대")
    def partner(self, topic: Topic) -> str:
        return topic.partner

    @display(description="스크랩")
    def scrap_count(self, topic: Any) -> int:
        return int(topic.scraps)

    @display(description="상세", boolean=True)
    def has_details(self, topic: Any) -> bool:
        return bool(topic.detail_count)

    @display(description="비슷한 제목")
    def twin_warning(self, topic: Any) -> str:
        if topic.twin is None:
            return "" if topic.compared else "견주지 못함"
        address = reverse("admin:topics_topic_change", args=[topic.twin.pk])
        words = "같음" if topic.twin.similarity == 1 else f"{topic.twin.similarity:.0%}"
        return format_html('<a class="console-warning" href="{}">{}번과 {}</a>', address, topic.twin.pk, words)

    @display(description="담긴 폴더")
    def scrap_entries_now(self, topic: Topic) -> str:
        return f"{topic.scrap_entries.count()}개" if topic.pk else "–"


@admin.register(Situation)
class SituationAdmin(ModelAdmin):
    icon = "theater_comedy"
    sidebar_place = 4
    search_fields = ["text"]
