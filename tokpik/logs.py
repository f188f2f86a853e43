"""Log lines: JSON in production, readable in development, and the request's id in each that is written during one.

Modules log with `logging.getLogger(__name__)`. A line says what kind of thing happened, never what somebody sent: no
token, e-mail, push target, path, query, header or body (docs/decisions/0012).
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import structlog
from django.db import IntegrityError, InterfaceError, OperationalError, ProgrammingError
from structlog.typing import EventDict, ExcInfo, Processor

# structlog's own contextvars do the same for six times as long, a microsecond a request.
request_id: ContextVar[str] = ContextVar("request_id", default="")
# What a line may carry beside its sentence, given as `extra`. Other packages put whole requests there.
FIELDS = ("method", "route", "status", "ms", "error")
CHAIN_LONGEST = 10
# The first line of what these say names code and constraints. Whatever else an exception says may quote what was sent:
# PostgreSQL gives the whole row, `int()` the text that is no number.
SPEAK_OF_CODE = (
    AttributeError,
    ImportError,
    NameError,
    TypeError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)


def formatter(*, readable: bool) -> logging.Formatter:
    """For every logger, ours and others'. Only where it is `readable` do tracebacks hold what exceptions say."""
    exceptions = structlog.processors.ExceptionRenderer(traceback_in_kind)
    ending: list[Processor] = [one_line, console()] if readable else [exceptions, structlog.processors.JSONRenderer()]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            add_request_id,
            structlog.stdlib.ExtraAdder(allow=FIELDS),
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
    )


def console() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
    )


def add_request_id(logger: Any, method: str, event: EventDict) -> EventDict:
    if current := request_id.get():
        event["request_id"] = current
    return event


def one_line(logger: Any, method: str, event: EventDict) -> EventDict:
    """JSON escapes line breaks and control characters by itself."""
    text = str(event["event"])
    event["event"] = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
    return event


def traceback_in_kind(exc_info: ExcInfo) -> str:
    """Where an exception and those behind it arose, and of what kind they are."""
    parts = ["".join(traceback.format_tb(error.__traceback__)) + said(error) for error in chain(exc_info[1])]
    return "\n\n".join(reversed(parts))


def said(error: BaseException) -> str:
    first = str(error).partition("\n")[0] if isinstance(error, SPEAK_OF_CODE) else ""
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def kinds(error: BaseException) -> str:
    """The kinds of an exception and of those behind it: "UpstreamUnavailable from ConnectError"."""
    return " from ".join(type(each).__name__ for each in chain(error))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception, and those that Python would name as its reasons; at most so many."""
    for _ in range(CHAIN_LONGEST):
        if error is None:
            return
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


class NothingSent(logging.Filter):
    """Takes out of gunicorn's lines what it quotes of requests: first lines, headers, addresses with their query."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = str(record.msg)
        if said.startswith("Error handling request"):
            record.msg, record.args = "Error handling request", ()
        return not said.startswith("Invalid request from")
