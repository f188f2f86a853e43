"""What a model was asked to write, for staff: what came of it, what it cost, and whether details may enter."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from tokpik.console import ModelAdmin, ReadOnly, TabularInline
from topics.generation.publishing import discard, let_in
from topics.generation.report import spending
from topics.models import GeneratedItem, GenerationRequest, ModelCall

DAYS = 14


class GeneratedItemInline(ReadOnly, TabularInline):
    model = GeneratedItem
    fields = ["title", "text", "outcome", "reason", "similarity", "nearest", "topic"]
    extra = 0


class ModelCallInline(ReadOnly, TabularInline):
    model = ModelCall
    fields = ["began_at", "outcome", "prompt", "model", "input_tokens", "output_tokens", "cost", "latency_ms"]
    extra = 0


@admin.register(GenerationRequest)
class GenerationRequestAdmin(ReadOnly, ModelAdmin):
    """To be looked at; who may change requests decides on details that wait. Drafts are decided on as topics."""

    icon = "edit_note"
    list_display = ["created_at", "why", "status", "from_lists", "user", "topic", "tries", "finished_at"]
    list_filter = ["why", "status", "from_lists", "created_at"]
    list_select_related = ["user", "topic"]
    fields = [
        "why", "status", "user", "search", "from_lists", "topic", "topic_tag", "place_tag", "wanted",
        "created_at", "finished_at", "tries",
    ]  # fmt: skip
    inlines = [GeneratedItemInline, ModelCallInline]
    ordering = ["-pk"]
    actions = ["put_in", "throw_away"]

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
    list_display = ["began_at", "why", "outcome", "model", "input_tokens", "output_tokens", "cost", "latency_ms"]
    list_filter = ["outcome", "why", "model", "prompt", "day"]
    ordering = ["-pk"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        days = spending(today=timezone.localdate(), days=DAYS)
        return super().changelist_view(request, {**(extra_context or {}), "spending": days, "span": DAYS})
