"""Bodies and answers of the topic calls; fields are named as the client sees them."""

from typing import Any

from rest_framework import serializers

from tokpik.fields import StrictBoolean, StrictInteger, StrictList, StrictText, Text
from topics.models import AGE_MOST
from topics.search import Search

VALUES_MOST = 50
VALUE_LETTERS = 50


def values(example: str, help_text: str) -> StrictList:
    child = StrictText(max_length=VALUE_LETTERS, example=example)
    return StrictList(child=child, max_length=VALUES_MOST, required=False, help_text=help_text)


def age(help_text: str) -> StrictInteger:
    return StrictInteger(least=0, most=AGE_MOST, required=False, allow_null=True, example=20, help_text=help_text)


class SearchBody(serializers.Serializer[Any]):
    includeFilterCondition = StrictBoolean(example=True, help_text="아래 조건으로 고를지; false면 관심사로 고릅니다")
    talkPurposes = values("친목", "목적, 하나라도 맞으면 됩니다")
    talkSituations = values("1 : 1", "상황, 하나라도 맞으면 됩니다")
    talkMoods = values("편안한", "분위기, 하나라도 맞으면 됩니다")
    talkPartnerGender = StrictBoolean(
        required=False, allow_null=True, example=True, help_text="true면 남성이나 누구에게나 맞는 주제만"
    )
    talkPartnerAgeLowerBound = age("상대 나이 하한; 이것만 있으면 바로 그 나이")
    talkPartnerAgeUpperBound = age("상대 나이 상한; 이것만 있으면 그 나이까지")

    def validate(self, body: dict[str, Any]) -> dict[str, Any]:
        lower, upper = body.get("talkPartnerAgeLowerBound"), body.get("talkPartnerAgeUpperBound")
        if lower is not None and upper is not None and lower > upper:
            raise serializers.ValidationError({"talkPartnerAgeUpperBound": "나이 하한보다 작을 수 없습니다."})
        return body


def as_search(body: dict[str, Any]) -> Search:
    """What a validated `SearchBody` asks for."""
    if not body["includeFilterCondition"]:
        return Search(filtered=False)
    lower, upper = body.get("talkPartnerAgeLowerBound"), body.get("talkPartnerAgeUpperBound")
    ages = None
    if upper is not None:
        ages = (lower or 0, upper)
    elif lower is not None:
        ages = (lower, lower)
    return Search(
        filtered=True,
        purposes=tuple(body.get("talkPurposes", ())),
        situations=tuple(body.get("talkSituations", ())),
        moods=tuple(body.get("talkMoods", ())),
        men=body.get("talkPartnerGender") is True,
        ages=ages,
    )


class CardAnswer(serializers.Serializer[Any]):
    topicId = StrictInteger(source="pk", example=1)
    title = Text(example="집 데이트에서 들킨 나의 진짜 취향")
    subtitle = Text(example="냉장고와 책장이 먼저 말해 버린 것들")
    topicTag = Text(source="topic_tag.content", example="사랑과 연애")
    placeTag = Text(source="place_tag.content", example="집")
    scraped = StrictBoolean(example=False, help_text="내 스크랩에 있는지")


class CardsAnswer(serializers.Serializer[Any]):
    topics = CardAnswer(many=True)


class DetailAnswer(serializers.Serializer[Any]):
    itemTitle = Text(source="title", example="냉장고 문을 열면 보이는 것")
    itemContent = Text(source="content", example="“냉장고에서 절대 떨어지지 않는 음식이 뭐예요?”")


class DetailsAnswer(serializers.Serializer[Any]):
    details = DetailAnswer(many=True)
    scraped = StrictBoolean(example=False, help_text="내 스크랩에 있는지")


class RelatedTopicAnswer(serializers.Serializer[Any]):
    topicId = StrictInteger(source="pk", example=2)
    type = Text(source="topic_tag.content", example="사랑과 연애")
    title = Text(example="집 데이트에서 들킨 나의 진짜 취향")
    scraped = StrictBoolean(example=False, help_text="내 스크랩에 있는지")


class RelatedAnswer(serializers.Serializer[Any]):
    talkTopics = RelatedTopicAnswer(many=True)


class TopicTagAnswer(serializers.Serializer[Any]):
    topicTagId = StrictInteger(source="pk", example=1)
    content = Text(example="사랑과 연애")


class TopicTagsAnswer(serializers.Serializer[Any]):
    topicTags = TopicTagAnswer(many=True)


class PlaceTagAnswer(serializers.Serializer[Any]):
    placeTagId = StrictInteger(source="pk", example=1)
    content = Text(example="집")


class PlaceTagsAnswer(serializers.Serializer[Any]):
    placeTags = PlaceTagAnswer(many=True)
