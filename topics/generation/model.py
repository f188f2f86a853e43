"""The model behind any server of the Chat Completions dialect: one call, bounded as a whole, never repeated.

Plain HTTP: the one call that is made needs no SDK, and whether a call that failed was sent at all, which decides
whether it counts, is known exactly (docs/decisions/0030).
"""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache, partial
from threading import Lock
from typing import Any

import httpx2
import orjson
from django.conf import settings

from tokpik.outside import NotBegun, bounded
from topics.generation.prompts import Prompt
from topics.models import ModelCall

logger = logging.getLogger(__name__)
Outcome = ModelCall.Outcome
# Nobody waits so long for an answer (GENERATION_BUDGET): what comes later is there for the next search.
CALL_SECONDS = 60.0
PACKET_SECONDS = 45.0
CONNECT_SECONDS = 5.0
# How many calls one process makes at the same moment.
CALLS_AT_ONCE = 4
TOKENS_MOST = 4_000
ANSWER_BYTES_MOST = 1024 * 1024
RETRY_AFTER_MOST = timedelta(hours=1)


@dataclass(frozen=True)
class Reply:
    """What became of a call: `answer` is the JSON that the model wrote, when the outcome is `WRITTEN`."""

    outcome: Outcome
    answer: Any = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency_ms: int = 0
    retry_after: timedelta = timedelta(0)


class Failure(Exception):
    """A call that brought nothing: its outcome, and how long the server asks to be left alone."""

    def __init__(self, outcome: Outcome, retry_after: timedelta = timedelta(0)) -> None:
        super().__init__(outcome)
        self.outcome, self.retry_after = outcome, retry_after


def is_on() -> bool:
    return bool(settings.OPENAI_API_KEY)


making = Lock()


@cache
def runner() -> tuple[ThreadPoolExecutor, httpx2.Client]:
    """Made on first use: threads and connections do not survive a fork."""
    timeout = httpx2.Timeout(PACKET_SECONDS, connect=CONNECT_SECONDS)
    return ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="model"), httpx2.Client(timeout=timeout)


def ask(prompt: Prompt) -> Reply:
    """Have the model write; hold no database connection over this. Raises nothing: a failure is an outcome."""
    with making:
        pool, client = runner()
    began = time.monotonic()
    try:
        reply = bounded(pool, CALL_SECONDS, partial(call, client, prompt))
    except NotBegun:
        reply = Reply(Outcome.UNSENT)
    except TookTooLong:
        reply = Reply(Outcome.LATE)
    except Failure as failure:
        reply = Reply(failure.outcome, retry_after=failure.retry_after)
    return replace(reply, latency_ms=round((time.monotonic() - began) * 1000))


def call(client: httpx2.Client, prompt: Prompt) -> Reply:
    """Raises `Failure`. Nothing of what is sent or answered is logged: it may hold somebody's words."""
    body = {
        "model": settings.OPENAI_MODEL,
        "messages": prompt.messages,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": prompt.name, "strict": True, "schema": prompt.schema},
        },
        "max_completion_tokens": TOKENS_MOST,
    }
    until = time.monotonic() + CALL_SECONDS
    headers = {"Authorization": f"Bearer {settings.OPENAI_API_KEY}"}
    try:
        with client.stream("POST", f"{settings.OPENAI_BASE_URL}/chat/completions", json=body, headers=headers) as sent:
            return read(sent, received(sent, until))
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol) as error:
        logger.warning("The model cannot be reached: %s", type(error).__name__)
        raise Failure(Outcome.UNSENT) from error
    except httpx2.TimeoutException as error:
        raise Failure(Outcome.LATE) from error
    except httpx2.HTTPError as error:
        raise Failure(Outcome.CUT) from error


def received(response: httpx2.Response, until: float) -> bytes:
    """The body; nobody reads on for ever from a server that drips, or sends without end."""
    raw = b""
    for part in response.iter_bytes():
        raw += part
        if len(raw) > ANSWER_BYTES_MOST:
            raise Failure(Outcome.GARBLED)
        if time.monotonic() > until:
            raise Failure(Outcome.LATE)
    return raw


def read(response: httpx2.Response, raw: bytes) -> Reply:
    if response.status_code == httpx2.codes.TOO_MANY_REQUESTS:
        raise Failure(Outcome.LIMITED, retry_after(response))
    if not response.is_success:
        # Below 500 it is our key, our model or our request: nothing is written until that is mended.
        level = logging.WARNING if response.status_code >= 500 else logging.ERROR
        logger.log(level, "The model's server refused a call: status %s", response.status_code)
        raise Failure(Outcome.FAILED, retry_after(response))
    try:
        completion = orjson.loads(raw)
        message = completion["choices"][0]["message"]
        usage = completion.get("usage") or {}
        tokens = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Failure(Outcome.GARBLED) from error
    return as_reply(message, tokens)


def as_reply(message: Any, tokens: tuple[int | None, int | None]) -> Reply:
    if not isinstance(message, dict):
        return Reply(Outcome.GARBLED, None, *tokens)
    if message.get("refusal"):
        return Reply(Outcome.DECLINED, None, *tokens)
    try:
        return Reply(Outcome.WRITTEN, orjson.loads(message.get("content") or ""), *tokens)
    except (ValueError, TypeError):
        return Reply(Outcome.GARBLED, None, *tokens)


def count(usage: Any, name: str) -> int | None:
    """What the server says it counted, if that is a number that can be kept."""
    number = usage.get(name)
    return number if type(number) is int and 0 <= number < 2**31 else None


def retry_after(response: httpx2.Response) -> timedelta:
    """In seconds, as such servers say it; a date is not understood."""
    said = response.headers.get("Retry-After", "")
    seconds = float(said) if said.isascii() and said.replace(".", "", 1).isdigit() else 0.0
    return min(timedelta(seconds=min(seconds, RETRY_AFTER_MOST.total_seconds())), RETRY_AFTER_MOST)
