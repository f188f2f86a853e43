"""What is kept about a user whose searches a model was asked to write for: 30 days (topics/cleanup.py)."""

from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet
from rest_framework import serializers

from tokpik.export import ROWS, Section
from tokpik.fields import Strict, StrictDate, StrictInteger, Text, Timestamp
from topics.models import CallBudget, GenerationRequest, ModelCall

if TYPE_CHECKING:
    from accounts.models import User

MOMENT = "2027-03-14T09:00:00+09:00"


class Conditions(Strict):
    """A search as it was kept (`topics.generation.wishes`)."""

    schema = {"type": "object"}


class GeneratedText(serializers.Serializer[Any]):
    title = Text(example="집 데이트에서 들킨 나의 진짜 취향")
    text = Text(example="냉장고와 책장이 먼저 말해 버린 것들")
    outcome = Text(example="kept", help_text="kept, duplicate 또는 unfit")


class Request(serializers.Serializer[Any]):
    why = Text(example="search", help_text="search 또는 details")
    status = Text(example="done")
    search = Conditions(example={"purposes": ["소개팅"]}, help_text="보낸 검색 조건, 직접 쓴 말까지")
    topicId = StrictInteger(source="topic_id", allow_null=True, example=1, help_text="상세를 기다린 주제")
    createdAt = Timestamp(source="created_at", example=MOMENT)
    finishedAt = Timestamp(source="finished_at", allow_null=True, example=MOMENT)
    written = GeneratedText(source="items.all", many=True)


class Call(serializers.Serializer[Any]):
    why = Text(example="search")
    model = Text(example="gpt-4.1-mini")
    outcome = Text(example="written")
    beganAt = Timestamp(source="began_at", example=MOMENT)


class Day(serializers.Serializer[Any]):
    day = StrictDate(example="2027-03-14")
    calls = StrictInteger(least=0, example=3)


def sections() -> list[Section]:
    return [
        Section("generationRequests", Request, requests),
        Section("modelCalls", Call, lambda user: ModelCall.objects.filter(user=user).order_by("pk").iterator(ROWS)),
        Section("modelCallsByDay", Day, lambda user: CallBudget.objects.filter(user=user).order_by("day")),
    ]


def requests(user: "User") -> QuerySet[GenerationRequest]:
    """Those of this user, and those of details that this user has waited for."""
    concerned = GenerationRequest.objects.filter(Q(user=user) | Q(readers=user)).distinct()
    return concerned.prefetch_related("items").order_by("pk")
