"""What a model was asked to write, for staff: what came of it, what it cost, and whether details may enter."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tokpik.console import DaysFilter, ModelAdmin, ReadOnly, ReadOnlyTable, without_people
from topics.generation.publishing import discard, let_in
from topics.generation.report import spending
from topics.models import GeneratedItem, GenerationRequest, ModelCall, PlaceTag, TopicTag

DAYS = 14
Why = GenerationRequest.Why
# What was asked for, by why; the record's other columns are empty.
ASKED = {
    Why.SEARCH: ["conditions", "from_lists", "user"],
    Why.DETAILS: ["topic", "user"],
    Why.BULK: ["topic_tag", "place_tag", "wanted"],
}
CONDITIONS = {"purposes": "목적", "situations": "상황", "moods": "분위기"}


def in_words(search: dict[str, Any]) -> str:
    """The conditions of a search: `목적 친목 / 상황 첫만남, 친구 / 20–29세`."""
    words = [f"{name} {', '.join(search[key])}" for key, name in CONDITIONS.items() if search.get(key)]
    words += ["남성"] if search.get("men") else []
    words += ["{}–{}세".format(*search["ages"])] if search.get("ages") else []
    return " / ".join(words) or "조건 없이"


class GeneratedItemInline(ReadOnlyTable):
    model = GeneratedItem
    fields = ["title", "text", "outcome", "reason", "similarity", "nearest", "topic"]


class ModelCallInline(ReadOnlyTable):
    model = ModelCall
    fields = ["began_at", "outcome", "prompt", "model", "input_tokens", "output_tokens", "cost", "latency_ms"]


@admin.register(GenerationRequest)
class GenerationRequestAdmin(ReadOnly, ModelAdmin):
    """To be looked at; who may change requests decides on details that wait."""

    icon = "edit_note"
    sidebar_place = 5
    list_display = ["created_at", "why", "asked", "status", "user", "tries", "finished_at"]
    list_filter = ["why", "status", "from_lists", ("created_at", DaysFilter)]
    list_filter_submit = True
    list_select_related = ["user", "topic", "topic_tag", "place_tag"]
    inlines = [GeneratedItemInline, ModelCallInline]
    ordering = ["-pk"]
    actions = ["put_in", "throw_away"]

    def get_list_display(self, request: HttpRequest) -> Any:
        return without_people(request, super().get_list_display(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        asked = ASKED[obj.why] if obj else []
        return [
            ("요청", {"fields": ["why", *without_people(request, asked), "created_at"]}),
            ("경과", {"fields": ["status", "tries", "finished_at"]}),
        ]

    @admin.display(description="부탁한 것")
    def asked(self, record: GenerationRequest) -> str:
        if record.why == Why.DETAILS:
            return str(record.topic)
        if record.why == Why.BULK:
            return f"{record.topic_tag} · {record.place_tag} · {record.wanted}개"
        return "관심사로" if "topic_tags" in record.search else in_words(record.search)

    @admin.display(description="검색 조건")
    def conditions(self, record: GenerationRequest) -> str:
        if "topic_tags" not in record.search:
            return in_words(record.search)
        tags = [
            *TopicTag.objects.filter(pk__in=record.search["topic_tags"]),
            *PlaceTag.objects.filter(pk__in=record.search["place_tags"]),
        ]
        return f"관심사: {', '.join(map(str, tags)) or '고르지 않음'}"

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("topics.change_generationrequest")

    @admin.action(description="기다리는 상세를 카탈로그에 싣기", permissions=["decide"])
    def put_in(self, request: HttpRequest, chosen: QuerySet[GenerationRequest]) -> None:
        self.decide(request, chosen, let_in, "실었습니다")

    @admin.action(description="기다리는 상세를 버리기", permissions=["decide"])
    def throw_away(self, request: HttpRequest, chosen: QuerySet[GenerationRequest]) -> None:
        self.decide(request, chosen, discard, "버렸습니다")

    def decide(self, request: HttpRequest, chosen: QuerySet[GenerationRequest], act: Any, done: str) -> None:
        with transaction.atomic():
            waiting = GenerationRequest.objects.filter(
                pk__in=chosen.values("pk"), status=GenerationRequest.Status.WAITING
            ).select_for_update(of=("self",))
            decided = list(waiting.order_by("pk"))
            for each in decided:
                act(each)
        messages.success(request, f"기다리던 상세 {len(decided)}건을 {done}.")


@admin.register(ModelCall)
class ModelCallAdmin(ReadOnly, ModelAdmin):
    icon = "payments"
    sidebar_place = 6
    list_display = ["began_at", "why", "outcome", "model", "input_tokens", "output_tokens", "cost", "latency_ms"]
    list_filter = ["outcome", "why", "model", "prompt", "day"]
    ordering = ["-pk"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        asked = ["why", "request", "user", "began_at", "day"]
        if not request.user.has_perm("topics.view_generationrequest"):
            asked.remove("request")
        return [
            ("호출", {"fields": without_people(request, asked)}),
            ("모델", {"fields": ["model", "prompt"]}),
            ("결과", {"fields": ["outcome", "latency_ms", ("input_tokens", "output_tokens", "cost")]}),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        days = spending(today=timezone.localdate(), days=DAYS)
        return super().changelist_view(request, {**(extra_context or {}), "spending": days, "span": DAYS})
