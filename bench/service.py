"""Servers in processes of their own: started on a free port of loopback, stopped, and what they use."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tokpik.local.checkout import HERE
from tokpik.local.children import die_with_parent

START_SECONDS = 60.0
TICK = os.sysconf("SC_CLK_TCK")
GUNICORN = ("gunicorn", "tokpik.wsgi:application")
BARE = ("gunicorn", "bench.rivals.bare:application")
UVICORN = ("uvicorn", "bench.rivals.fast:app", "--workers", "2", "--no-access-log", "--log-level", "warning")


@dataclass(frozen=True)
class Service:
    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def wait(self) -> None:
        """Returns once it answers, whatever that is."""
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            if status_of(self.port, "/livez"):
                return
            time.sleep(0.05)
        raise RuntimeError(f"A server did not start: {self.log} says why.")

    def cpu_seconds(self) -> float:
        """User and system time of all its processes so far."""
        return sum(cpu_seconds(pid) for pid in family(self.process.pid))

    def largest_worker(self) -> int:
        """Bytes of memory (Pss) that the largest of its workers holds."""
        return max(pss(pid) for pid in family(self.process.pid)[1:])


@contextmanager
def serving(program: tuple[str, ...], environment: Mapping[str, str], log: Path) -> Iterator[Service]:
    """`program` is a Python module with its arguments. It starts while others do: `wait` for it."""
    port = free_port()
    command = [sys.executable, "-m", *program, *(["--port", str(port)] if program == UVICORN else [])]
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            cwd=HERE.root,
            env={**environment, "PORT": str(port)},
            stdout=out,
            stderr=out,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    try:
        yield Service(port, process, log)
    finally:
        end(process)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def status_of(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICK


def pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"Process {pid} has no Pss")
