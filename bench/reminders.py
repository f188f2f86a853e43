"""Reminders that are due in the same minute: two senders, and a stand-in for FCM that answers after 30 ms.

    .venv/bin/python -m bench.reminders [reminders]

Needs running servers (`make up`); works in a database of its own, which is gone afterwards.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg

from tokpik.local import environment
from tokpik.local.checkout import HERE

SENDERS = 2
LATENCY_SECONDS = 0.03
CPU_MS_MOST, SECONDS_MOST = 0.6, 60
# Where the stand-in itself takes more than half a core.
SECONDS_MOST_CROWDED = 120
LIMIT_SECONDS = 900
SLOT = "2031-03-14T19:00:00+09:00"
# One person, one phone, one folder, one reminder of three topics each.
SEED = """
INSERT INTO accounts_user (kakao_id, password, email, photo_url, is_superuser, is_active, is_staff, joined_at)
SELECT -1000 - n, '!', '', '', false, true, false, now() FROM generate_series(1, %(count)s) n;
INSERT INTO accounts_session
    (id, user_id, device, created_at, last_used_at, revoked_why, push_target, push_target_hash)
SELECT gen_random_uuid(), id, 'Android · Chrome', now(), now(), '', target, encode(sha256(target::bytea), 'hex')
FROM (SELECT id, repeat('d', 140) || id AS target FROM accounts_user) phone;
INSERT INTO scraps_scrap (user_id, name, created_at) SELECT id, '소개팅', now() FROM accounts_user;
INSERT INTO notifications_notification
    (scrap_id, name, topic_ids, date, start, "end", interval_minutes, created_at, next_slot, next_due_at,
    last_slot_at, tries)
SELECT id, '소개팅 20분마다', ARRAY[1 + id %% 80, 81 + id %% 80, 161 + id %% 80], '2031-03-14', '19:00', '19:20', 20,
    now(), 0, %(slot)s, %(slot)s, 0
FROM scraps_scrap;
"""


class Row(NamedTuple):
    what: str
    measured: str
    figure: str
    ok: bool


def measure(reminders: int = 100_000) -> list[Row]:
    """Seeds so many, lets two senders push them, and says how that went."""
    with database() as url, tempfile.TemporaryDirectory() as name:
        variables = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(HERE.root)}
        for command in (["migrate", "-v0"], ["seed", "-v0"]):
            subprocess.run(manage(*command), env=variables, check=True, stdout=subprocess.DEVNULL)
        seed(url, reminders)
        with fcm(Path(name)) as answers:
            cpu = push(variables | {"FCM_CREDENTIALS": answers["credentials"], "FCM_URL": answers["url"]})
        report = json.loads((Path(name) / "report.json").read_text())
        return judged(reminders, cpu, report, recorded(url))


def judged(reminders: int, cpu: float, report: Mapping[str, Any], sent: int) -> list[Row]:
    share = report["cpu"] / max(report["seconds"], 1e-9)
    limit = SECONDS_MOST if share <= 0.5 else SECONDS_MOST_CROWDED
    each = cpu / reminders * 1000
    exact = report["pushes"] == report["different"] == sent == reminders
    return [
        Row("CPU of the senders a push", f"{each:.2f} ms", f"≤ {CPU_MS_MOST} ms", each <= CPU_MS_MOST),
        Row(
            f"{reminders:,} reminders due at once, two senders",
            f"{report['seconds']:.0f} s; the stand-in took {share:.2f} of a core",
            f"≤ {limit} s",
            report["seconds"] <= limit,
        ),
        Row("pushed, each once, and written down", f"{report['pushes']:,} · {sent:,}", f"{reminders:,}", exact),
    ]


@contextmanager
def database() -> Iterator[str]:
    environment.load()
    address = os.environ["DATABASE_URL"]
    name = f"bench_{uuid4().hex[:12]}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            # Not geturl(): it would drop the empty host of a socket's address.
            before, mark, query = address.partition("?")
            yield f"{before.rpartition('/')[0]}/{name}{mark}{query}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def seed(url: str, reminders: int) -> None:
    with psycopg.ClientCursor(psycopg.connect(url, autocommit=True)) as cursor:
        cursor.execute(SEED, {"count": reminders, "slot": SLOT})
        cursor.execute("VACUUM ANALYZE")
        cursor.connection.close()


def recorded(url: str) -> int:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT count(*) FROM notifications_push WHERE outcome = 'sent'").fetchone()
        assert found is not None
        return int(found[0])


@contextmanager
def fcm(folder: Path) -> Iterator[dict[str, str]]:
    """Its file of credentials and its address; afterwards its report is in the folder."""
    command = [sys.executable, "-m", "bench.fcm", str(LATENCY_SECONDS), str(folder)]
    with subprocess.Popen(command, cwd=HERE.root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(LIMIT_SECONDS)


def push(variables: Mapping[str, str]) -> float:
    """Two senders until nothing is due; seconds of CPU that they took, their start included."""
    before = os.times()
    command = manage("send_notifications", "--once", "--now", SLOT)
    senders = [subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL) for _ in range(SENDERS)]
    try:
        assert [sender.wait(LIMIT_SECONDS) for sender in senders] == [0] * SENDERS
    finally:
        for sender in senders:
            sender.kill()
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def manage(*command: str) -> list[str]:
    return [sys.executable, str(HERE.root / "manage.py"), *command]


def main(reminders: int) -> int:
    rows = measure(reminders)
    for row in rows:
        print(f"{'ok ' if row.ok else 'NOT'}  {row.what:48} {row.measured:42} {row.figure}")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
