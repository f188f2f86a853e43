"""Work that runs beside the web server: each kind in a loop of its own, so that one that hangs delays no other."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.db import close_old_connections, connection
from django.utils import timezone

logger = logging.getLogger(__name__)
FAILURE_SECONDS_MOST = 5.0


@dataclass(frozen=True)
class Work:
    """`step` does what is due and says whether there may be more; without more it is asked again after `seconds`."""

    name: str
    step: Callable[[], bool]
    # New rows are looked for at least once a second.
    seconds: float = 0.9


def clearing(clear: Callable[..., Iterable[object]]) -> Callable[[], bool]:
    """The step of a clean-up: `clear` is told the time, and works while it is read. There is no more to do then."""

    def step() -> bool:
        for _ in clear(now=timezone.now()):
            pass
        return False

    return step


def run(kinds: Sequence[Work], stop: threading.Event) -> None:
    """Runs every kind until `stop` is set; then returns when the steps in hand are finished."""
    threads = [threading.Thread(target=keep_working, args=(work, stop), name=work.name) for work in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def keep_working(work: Work, stop: threading.Event) -> None:
    failures = 0
    while not stop.is_set():
        more, failures = attempt(work, failures)
        if not more:
            connection.close()  # back into the pool, which has not one for each kind
            stop.wait(min(2.0**failures, FAILURE_SECONDS_MOST) if failures else work.seconds)
    connection.close()


def attempt(work: Work, failures: int) -> tuple[bool, int]:
    """One step. What goes wrong is logged and tried again, after a pause that grows."""
    close_old_connections()
    try:
        return work.step(), 0
    except Exception:
        logger.exception("%s failed", work.name)
        connection.close()
        return False, min(failures + 1, 10)


def run_once(kinds: Sequence[Work]) -> None:
    """Every kind until nothing is left that is due; a failure is raised."""
    for work in kinds:
        while work.step():
            pass
