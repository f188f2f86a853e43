"""Bodies and answers of the scrap calls; fields are named as the client sees them."""

from typing import Any

from rest_framework import serializers

from tokpik.cursors import PageAnswer
from tokpik.fields import StrictBoolean, StrictInteger, StrictText, Text

NAME_LETTERS = 100


class ScrapNameBody(serializers.Serializer[Any]):
    scrapName = StrictText(max_length=NAME_LETTERS, example="소개팅 필승 주제")


class ScrapTitleBody(serializers.Serializer[Any]):
    scrapTitle = StrictText(max_length=NAME_LETTERS, example="팀 회식 주제")


class CreatedScrapAnswer(serializers.Serializer[Any]):
    scrapId = StrictInteger(source="pk", example=7)


class TopicTypeAnswer(serializers.Serializer[Any]):
    topicTypeId = StrictInteger(source="topic.topic_tag_id", example=1)
    topicTypeContent = Text(source="topic.topic_tag.content", example="사랑과 연애")


class ScrapAnswer(serializers.Serializer[Any]):
    scrapId = StrictInteger(source="pk", example=7)
    scrapName = Text(source="name", example="소개팅 필승 주제")
    recentTopicTypes = TopicTypeAnswer(source="shown_entries", many=True, help_text="담은 주제마다 하나, 최근 것부터")


class ScrapsAnswer(serializers.Serializer[Any]):
    scraps = ScrapAnswer(many=True)


class CountAnswer(serializers.Serializer[Any]):
    count = StrictInteger(least=0, example=3)


class EntryAnswer(serializers.Serializer[Any]):
    scrapTopicId = StrictInteger(source="pk", example=42)
    topicId = StrictInteger(source="topic_id", example=1)
    topicTitle = Text(source="topic.title", example="집 데이트에서 들킨 나의 진짜 취향")
    topicType = Text(source="topic.topic_tag.content", example="사랑과 연애")
    scraped = StrictBoolean(source="is_scraped", example=True, help_text="늘 true")


class EntriesAnswer(PageAnswer):
    contents = EntryAnswer(many=True)
