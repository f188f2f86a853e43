"""What happens to every request: one error language, a bound on bodies, and Django's sessions under /admin/ only."""

import logging
from collections.abc import Callable
from io import BytesIO
from time import monotonic
from typing import Any

import orjson
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django_otp.middleware import OTPMiddleware
from pghistory.middleware import HistoryMiddleware

from tokpik import errors

logger = logging.getLogger(__name__)
ADMIN = "/admin/"
PAGES = (ADMIN, "/swagger-ui")
PIECE_BYTES = 64 * 1024
DROPPED_BYTES = 32 * 1024 * 1024
DROPPED_SECONDS = 10


class ErrorLanguage:
    """Puts failures that no view of ours answered (unknown URL, refused host, crash) into the API's error shape.

    Around all layers that may fail, and by status only: so it does not matter which did, nor whether DEBUG is on.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or request.path_info.startswith(ADMIN):
            return response
        if response.get("Content-Type") != "application/json":
            response = in_our_shape(response)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def in_our_shape(response: HttpResponse) -> HttpResponse:
    """A new answer with the same headers: the old one may be a stream, whose content cannot be set."""
    headers = {name: value for name, value in response.items() if name not in ("Content-Type", "Content-Length")}
    body = orjson.dumps(errors.body_for_status(response.status_code))
    headers |= {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return HttpResponse(body, status=response.status_code, headers=headers)


class BodyLimit:
    """Refuses bodies above DATA_UPLOAD_MAX_MEMORY_SIZE, and lets Django read chunked ones, which it takes for empty."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        drop_rest(request)
        return response

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        if request.path_info.startswith(ADMIN):
            return None
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if is_chunked(request):
            read_chunks(request, limit)
        too_large = int(request.META.get("CONTENT_LENGTH") or 0) > limit
        return HttpResponse(status=errors.BodyTooLarge.status_code) if too_large else None


def is_chunked(request: HttpRequest) -> bool:
    return "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()


def read_chunks(request: HttpRequest, limit: int) -> None:
    try:
        body = request.META["wsgi.input"].read(limit + 1)
    except Exception:  # malformed: each server has an error of its own for it
        request._stream, body = Malformed(), b"?"
    else:
        request._stream = BytesIO(body)
    request.META["CONTENT_LENGTH"] = str(len(body))


class Malformed(BytesIO):
    """The body of a request whose chunks cannot be read, for the view that wants to."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError("The chunks of the body are malformed.")


def drop_rest(request: HttpRequest) -> None:
    """Reads what nobody read of the body, within bounds.

    Left unread it would stand before the connection's next request, or have the connection reset before the client
    has read its answer.
    """
    stream = request.META["wsgi.input"] if is_chunked(request) else request._stream
    until = monotonic() + DROPPED_SECONDS
    try:
        for _ in range(DROPPED_BYTES // PIECE_BYTES):
            if not stream.read(PIECE_BYTES) or monotonic() > until:
                return
    except Exception as error:  # the client has gone, or its chunks are malformed: the server closes the connection
        logger.debug("The rest of a body could not be read: %s", type(error).__name__)


class UnderAdmin:
    """A middleware that only the admin console needs; the API pays nothing for it and has no CSRF checks."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(ADMIN):
            return super().__call__(request)  # type: ignore[misc]
        return self.get_response(request)


class SessionUnderAdmin(UnderAdmin, SessionMiddleware):
    pass


class CsrfUnderAdmin(UnderAdmin, CsrfViewMiddleware):
    def process_view(self, request: HttpRequest, *view: Any) -> Any:
        return super().process_view(request, *view) if request.path_info.startswith(ADMIN) else None


class AuthenticationUnderAdmin(UnderAdmin, AuthenticationMiddleware):
    pass


class SecondFactorUnderAdmin(UnderAdmin, OTPMiddleware):
    """`request.user.is_verified()`: whether this session has shown its second factor."""


class HistoryUnderAdmin(UnderAdmin, HistoryMiddleware):
    """Keeps who changed something and on which page, for the history of what is curated."""


class MessagesUnderAdmin(UnderAdmin, MessageMiddleware):
    pass


class FrameOptionsUnderAdmin(UnderAdmin, XFrameOptionsMiddleware):
    pass


class ContentPolicyOnPages(CSPMiddleware):
    """What a page may load and run, where there are pages (docs/decisions/0041)."""

    def __call__(self, request: HttpRequest) -> Any:
        return super().__call__(request) if request.path_info.startswith(PAGES) else self.get_response(request)
