"""What topics keep about a user: those that were written for them, and what they were shown within the hour."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from tokpik.export import ROWS, Section
from tokpik.fields import StrictInteger, StrictList, Text, Timestamp
from topics import recent
from topics.models import AGE_MOST, Topic

if TYPE_CHECKING:
    from accounts.models import User

WORDS_MOST = 50


class WrittenDetail(serializers.Serializer[Any]):
    itemTitle = Text(source="title", example="처음 만난 날의 첫인상 맞히기")
    itemContent = Text(source="content", example="“저 처음 봤을 때 어떤 사람 같았어요?”")


class WrittenTopic(serializers.Serializer[Any]):
    topicId = StrictInteger(source="pk", example=1)
    title = Text(example="집 데이트에서 들킨 나의 진짜 취향")
    subtitle = Text(example="냉장고와 책장이 먼저 말해 버린 것들")
    topicTag = Text(source="topic_tag.content", example="사랑과 연애")
    placeTag = Text(source="place_tag.content", example="집")
    talkSituation = Text(source="situation.text", example="첫만남")
    talkPurposes = StrictList(source="purposes", child=Text(example="소개팅"), max_length=WORDS_MOST)
    talkMoods = StrictList(source="moods", child=Text(example="편안한"), max_length=WORDS_MOST)
    talkPartnerGender = Text(source="partner_gender", example="female", allow_null=True)
    talkPartnerAgeLowerBound = StrictInteger(
        source="partner_age_lower", least=0, most=AGE_MOST, allow_null=True, example=20
    )
    talkPartnerAgeUpperBound = StrictInteger(
        source="partner_age_upper", least=0, most=AGE_MOST, allow_null=True, example=29
    )
    status = Text(example="draft", help_text="draft, published 또는 hidden")
    createdAt = Timestamp(source="created_at", example="2027-03-14T09:00:00+09:00")
    details = WrittenDetail(source="details.all", many=True)


class ShownTopic(serializers.Serializer[Any]):
    topicId = StrictInteger(example=1)
    shownAt = Timestamp(example="2027-03-14T09:00:00+09:00")


def sections() -> list[Section]:
    return [Section("writtenTopics", WrittenTopic, written), Section("shownTopics", ShownTopic, shown)]


def written(user: "User") -> Iterator[Topic]:
    topics = Topic.objects.filter(made_for=user).select_related("topic_tag", "place_tag", "situation")
    return topics.prefetch_related("details").order_by("pk").iterator(ROWS)


def shown(user: "User") -> Iterator[dict[str, Any]]:
    for topic_id, moment in recent.shown_to(user.pk):
        yield {"topicId": topic_id, "shownAt": moment}
