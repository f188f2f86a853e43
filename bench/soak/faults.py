"""What is done to the service while people use it, one after the other."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import cycle

import psycopg
import redis

from bench.service import Service, end, family
from tests.fcm import FakeFcm
from tests.kakao import TOKEN, FakeKakao
from tests.openai import FakeOpenAI
from tokpik.local import servers
from tokpik.local.checkout import HERE, Checkout
from tokpik.local.children import die_with_parent

# How long the cache is frozen; the service's own time-out is half of a second.
FROZEN_SECONDS = 2.0
# How long others give no answer: longer than anybody waits for Kakao (3 s) or for what the model writes (4 s).
HUNG_SECONDS = 6.0
SENDERS = 2
SLOT_SECONDS = 60.0


@dataclass
class Stage:
    """All that runs, and what was done to it."""

    checkout: Checkout
    variables: Mapping[str, str]
    web: Service
    kakao: FakeKakao
    fcm: FakeFcm
    model: FakeOpenAI
    until: float = 0.0
    helpers: "dict[str, subprocess.Popen[bytes]]" = field(default_factory=dict)
    done: "Counter[str]" = field(default_factory=Counter)

    def start_helpers(self) -> None:
        self.start("background", "run_background")
        for number in range(SENDERS):
            self.start(f"sender {number}", "send_notifications")

    def start(self, name: str, command: str) -> None:
        with self.web.log.open("ab") as out:
            self.helpers[name] = subprocess.Popen(
                [sys.executable, "manage.py", command],
                cwd=HERE.root,
                env=self.variables,
                stdout=out,
                stderr=out,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )

    def stop_helpers(self) -> None:
        for process in self.helpers.values():
            end(process)

    def kill_helper(self, name: str, command: str) -> None:
        self.helpers[name].kill()
        self.helpers[name].wait()
        self.start(name, command)

    def kill_worker(self) -> None:
        os.kill(family(self.web.process.pid)[1], signal.SIGKILL)

    def kill_sender(self) -> None:
        """While it pushes, if that comes before the end: slots begin with the minute."""
        self.fcm.received.clear()
        self.fcm.received.wait(min(SLOT_SECONDS, self.until - time.monotonic()))
        self.kill_helper(f"sender {self.done['a sender killed'] % SENDERS}", "send_notifications")

    def kill_background(self) -> None:
        self.kill_helper("background", "run_background")

    def flush_cache(self) -> None:
        with redis.Redis(unix_socket_path=str(self.checkout.valkey_socket)) as cache:
            cache.flushall()

    def freeze_cache(self) -> None:
        pid = servers.Valkey(self.checkout).pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(FROZEN_SECONDS)
        finally:
            os.kill(pid, signal.SIGCONT)

    def cut_connections(self) -> None:
        with psycopg.connect(self.checkout.database_url(), autocommit=True) as database:
            database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    def restart_database(self) -> None:
        servers.PostgreSQL(self.checkout).stop()
        servers.PostgreSQL(self.checkout).start(time.sleep)

    def hang_kakao(self) -> None:
        with self.kakao.hanging(TOKEN):
            time.sleep(HUNG_SECONDS)

    def hang_model(self) -> None:
        with self.model.hanging():
            time.sleep(HUNG_SECONDS)

    def faults(self) -> dict[str, Callable[[], None]]:
        return {
            "a web worker killed": self.kill_worker,
            "the cache flushed": self.flush_cache,
            "a sender killed": self.kill_sender,
            "connections to the database cut": self.cut_connections,
            "the cache frozen": self.freeze_cache,
            "the background command killed": self.kill_background,
            "the database restarted": self.restart_database,
            "Kakao hanging": self.hang_kakao,
            "the model hanging": self.hang_model,
        }

    def throw(self, seconds: float, pause: float) -> None:
        """One after the other, again and again, for so long, each after such a pause (in seconds).

        In the thread that lives longest: what it starts ends with it.
        """
        self.until = time.monotonic() + seconds
        for name, fault in cycle(self.faults().items()):
            time.sleep(max(0.0, min(pause, self.until - time.monotonic())))
            if time.monotonic() >= self.until:
                return
            fault()
            self.done[name] += 1
