"""Processes that live no longer than this one, and the signals that ask it to stop.

Signals only write a byte into a pipe, and only `pause` looks there: so a stop is noticed where the
program waits, never in the middle of a step or of the clean-up, however often it is sent.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PR_SET_PDEATHSIG = 1
# All children together have this long to end; with the servers' own limits a stop stays under 30 s.
PATIENCE = 10.0

_noticed: list[int] = []
_below_make = False
_libc = ctypes.CDLL(None)


class Stopped(Exception):
    """Somebody asked this program to stop."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


def listen() -> None:
    """From now on signals are noticed by `pause`."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    _noticed.append(reading)
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGCHLD]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # else nohup asked to outlive the terminal
        numbers.append(signal.SIGHUP)
    for number in numbers:
        signal.signal(number, lambda *_: None)
    if "MAKELEVEL" in os.environ:
        global _below_make
        _below_make = _parent_catches_interrupts()
        die_with_parent()  # make may be killed before it tells us


def pause(seconds: float) -> None:
    """Wait at most so long and a second, or until a child ends; raises Stopped when a signal asks for it."""
    ready, _, _ = select.select(_noticed, [], [], min(seconds, 1))
    for reading in ready:
        for number in os.read(reading, 1000):
            if number != signal.SIGCHLD:
                raise Stopped(number)
    if _below_make and not _parent_catches_interrupts():
        raise Stopped(signal.SIGINT)


def _parent_catches_interrupts() -> bool:
    """False once make was sent SIGINT alone (`kill -INT`), which it does not pass on as it does SIGTERM.

    It then waits for us to end, taking for granted that the terminal told us too. But first it takes
    down its handler, and Linux shows that.
    """
    try:
        with open(f"/proc/{os.getppid()}/status") as status:
            caught = next(line for line in status if line.startswith("SigCgt:"))
    except (OSError, StopIteration):
        return False
    return bool(int(caught.split()[1], 16) >> (signal.SIGINT - 1) & 1)


def die_with_parent() -> None:
    """SIGTERM for this process as soon as its parent is gone, also by SIGKILL (Linux only)."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


@dataclass
class Child:
    """A process with a session of its own: Ctrl-C in the terminal reaches it through us alone, once."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: str | os.PathLike[str]
    stop_signal: int = signal.SIGTERM
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        parent = os.getpid()

        def prepare() -> None:
            die_with_parent()
            if os.getppid() != parent:
                os._exit(1)

        self.process = subprocess.Popen(
            self.command, env=self.environment, cwd=self.folder, start_new_session=True, preexec_fn=prepare
        )

    def wait(self) -> int:
        """The exit status. Ends the child when this program is asked to stop meanwhile."""
        try:
            while self.process.poll() is None:
                pause(1)
        finally:
            stop([self])
        return self.process.returncode


def stop(children: Sequence[Child]) -> None:
    """End them all, and whatever they left in their process groups."""
    for child in children:
        if child.process.poll() is None and child.stop_signal == signal.SIGINT:
            _signal_group(child, signal.SIGINT)  # all of them, as a terminal would
        else:
            child.process.send_signal(child.stop_signal)
    deadline = time.monotonic() + PATIENCE
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
    for child in children:
        _signal_group(child, signal.SIGKILL)
        child.process.wait()


def _signal_group(child: Child, number: int) -> None:
    # A group outlives its leader while anybody is in it, and its number is not given away until then.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.process.pid, number)
