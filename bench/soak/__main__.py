"""`python -m bench.soak [SECONDS]`: mixed load with faults thrown in, and what became of it; `make soak`.

On a PostgreSQL, a Valkey, a web server, senders and a background command of its own, over loopback alone, with
stand-ins for Kakao, FCM and the model; all of it is gone afterwards.
"""

import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench.service import GUNICORN, Service, family, pss, serving
from bench.soak.faults import Stage
from bench.soak.people import BROKEN, Answers, Person, lost
from bench.table import Row, at_most, plain, verdict
from tests.fcm import FakeFcm, Reply
from tests.kakao import FakeKakao
from tests.openai import FakeOpenAI
from tokpik.local import environment, servers
from tokpik.local.checkout import HERE, Checkout

SECONDS, SECONDS_MOST = 600, 3600
PEOPLE, TOPICS = 12, 240
# All has had its turn within this part of the time, but for the shortest runs.
PAUSE_SECONDS, PAUSE_LEAST = 6.0, 0.5
# What may still be under way when the load ends: a slot's tries, and the lease of a sender that was killed.
SETTLED_SECONDS = 30.0
REPEATED_A_KILL = 50
OUTCOMES = ("sent", "failed", "missed")
MEGABYTE = 1024 * 1024
STUCK = "SELECT count(*) FROM notifications_notification WHERE next_due_at < now() - interval '5 seconds'"


def main(arguments: Sequence[str]) -> int:
    given = arguments[0] if arguments else str(SECONDS)
    seconds = int(given) if given.isascii() and given.isdigit() else 0
    if not 0 < seconds <= SECONDS_MOST:
        print(f"SECONDS is a whole number up to {SECONDS_MOST}.", file=sys.stderr)
        return 2
    rows = soaked(seconds)
    print(f"\n{plain(rows)}\n\n{verdict(rows)}")
    return 0 if all(row.ok is not False for row in rows) else 1


def soaked(seconds: int) -> list[Row]:
    with ExitStack() as stack:
        checkout = stack.enter_context(own_servers())
        kakao = stack.enter_context(FakeKakao())
        fcm = stack.enter_context(FakeFcm(reply=Reply(seconds=0.05)))
        model = stack.enter_context(FakeOpenAI())
        variables = {
            **environment.for_tests(),
            **environment.own_servers(checkout),
            "THROTTLE": "off",
            "KAKAO_AUTH_URL": kakao.url,
            "KAKAO_API_URL": kakao.url,
            "FCM_URL": fcm.url,
            "FCM_CREDENTIALS": fcm.credentials(checkout.root),
            "OPENAI_API_KEY": "made-up",
            "OPENAI_BASE_URL": model.url,
            "GENERATION_CALLS_A_DAY": "1000000",
            "GENERATION_CALLS_A_USER": "1000000",
        }
        with served(checkout, variables) as web:
            return run(seconds, Stage(checkout, variables, web, kakao, fcm, model))


@contextmanager
def own_servers() -> Iterator[Checkout]:
    with tempfile.TemporaryDirectory(prefix="tokpik-soak-") as name:
        checkout = Checkout(Path(name))
        try:
            print("Starting a PostgreSQL and a Valkey", flush=True)
            servers.start(checkout)
            yield checkout
        finally:
            servers.stop(checkout)


@contextmanager
def served(checkout: Checkout, variables: dict[str, str]) -> Iterator[Service]:
    """Migrated, seeded, and answering."""
    for command in ("migrate", "seed"):
        arguments = [sys.executable, "manage.py", command, "-v0"]
        subprocess.run(arguments, cwd=HERE.root, env=variables, check=True, stdout=subprocess.DEVNULL)
    with serving(GUNICORN, variables, checkout.root / "log") as web:
        web.wait()
        yield web


def run(seconds: int, stage: Stage) -> list[Row]:
    stage.start_helpers()
    try:
        people, answers, memory = load(seconds, stage)
        stuck = settled(stage.checkout)
    finally:
        stage.stop_helpers()
    gone = [each for person in people for each in lost(person.ledger, asking(stage.checkout))]
    return report(stage, answers, gone, stuck, memory)


def load(seconds: int, stage: Stage) -> tuple[list[Person], Answers, list[float]]:
    """Everybody and all faults for so long; what the service uses (MB) after a tenth of it, and at the end."""
    answers, stop = Answers(), threading.Event()
    people = [Person(number, stage.web.port, stage.kakao, answers, TOPICS) for number in range(PEOPLE)]
    pause = max(PAUSE_LEAST, min(PAUSE_SECONDS, seconds / (2 * len(stage.faults()))))
    threads = [threading.Thread(target=person.run, args=(stop,)) for person in people]
    print(f"{PEOPLE} people for {seconds} s, a fault every {pause:.0f} s", flush=True)
    for thread in threads:
        thread.start()
    try:
        time.sleep(seconds / 10)
        memory = [used(stage)]
        stage.throw(seconds * 9 / 10, pause)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return people, answers, [*memory, used(stage)]


def used(stage: Stage) -> float:
    """Of all processes of the service together, in MB."""
    pids = [pid for process in (stage.web.process, *stage.helpers.values()) for pid in family(process.pid)]
    return sum(pss(pid) for pid in pids) / MEGABYTE


def asking(checkout: Checkout) -> Any:
    def ask(sql: str, values: Sequence[Any] = ()) -> set[Any]:
        with psycopg.connect(checkout.database_url(), autocommit=True) as database:
            return {row[0] for row in database.execute(sql.encode(), values).fetchall()}

    return ask


def settled(checkout: Checkout) -> int:
    """How many reminders are overdue still, when all has had its time."""
    until = time.monotonic() + SETTLED_SECONDS
    while True:
        (stuck,) = asking(checkout)(STUCK)
        if not stuck or time.monotonic() > until:
            return int(stuck)
        time.sleep(0.5)


def report(stage: Stage, answers: Answers, gone: Sequence[str], stuck: int, memory: Sequence[float]) -> list[Row]:
    for line in [*answers.crashes[:5], *gone[:5]]:
        print(line)
    statuses, kills = answers.statuses, stage.done["a sender killed"]
    repeats = sum(count - 1 for count in stage.fcm.counts.values())
    outcomes: Counter[str] = Counter()
    (written,) = asking(stage.checkout)("SELECT count(*) FROM topics_topic WHERE source = 'generated'")
    with psycopg.connect(stage.checkout.database_url()) as database:
        for outcome, count in database.execute("SELECT outcome, count(*) FROM notifications_push GROUP BY 1"):
            outcomes[outcome] = count
    return [
        *(Row(name, f"{count:,} ×") for name, count in stage.done.items()),
        Row("requests", f"{statuses.total():,}"),
        Row("answered 200 · 409", f"{statuses[200]:,} · {statuses[409]:,}"),
        Row("503 while something was away · connections broken", f"{statuses[503]:,} · {statuses[BROKEN]:,}"),
        at_most("any other answer", len(answers.crashes), 0),
        at_most("acknowledged writes that were lost", len(gone), 0),
        Row(
            "pushes: sent · failed · missed", " · ".join(f"{outcomes[name]:,}" for name in ("sent", "failed", "missed"))
        ),
        at_most(f"pushes repeated, after {kills} kills", repeats, REPEATED_A_KILL * kills),
        Row("topics that the model wrote", f"{written:,}"),
        at_most("reminders overdue at the end", stuck, 0),
        Row("memory of all processes (Pss), at the start → at the end", f"{memory[0]:.0f} → {memory[1]:.0f} MB"),
    ]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
