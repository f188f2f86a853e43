"""What an answer of FCM means: pure functions of its status, headers and body (docs/decisions/0021).

`errorCode` counts before the status: a 404 may mean a dead phone or a wrong address of ours, a 403 a phone of another
project or a permission that we lack.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Any

import orjson

Headers = Mapping[str, str] | Message
TOKEN_FIELD = "message.token"  # noqa: S105
SECONDS_LONGEST = 3600.0


class Verdict(Enum):
    SENT = auto()
    UNREGISTERED = auto()  # the phone is gone
    MISMATCH = auto()  # the phone is of another project, or we are
    BAD_TARGET = auto()  # what we hold is no push target, or FCM is not who we think
    INVALID = auto()  # our own fault
    UNAUTHENTICATED = auto()  # the credential has expired, or is refused
    FORBIDDEN = auto()  # the credential lacks the permission
    AGAIN = auto()  # later, within the slot
    NOT_SENT = auto()  # nothing has left: at once


@dataclass(frozen=True)
class Answer:
    """`wait`: seconds that FCM asks for before the next try. `why`: for the log; without targets or texts."""

    verdict: Verdict
    wait: float = 0.0
    why: str = ""


def judge(status: int, headers: Headers, body: bytes) -> Answer:
    if 200 <= status < 300:
        return Answer(Verdict.SENT)
    error = read_error(body)
    code = error_code(error)
    verdict = by_code(code, error) or by_status(status)
    wait = retry_after(headers) if verdict is Verdict.AGAIN else 0.0
    return Answer(verdict, wait, f"status {status}, {code or 'no code'}")


def by_code(code: str, error: dict[str, Any]) -> Verdict | None:
    match code:
        case "UNREGISTERED":
            return Verdict.UNREGISTERED
        case "SENDER_ID_MISMATCH":
            return Verdict.MISMATCH
        case "INVALID_ARGUMENT":
            return Verdict.BAD_TARGET if TOKEN_FIELD in violated_fields(error) else Verdict.INVALID
        case "QUOTA_EXCEEDED" | "UNAVAILABLE" | "INTERNAL" | "THIRD_PARTY_AUTH_ERROR":
            return Verdict.AGAIN
    return None


def by_status(status: int) -> Verdict:
    """Where no code is known. What we cannot read may be a passing fault of somebody's in between."""
    return {401: Verdict.UNAUTHENTICATED, 403: Verdict.FORBIDDEN}.get(status, Verdict.AGAIN)


def read_error(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, dict) else {}


def details(error: dict[str, Any]) -> Iterator[dict[str, Any]]:
    found = error.get("details")
    yield from (detail for detail in found if isinstance(detail, dict)) if isinstance(found, list) else ()


def error_code(error: dict[str, Any]) -> str:
    """FCM's own code; where there is none, INVALID_ARGUMENT may stand as the general one."""
    for detail in details(error):
        if isinstance(code := detail.get("errorCode"), str):
            return code
    return "INVALID_ARGUMENT" if error.get("status") == "INVALID_ARGUMENT" else ""


def violated_fields(error: dict[str, Any]) -> set[object]:
    lists = [detail["fieldViolations"] for detail in details(error) if isinstance(detail.get("fieldViolations"), list)]
    return {str(each.get("field")) for violations in lists for each in violations if isinstance(each, dict)}


def retry_after(headers: Headers) -> float:
    """Seconds, which may be written as a date: then counted from the answer's own, so that no clock of ours matters."""
    text = headers.get("Retry-After") or ""
    if text.isascii() and text.isdigit():
        return min(float(text[:10]), SECONDS_LONGEST)
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date") or "")
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return min(max(0.0, wait.total_seconds()), SECONDS_LONGEST)
