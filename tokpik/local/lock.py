"""Who uses the servers of a checkout.

Two locked files: `users.lock` is held, shared, by every `make run`, `make up` and `make test` for as
long as it runs; `door.lock` for the moment in which one of them comes or goes. The kernel frees both
when a process ends in whatever way, so that after a SIGKILL the next one to leave stops the servers.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tokpik.local import environment, servers
from tokpik.local.checkout import Checkout
from tokpik.local.children import pause
from tokpik.local.servers import Pause


@contextmanager
def running_servers(checkout: Checkout) -> Iterator[None]:
    """Both servers are up within, and `.local/env` is written; the last one to leave stops them."""
    checkout.make_local()
    with checkout.open("users.lock") as users:
        try:
            with locked(checkout, "door.lock"):
                _lock(users, fcntl.LOCK_SH, pause)
                environment.write(checkout)
                servers.start(checkout, pause)
            yield
        finally:
            # Under the door, so that nobody comes in between trying and stopping, and so that of two
            # who leave at the same moment one is the last.
            with locked(checkout, "door.lock", time.sleep):
                if _try(users, fcntl.LOCK_EX):
                    servers.stop(checkout)


@contextmanager
def locked(checkout: Checkout, name: str, waiting: Pause = pause) -> Iterator[None]:
    """Hold this file of `.local` alone."""
    checkout.make_local()
    with checkout.open(name) as file:
        _lock(file, fcntl.LOCK_EX, waiting)
        yield


def _lock(file: int, how: int, waiting: Pause) -> None:
    # Not a blocking call: that would sleep through a request to stop.
    while not _try(file, how):
        waiting(0.05)


def _try(file: int, how: int) -> bool:
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
