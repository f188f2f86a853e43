"""One error language: every failure is `{"message": …, "code": …}` (docs/contract.md, Errors).

`Problem` and its subclasses are what views and services raise; `answer` is the REST framework's exception handler;
`body_for_status` words the failures that arise outside of it (unknown URLs, a refused host, a crash).
"""

from math import ceil
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import IntegrityError, InterfaceError, OperationalError
from django.db import InternalError as DatabaseInternalError
from django.http import Http404, UnreadablePostError
from psycopg.errors import ForeignKeyViolation, IdleInTransactionSessionTimeout
from redis.exceptions import RedisError
from rest_framework import exceptions
from rest_framework.response import Response

RETRY_AFTER_SECONDS = 5


class Problem(exceptions.APIException):
    """A failure with a stable code: `status_code`, `default_code` and a Korean `default_detail`."""


class NotAuthenticated(Problem):
    status_code, default_code, default_detail = 401, "not_authenticated", "로그인이 필요합니다."


class TokenInvalid(Problem):
    status_code, default_code, default_detail = 401, "token_invalid", "토큰이 올바르지 않습니다. 다시 로그인해 주세요."


class TokenExpired(Problem):
    status_code, default_code, default_detail = 401, "token_expired", "토큰이 만료되었습니다."


class SessionRevoked(Problem):
    status_code, default_code, default_detail = 401, "session_revoked", "로그아웃된 세션입니다. 다시 로그인해 주세요."


class RefreshReused(Problem):
    status_code, default_code = 401, "refresh_reused"
    default_detail = "이미 사용된 토큰입니다. 안전을 위해 로그아웃했으니 다시 로그인해 주세요."


class KakaoCodeRejected(Problem):
    status_code, default_code = 401, "kakao_code_rejected"
    default_detail = "카카오 인가 코드가 만료되었거나 이미 사용되었습니다. 다시 로그인해 주세요."


class Forbidden(Problem):
    status_code, default_code, default_detail = 403, "forbidden", "이 작업을 할 권한이 없습니다."


class NotFound(Problem):
    status_code, default_code, default_detail = 404, "not_found", "요청하신 것을 찾을 수 없습니다."


class MethodNotAllowed(Problem):
    status_code, default_code, default_detail = 405, "method_not_allowed", "이 주소에서 쓸 수 없는 메서드입니다."


class QuotaReached(Problem):
    status_code, default_code, default_detail = (
        409,
        "quota_reached",
        "더 만들 수 없습니다. 정리한 뒤 다시 시도해 주세요.",
    )


class BodyTooLarge(Problem):
    status_code, default_code, default_detail = 413, "body_too_large", "요청 본문은 1MiB를 넘을 수 없습니다."


class UnsupportedMediaType(Problem):
    status_code, default_code = 415, "unsupported_media_type"
    default_detail = "요청 본문은 application/json이어야 합니다."


class Throttled(Problem):
    status_code, default_code, default_detail = 429, "throttled", "요청이 너무 많습니다. 잠시 뒤 다시 시도해 주세요."

    def __init__(self, wait: float = 1.0) -> None:
        """`wait`: seconds after which another try may succeed."""
        super().__init__()
        self.wait = wait


class UpstreamUnavailable(Problem):
    status_code, default_code = 503, "upstream_unavailable"
    default_detail = "필요한 서비스가 지금 응답하지 않습니다. 잠시 뒤 다시 시도해 주세요."


class InternalError(Problem):
    status_code, default_code, default_detail = 500, "internal_error", "서버에 문제가 생겼습니다."


class ParseError(Problem):
    status_code, default_code, default_detail = 400, "parse_error", "요청 본문이 올바른 JSON이 아닙니다."


class Invalid(Problem):
    """Invalid input: a sentence for each field as sent, or one sentence that belongs to no field."""

    status_code, default_code, default_detail = 400, "invalid", "요청이 올바르지 않습니다."

    def __init__(self, message: dict[str, str] | str | None = None) -> None:
        super().__init__(None if isinstance(message, dict) else message)
        self.fields = message if isinstance(message, dict) else None


BY_STATUS: dict[int, type[Problem]] = {
    400: Invalid,
    401: NotAuthenticated,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    413: BodyTooLarge,
    415: UnsupportedMediaType,
    429: Throttled,
    503: UpstreamUnavailable,
}


def body(problem: Problem) -> dict[str, Any]:
    fields = getattr(problem, "fields", None)
    return {"message": fields or str(problem.detail), "code": problem.default_code}


def body_for_status(status: int) -> dict[str, Any]:
    """What to say of a failure of which only the status is known."""
    return body(BY_STATUS.get(status, InternalError if status >= 500 else Invalid)())


def answer(error: Exception, context: dict[str, Any]) -> Response:
    """The REST framework's exception handler: any exception of a view becomes an answer in our shape."""
    problem = as_problem(error)
    if problem.status_code >= 500:
        context["request"]._request.failure = error  # for the request's line in the log (tokpik.requests)
    return Response(body(problem), status=problem.status_code, headers=headers(problem, error))


def headers(problem: Problem, error: Exception) -> dict[str, str]:
    if problem.status_code == 401:
        return {"WWW-Authenticate": "Bearer"}
    wait = getattr(error, "wait", None)
    if problem.status_code in (429, 503):
        return {"Retry-After": str(max(1, ceil(wait or RETRY_AFTER_SECONDS)))}
    return {}


# What the exceptions of Django and of the drivers mean.
MEANINGS: list[tuple[type[Exception], type[Problem]]] = [
    (Http404, NotFound),
    (PermissionDenied, Forbidden),
    (SuspiciousOperation, Invalid),  # more than a thousand parameters in the query
    (UnreadablePostError, ParseError),  # malformed chunks
    (OperationalError, UpstreamUnavailable),
    (InterfaceError, UpstreamUnavailable),
    (RedisError, UpstreamUnavailable),
]


def as_problem(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case exceptions.ValidationError():
            return Invalid(sentences(error.detail))
        case exceptions.APIException():
            return BY_STATUS.get(error.status_code, Invalid)()
        case IntegrityError(__cause__=ForeignKeyViolation() as violation):
            return of_vanished_row(violation)
        case DatabaseInternalError(__cause__=IdleInTransactionSessionTimeout()):
            return UpstreamUnavailable()
    return next((problem() for kind, problem in MEANINGS if isinstance(error, kind)), InternalError())


def of_vanished_row(violation: ForeignKeyViolation) -> Problem:
    """What a write refers to was deleted meanwhile; foreign keys are checked at COMMIT.

    Only a user's own deletion takes the user's row away, so the token is not good any more.
    """
    users = f'table "{settings.AUTH_USER_MODEL.lower().replace(".", "_")}"'
    return SessionRevoked() if users in (violation.diag.message_detail or "") else NotFound()


def sentences(detail: Any) -> dict[str, str] | str:
    """The first sentence under each field; errors in a list stand under the list's name."""
    if isinstance(detail, dict) and "non_field_errors" not in detail:
        return {field: first_sentence(errors) for field, errors in detail.items()}
    return first_sentence(detail)


def first_sentence(errors: Any) -> str:
    while not isinstance(errors, str):
        values = list(errors.values()) if isinstance(errors, dict) else list(errors)
        errors = next(value for value in values if value)
    return str(errors)
