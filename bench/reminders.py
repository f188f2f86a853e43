"""Reminders that are due at once: two senders, and a stand-in for FCM that answers after 30 ms.

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
from typing import TYPE_CHECKING, Any

import psycopg

from bench.catalogues import create, drop, first_column, manage, named
from bench.table import Row, at_most, plain
from tokpik.local import environment
from tokpik.local.checkout import HERE

if TYPE_CHECKING:
    from bench.stage import Stage

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


def rows(stage: "Stage") -> list[Row]:
    return measured(stage.main.catalogue.url, stage.size.reminders)


def measured(beside: str, reminders: int) -> list[Row]:
    """Seeds so many in a database beside that one, lets two senders push them, and says how that went."""
    url = named(beside, "_reminders")
    create(url)
    try:
        with tempfile.TemporaryDirectory() as name:
            return run(url, Path(name), reminders)
    finally:
        drop(url)


def run(url: str, folder: Path, reminders: int) -> list[Row]:
    for command in ("migrate", "seed"):
        manage(command, "-v0", url=url)
    with fcm(folder) as answers:
        variables = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tokpik.settings"}
        variables |= {"FCM_CREDENTIALS": answers["credentials"], "FCM_URL": answers["url"]}
        start = push(variables)
        with psycopg.ClientCursor(psycopg.connect(url, autocommit=True)) as cursor:
            cursor.execute(SEED, {"count": reminders, "slot": SLOT})
            cursor.execute("VACUUM ANALYZE")
            cursor.connection.close()
        cpu = push(variables) - start
    (sent,) = first_column(url, "SELECT count(*) FROM notifications_push WHERE outcome = 'sent'")
    return judged(reminders, cpu, json.loads((folder / "report.json").read_text()), sent)


def judged(reminders: int, cpu: float, report: Mapping[str, Any], sent: int) -> list[Row]:
    share = report["cpu"] / max(report["seconds"], 1e-9)
    limit = SECONDS_MOST if share <= 0.5 else SECONDS_MOST_CROWDED
    took = f"; the stand-in took {share:.2f} of a core"
    exact = report["pushes"] == report["different"] == sent == reminders
    return [
        at_most("reminders: CPU of the senders a push", cpu / reminders * 1000, CPU_MS_MOST, " ms"),
        at_most(f"{reminders:,} reminders due at once, two senders", report["seconds"], limit, " s", took),
        Row("pushed, each once · and written down", f"{report['pushes']:,} · {sent:,}", f"{reminders:,}", exact),
    ]


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
    """Two senders until nothing is due; the seconds of CPU that they took, their start included."""
    before = os.times()
    command = [sys.executable, "manage.py", "send_notifications", "--once", "--now", SLOT]
    senders = [
        subprocess.Popen(command, cwd=HERE.root, env=variables, stdout=subprocess.DEVNULL) for _ in range(SENDERS)
    ]
    try:
        assert [sender.wait(LIMIT_SECONDS) for sender in senders] == [0] * SENDERS
    finally:
        for sender in senders:
            sender.kill()
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main(reminders: int) -> None:
    environment.load()
    print(plain(measured(os.environ["DATABASE_URL"], reminders)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
