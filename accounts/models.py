"""Who someone is: the user, their logins, and the texts they consent to."""

import uuid
from datetime import date, datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from rest_framework_simplejwt.settings import api_settings

from tokpik.history import kept
from tokpik.leases import Leased
from tokpik.text import TrimmedCharField, TrimmedTextField
from topics.models import Gender, PlaceTag, TopicTag

YOUNGEST = 14
EARLIEST_BIRTH = date(1900, 1, 1)


class UserManager(BaseUserManager["User"]):
    def create_staff(self, *, username: str, password: str, **fields: Any) -> "User":
        """Someone who signs in to the console with a password, and never to the API."""
        user = self.model(username=username, is_staff=True, **fields)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with Kakao (`kakao_id`), or one of the staff (`username` and a password).

    Kakao's id is the identity; e-mail and photo are renewed at each login and may be absent. Negative ids are
    made-up people's.
    """

    kakao_id = models.BigIntegerField("카카오 회원번호", unique=True, null=True, blank=True)
    username = models.CharField("직원 아이디", max_length=50, unique=True, null=True, blank=True)
    email = models.CharField("이메일", max_length=254, blank=True)
    photo_url = models.TextField("프로필 사진 주소", blank=True)
    birth = models.DateField("생년월일", null=True, blank=True)
    gender = models.CharField("성별", max_length=6, choices=Gender.choices, null=True, blank=True)  # noqa: DJ001
    topic_tags = models.ManyToManyField(TopicTag, verbose_name="관심 주제", related_name="users", blank=True)
    place_tags = models.ManyToManyField(PlaceTag, verbose_name="관심 장소", related_name="users", blank=True)
    is_active = models.BooleanField("활성", default=True)
    is_staff = models.BooleanField("직원", default=False)
    joined_at = models.DateTimeField("가입한 때", auto_now_add=True)
    consented_at = models.DateTimeField("약관에 동의한 때", null=True, blank=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        verbose_name = verbose_name_plural = "사용자"
        constraints = [
            models.CheckConstraint(
                condition=Q(kakao_id__isnull=False) | Q(username__isnull=False), name="user_has_an_identity"
            )
        ]

    def __str__(self) -> str:
        return self.username or f"사용자 {self.pk}"

    @property
    def requires_profile(self) -> bool:
        return self.birth is None

    @property
    def masked_kakao_id(self) -> str:
        """The last three digits; enough to tell two people in a list apart."""
        digits = str(self.kakao_id or "")
        return "*" * len(digits[:-3]) + digits[-3:]

    @property
    def masked_email(self) -> str:
        """`m***@example.com`: the first letter of the local part, at least one star, the domain; "" without one."""
        if "@" not in self.email:
            return ""
        local, _, domain = self.email.rpartition("@")
        return f"{local[:1] if len(local) > 1 else ''}{'*' * max(1, len(local) - 1)}@{domain}"


class SessionQuerySet(models.QuerySet["Session"]):
    def not_ended(self) -> Self:
        return self.filter(revoked_at=None)

    def living(self, now: datetime) -> Self:
        """Not ended, and good for something: its refresh token is valid, or it holds a push target."""
        refreshable = Q(
            last_used_at__gt=now - api_settings.REFRESH_TOKEN_LIFETIME, created_at__gt=now - settings.SESSION_LIFETIME
        )
        return self.not_ended().filter(refreshable | ~Q(push_target_hash=None))


class Session(models.Model):
    """One login on one device: the `sid` in its tokens, and the family that its refresh tokens form."""

    class Ending(models.TextChoices):
        LOGOUT = "logout", "로그아웃"
        ELSEWHERE = "elsewhere", "다른 기기에서 종료"
        REPLACED = "replaced", "같은 기기에서 다시 로그인"
        SURPLUS = "surplus", "세션이 너무 많음"
        REUSE = "reuse", "사용한 토큰이 다시 옴"
        INACTIVE = "inactive", "비활성 계정"
        STAFF = "staff", "직원이 종료"
        RESTORED = "restored", "백업 복원"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name="사용자", related_name="sessions")
    device = models.CharField("기기", max_length=100, blank=True)
    created_at = models.DateTimeField("로그인한 때")
    last_used_at = models.DateTimeField("마지막 사용")
    revoked_at = models.DateTimeField("종료된 때", null=True, blank=True)
    revoked_why = models.CharField("종료 이유", max_length=10, choices=Ending.choices, blank=True)
    # Where FCM reaches the phone. It is of one session, goes with it, and is longer than an index may be.
    push_target = models.TextField("푸시 주소", blank=True, editable=False)
    push_target_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "세션"
        ordering = ["-last_used_at"]
        indexes = [models.Index(fields=["last_used_at"], name="session_last_used")]

    def __str__(self) -> str:
        return f"{self.device or '알 수 없는 기기'} ({self.created_at:%Y-%m-%d %H:%M})"


class Revocation(models.Model):
    """A session has ended: what the workers read (`accounts.revocations`). Written by triggers, for whatever ends one.

    Beside these the table has `xid`, the transaction that wrote the row. It outlives the session, and says which one
    that was to nobody who does not have its number: `sid` is its mark (`tokens.mark`).
    """

    sid = models.UUIDField()
    at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "세션 종료 기록"

    def __str__(self) -> str:
        return str(self.sid)


class Deletion(models.Model):
    """A user was deleted: told outside of the database by `accounts.journal`. Written by a trigger, for any deletion.

    Number and moment of joining together are of nobody else, also where a restore gives numbers a second time.
    """

    user_id = models.BigIntegerField()
    joined_at = models.DateTimeField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = verbose_name_plural = "계정 삭제 기록"

    def __str__(self) -> str:
        return str(self.user_id)


class Restoration(models.Model):
    """The database was restored from a back-up: tokens that were issued before are refused (`accounts.restoring`)."""

    at = models.DateTimeField()

    class Meta:
        verbose_name = verbose_name_plural = "백업 복원 기록"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class KakaoErrand(Leased):
    """Something to be settled with Kakao in the background (`accounts.unlinking`); the row is the queue."""

    kakao_id = models.BigIntegerField("카카오 회원번호", unique=True)
    created_at = models.DateTimeField("생긴 때", auto_now_add=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"


class KakaoUnlink(KakaoErrand):
    """Kakao is still to be told that this account is gone. Written in the deletion's own transaction."""

    class Meta:
        verbose_name = verbose_name_plural = "카카오 연결 끊기"


class KakaoNotice(KakaoErrand):
    """Kakao says that somebody has unlinked: still to be looked into."""

    class Meta:
        verbose_name = verbose_name_plural = "카카오 연결 끊김 알림"


@kept("title", "position")
class Term(models.Model):
    """Terms of service: a document of numbered sections."""

    title = TrimmedCharField("제목", max_length=100)
    position = models.PositiveSmallIntegerField("순서", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "약관"
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title


@kept("term", "main_category", "sub_category", "title", "content")
class TermSection(models.Model):
    term = models.ForeignKey(Term, models.CASCADE, verbose_name="약관", related_name="sections")
    main_category = models.PositiveSmallIntegerField("장")
    sub_category = models.PositiveSmallIntegerField("항")
    title = TrimmedCharField("제목", max_length=100, blank=True, help_text="앞 항에 이어지는 내용이면 비워 둡니다.")
    content = TrimmedTextField("내용")

    class Meta:
        verbose_name = verbose_name_plural = "약관 조항"
        ordering = ["main_category", "sub_category"]
        constraints = [
            models.UniqueConstraint(fields=["term", "main_category", "sub_category"], name="term_section_once")
        ]

    def __str__(self) -> str:
        return f"{self.main_category}.{self.sub_category} {self.title}"


@kept("title", "content", "position")
class Policy(models.Model):
    """One numbered part of the privacy policy."""

    title = TrimmedCharField("제목", max_length=100)
    content = TrimmedTextField("내용")
    position = models.PositiveSmallIntegerField("순서", default=1)

    class Meta:
        verbose_name = verbose_name_plural = "개인정보 처리방침"
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.title
