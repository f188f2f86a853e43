"""What accounts keep about a user: the profile, interests, logins and their tokens, of which no secret is shown."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from rest_framework import serializers
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import Session, User
from accounts.serializers import InterestAnswer
from tokpik.errors import SessionRevoked
from tokpik.export import ROWS, Section
from tokpik.fields import BIGGEST_ID, StrictBoolean, StrictDate, StrictInteger, Text, Timestamp, Uuid

MOMENT = "2027-03-14T09:00:00+09:00"


class Account(serializers.Serializer[Any]):
    userId = StrictInteger(source="pk", example=1)
    kakaoId = StrictInteger(source="kakao_id", least=-BIGGEST_ID, allow_null=True, example=4815162342)
    email = Text(example="jieun@example.com", help_text="없으면 빈 문자열")
    profilePhotoUrl = Text(source="photo_url", example="https://example.com/p.jpg", help_text="없으면 빈 문자열")
    birth = StrictDate(allow_null=True, example="1996-03-14")
    gender = Text(allow_null=True, example="female", help_text="male 또는 female")
    joinedAt = Timestamp(source="joined_at", example=MOMENT)
    consentedAt = Timestamp(source="consented_at", allow_null=True, example=MOMENT)


class Login(serializers.Serializer[Any]):
    sessionId = Uuid(source="pk", example="0b7f6f3e-3f43-4c62-9d6f-0e6d1c7a2b11")
    device = Text(example="iPhone · Safari")
    createdAt = Timestamp(source="created_at", example=MOMENT)
    lastUsedAt = Timestamp(source="last_used_at", example=MOMENT)
    endedAt = Timestamp(source="revoked_at", allow_null=True, example=MOMENT)
    endedWhy = Text(source="get_revoked_why_display", example="로그아웃", help_text="끝나지 않았으면 빈 문자열")
    notificationToken = Text(source="push_target", example="dGVzdDpwdXNo", help_text="없으면 빈 문자열")


class Token(serializers.Serializer[Any]):
    """When, and no more: whoever has the export is not signed in by it."""

    createdAt = Timestamp(source="created_at", example=MOMENT)
    expiresAt = Timestamp(source="expires_at", example=MOMENT)
    used = StrictBoolean(source="is_used", example=True, help_text="다음 토큰으로 바뀌었는지")


def sections() -> list[Section]:
    return [
        Section("account", Account, account),
        Section("topicTags", InterestAnswer, lambda user: user.topic_tags.all()),
        Section("placeTags", InterestAnswer, lambda user: user.place_tags.all()),
        Section("sessions", Login, lambda user: Session.objects.filter(user=user).order_by("created_at", "pk")),
        Section("refreshTokens", Token, tokens),
    ]


def account(user: User) -> QuerySet[User]:
    """One row. Raises `SessionRevoked` when the user has just gone."""
    found = User.objects.filter(pk=user.pk)
    if not found:
        raise SessionRevoked
    return found


def tokens(user: User) -> Iterator[OutstandingToken]:
    used = Exists(BlacklistedToken.objects.filter(token=OuterRef("pk")))
    return OutstandingToken.objects.filter(user=user).annotate(is_used=used).order_by("pk").iterator(ROWS)
