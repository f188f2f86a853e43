"""Kakao tells that somebody has unlinked the app (https://developers.kakao.com/docs/latest/ko/kakaologin/callback)."""

from contextlib import suppress
from secrets import compare_digest

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import KakaoNotice
from tokpik.errors import NotAuthenticated
from tokpik.fields import whole_number
from tokpik.openapi import EMPTY, failure
from tokpik.viewsets import OpenViewSet

FORM = "application/x-www-form-urlencoded"
FIELDS = [
    OpenApiParameter("app_id", {"type": "integer", "example": 1234567}, description="카카오 앱의 번호"),
    OpenApiParameter("user_id", {"type": "integer", "example": 3141592653}, description="연결을 끊은 회원의 번호"),
    OpenApiParameter("referrer_type", {"type": "string", "example": "UNLINK_FROM_APPS"}, description="끊은 경로"),
]


class UnlinkWebhook(OpenViewSet):
    """Open to whoever shows the admin key. What it says is only written down: anybody can be named in it, so Kakao
    itself is asked before an account is touched (`accounts.unlinking`). Kakao stops calling after failures, so
    everything is answered alike.
    """

    @extend_schema(
        tags=["계정"],
        summary="카카오 연결 끊김 알림",
        parameters=FIELDS,
        responses={200: EMPTY, 401: failure(NotAuthenticated)},
    )
    def notify(self, request: Request) -> Response:
        if not knows_the_key(request):
            raise NotAuthenticated
        sent = fields(request)
        kakao_id = whole_number(sent.get("user_id", ""))
        ours = not settings.KAKAO_APP_ID or whole_number(sent.get("app_id", "")) == settings.KAKAO_APP_ID
        if kakao_id and ours:
            write_down(kakao_id)
        return Response()


def write_down(kakao_id: int) -> None:
    """A repeat is due at once as well: one that comes while the first is being looked into may say something new."""
    KakaoNotice.objects.bulk_create(
        [KakaoNotice(kakao_id=kakao_id)],
        update_conflicts=True,
        unique_fields=["kakao_id"],
        update_fields=["due_at", "leased_until", "tries"],
    )


def knows_the_key(request: Request) -> bool:
    shown = request.headers.get("Authorization", "").encode("latin-1", "replace")
    return compare_digest(shown, f"KakaoAK {settings.KAKAO_ADMIN_KEY}".encode())


def fields(request: Request) -> QueryDict:
    """From the query, or from a form in the body."""
    sent = request.query_params.copy()
    if (request.content_type or "").split(";")[0].strip().lower() == FORM:
        with suppress(TooManyFieldsSent):
            sent.update(QueryDict(request._request.body))
    return sent
