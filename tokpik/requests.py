"""What is seen of every request: an id, a line in the log when it failed or was slow, and a place in the counts."""

import logging
import re
import secrets
import sys
from collections.abc import Callable
from functools import cache
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse
from prometheus_client import Counter, Histogram

from tokpik import logs, statements
from tokpik.errors import UpstreamUnavailable

logger = logging.getLogger(__name__)
WELL_FORMED = re.compile(r"[A-Za-z0-9-]{8,64}")
SLOW_SECONDS = 1.0
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
OTHER = "other"
# What no route answered: unknown URLs, preflights, static files, refused hosts. Method and status tell them apart.
UNMATCHED = "unmatched"

REQUESTS = Counter("http_requests", "Requests answered.", ["route", "method", "status"])
SECONDS = Histogram(
    "http_request_duration_seconds",
    "From the first middleware to the answer's headers.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
STATEMENTS = Counter("http_request_statements", "Statements sent to the database by requests.", ["route"])
# Prometheus' own look-up takes longer than counting. Routes, methods and statuses are few, whatever is sent.
count_of = cache(REQUESTS.labels)
seconds_of = cache(SECONDS.labels)
statements_of = cache(STATEMENTS.labels)


class RequestLog:
    """Outermost: whichever layer answers, the answer carries the id and is counted with the status that is sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        current = id_of(request)
        before = logs.request_id.set(current)
        statements.sent.set(0)
        started = perf_counter()
        try:
            response = self.get_response(request)
            note(request, response.status_code, perf_counter() - started)
        finally:
            # Threads serve one request after the other.
            logs.request_id.reset(before)
        response.headers["X-Request-Id"] = current
        return response


def id_of(request: HttpRequest) -> str:
    """The id that a proxy of ours gave the request, else a new one."""
    given = request.META.get("HTTP_X_REQUEST_ID", "") if settings.TRUSTED_PROXY_HOPS else ""
    return given if WELL_FORMED.fullmatch(given) else secrets.token_hex(16)


def note(request: HttpRequest, status: int, seconds: float) -> None:
    route = request.resolver_match.route if request.resolver_match else UNMATCHED
    method = request.method if request.method in METHODS else OTHER
    count_of(route, method, status).inc()
    seconds_of(route).observe(seconds)
    if sent := statements.sent.get():
        statements_of(route).inc(sent)
    if status >= 500 or seconds > SLOW_SECONDS:
        fields = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000)}
        log(fields, getattr(request, "failure", None))


def log(fields: dict[str, Any], failure: Exception | None) -> None:
    """One line. What we need being away is told by its kind alone: tracebacks would drown the rest."""
    if fields["status"] < 500:
        logger.warning("Slow request", extra=fields)
        return
    if failure:
        fields["error"] = logs.kinds(failure)
    away = fields["status"] == UpstreamUnavailable.status_code
    logger.error("Failed request", extra=fields, exc_info=None if away else failure)


def keep_failure(sender: Any, request: HttpRequest, **kwargs: Any) -> None:
    """Django's word for a crash outside of the REST framework, whose own `tokpik.errors.answer` keeps."""
    request.failure = sys.exception()  # type: ignore[attr-defined]


got_request_exception.connect(keep_failure)
