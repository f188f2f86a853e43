"""What happens to every request: one error language, a bound on bodies, and Django's sessions under /admin/ only."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import orjson
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware

from tokpik import errors

ADMIN = "/admin/"


class ErrorLanguage:
    """Puts failures that no view of ours answered (unknown URL, refused host, crash) into the API's error shape.

    Outermost, and by status only: so it does not matter which layer failed, nor whether DEBUG is on.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or request.path_info.startswith(ADMIN):
            return response
        if response.get("Content-Type") != "application/json":
            response.content = orjson.dumps(errors.body_for_status(response.status_code))
            response["Content-Type"] = "application/json"
            response.headers.pop("Content-Length", None)
        return response


class BodyLimit:
    """Refuses bodies above DATA_UPLOAD_MAX_MEMORY_SIZE, and lets Django read chunked ones, which it takes for empty."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        if request.path_info.startswith(ADMIN):
            return None
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = request.META["wsgi.input"].read(limit + 1)
            request._stream = BytesIO(body)
            request.META["CONTENT_LENGTH"] = str(len(body))
        too_large = int(request.META.get("CONTENT_LENGTH") or 0) > limit
        return HttpResponse(status=errors.BodyTooLarge.status_code) if too_large else None


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


class MessagesUnderAdmin(UnderAdmin, MessageMiddleware):
    pass


class FrameOptionsUnderAdmin(UnderAdmin, XFrameOptionsMiddleware):
    pass
