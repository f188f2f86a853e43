"""Bodies and answers of the account calls; fields are named as the client sees them."""

from datetime import date
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from accounts.models import EARLIEST_BIRTH, YOUNGEST
from tokpik.fields import (
    AnyText,
    StrictBoolean,
    StrictDate,
    StrictInteger,
    StrictList,
    StrictText,
    Text,
    TextOrNull,
    Timestamp,
    Uuid,
)

TAGS_MOST = 50


class LoginBody(serializers.Serializer[Any]):
    code = StrictText(max_length=1000, example="Qm9vdHN0cmFwIGNvZGU", help_text="카카오 인가 코드")


class RefreshBody(serializers.Serializer[Any]):
    refreshToken = StrictText(max_length=4096, example="eyJhbGciOiJIUzI1NiJ9.e30.c2ln", help_text="갱신 토큰")


class LogoutBody(serializers.Serializer[Any]):
    refreshToken = AnyText(required=False, example="eyJhbGciOiJIUzI1NiJ9.e30.c2ln", help_text="없으면 접근 토큰")


class PushTargetBody(serializers.Serializer[Any]):
    notificationToken = StrictText(max_length=4096, example="dGVzdDpwdXNo", help_text="FCM 등록 토큰")


class IsCurrent(StrictBoolean):
    def to_representation(self, value: Any) -> bool:
        return bool(value == self.context["current"])


class SessionAnswer(serializers.Serializer[Any]):
    sessionId = Uuid(source="pk", example="0b7f6f3e-3f43-4c62-9d6f-0e6d1c7a2b11")
    device = Text(example="iPhone · Safari")
    createdAt = Timestamp(source="created_at", example="2025-03-14T09:00:00+09:00")
    lastUsedAt = Timestamp(source="last_used_at", example="2025-03-14T09:00:00+09:00", help_text="로그인이나 갱신")
    current = IsCurrent(source="pk", example=True, help_text="이 요청의 세션인지")


class SessionsAnswer(serializers.Serializer[Any]):
    sessions = SessionAnswer(many=True)


class TokenPair(serializers.Serializer[Any]):
    accessToken = Text(example="eyJhbGciOiJIUzI1NiJ9.e30.c2ln", help_text="접근 토큰, 5시간")
    refreshToken = Text(example="eyJhbGciOiJIUzI1NiJ9.e30.c2ln", help_text="갱신 토큰, 3일")


class LoginAnswer(TokenPair):
    requiresProfile = StrictBoolean(example=True, help_text="생년월일을 아직 입력하지 않았는지")
    data = TokenPair(help_text="같은 토큰 쌍")  # type: ignore[assignment]


def age_on(today: date, birth: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def tag_ids(**kwargs: Any) -> StrictList:
    child = StrictInteger(example=1)
    return StrictList(child=child, max_length=TAGS_MOST, unique=True, **kwargs)


class ProfileBody(serializers.Serializer[Any]):
    birth = StrictDate(example="1996-03-14", help_text=f"생년월일, 만 {YOUNGEST}세 이상")
    gender = StrictBoolean(example=True, help_text="true 남성, false 여성")
    placeTagIds = tag_ids(required=False, help_text="관심 장소; 없거나 비면 그대로")
    topicTagIds = tag_ids(required=False, help_text="관심 주제; 없거나 비면 그대로")

    def validate_birth(self, birth: date) -> date:
        today = timezone.localdate()
        if birth > today:
            raise serializers.ValidationError("앞으로 올 날짜는 쓸 수 없습니다.")
        if birth < EARLIEST_BIRTH:
            raise serializers.ValidationError(f"{EARLIEST_BIRTH.year}년 이후의 날짜여야 합니다.")
        if age_on(today, birth) < YOUNGEST:
            raise serializers.ValidationError(f"만 {YOUNGEST}세 이상만 이용할 수 있습니다.")
        return birth


class ProfileAnswer(serializers.Serializer[Any]):
    maskedEmail = Text(source="masked_email", example="t*****@example.com", help_text="가린 이메일, 없으면 빈 문자열")
    profilePhotoUrl = Text(source="photo_url", example="https://example.com/p.jpg", help_text="없으면 빈 문자열")


class TopicTagsBody(serializers.Serializer[Any]):
    topicTagIds = tag_ids(allow_empty=False, help_text="관심 주제")


class PlaceTagsBody(serializers.Serializer[Any]):
    placeTagIds = tag_ids(allow_empty=False, help_text="관심 장소")


class InterestAnswer(serializers.Serializer[Any]):
    id = StrictInteger(source="pk", example=1)
    content = Text(example="사랑과 연애")


class TopicInterestsAnswer(serializers.Serializer[Any]):
    userId = StrictInteger(source="pk", example=1)
    talkTopicTags = InterestAnswer(source="topic_tags.all", many=True)


class PlaceInterestsAnswer(serializers.Serializer[Any]):
    userId = StrictInteger(source="pk", example=1)
    placeTopicTags = InterestAnswer(source="place_tags.all", many=True)


class TermSectionAnswer(serializers.Serializer[Any]):
    mainCategory = Text(source="main_category", example="1")
    subCategory = Text(source="sub_category", example="1")
    contentTitle = TextOrNull(source="title", example="목적", help_text="앞 항에 이어지면 null")
    content = Text(example="이 약관은 톡픽의 이용 조건을 정합니다.")


class TermAnswer(serializers.Serializer[Any]):
    title = Text(example="톡픽 이용약관")
    sections = TermSectionAnswer(source="sections.all", many=True)


class PolicyAnswer(serializers.Serializer[Any]):
    title = Text(example="1. 수집하는 개인정보와 이용 목적")
    content = Text(example="톡픽은 다음의 개인정보를 처리합니다.")
