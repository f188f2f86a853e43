"""python -m bench.soak: so short that only its promises mean anything."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from bench.soak.people import Ledger, lost

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MOST = 240


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """What was measured, by what it is: (measured, figure, ok); it leaves no folder behind."""
    folder = tmp_path_factory.mktemp("soak")
    command = [sys.executable, "-m", "bench.soak", "6"]
    variables = {**os.environ, "TMPDIR": str(folder)}
    run = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=SECONDS_MOST)
    assert run.returncode == 0, run.stdout + run.stderr
    assert list(folder.iterdir()) == []
    rows = [[cell.strip() for cell in line.split(" | ")] for line in run.stdout.splitlines() if " | " in line]
    return {what: rest for what, *rest in rows}


def test_nothing_acknowledged_is_lost_and_nothing_crashes(table):
    assert table["acknowledged writes that were lost"] == ["0", "≤ 0", "ok"]
    assert table["any other answer"] == ["0", "≤ 0", "ok"]
    assert table["reminders overdue at the end"] == ["0", "≤ 0", "ok"]


def test_people_and_faults_were_at_work(table):
    assert int(table["requests"][0].replace(",", "")) > 50
    assert table["a web worker killed"][0] == "1 ×"


@pytest.mark.parametrize("seconds", ["0", "-1", "4000", "soon"])
def test_it_is_bounded(seconds):
    command = [sys.executable, "-m", "bench.soak", seconds]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS_MOST)
    assert (run.returncode, run.stderr) == (2, "SECONDS is a whole number up to 3600.\n")


@pytest.mark.django_db
def test_what_is_not_as_it_was_acknowledged_is_found(client):
    def call(name):
        return client.post("/users/scraps", {"scrapName": name}, format="json").json()["scrapId"]

    kept, gone, renamed, back = (call(name) for name in ("하나", "둘", "셋", "넷"))
    client.delete(f"/users/scraps/{gone}")
    client.patch(f"/users/scraps/{renamed}/titles", {"scrapTitle": "다른 이름"}, format="json")
    ledger = Ledger(
        folders={kept: "하나", gone: "둘", renamed: "셋"}, deleted={back}, entries={(kept, 1)}, reminders={"소개팅"}
    )

    def ask(sql, values):
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return {row[0] for row in cursor.fetchall()}

    assert set(lost(ledger, ask)) == {
        f"folder {gone}",
        f"name of folder {gone}",
        f"folder {back}, deleted",
        f"name of folder {renamed}",
        f"entry {kept} 1",
        "reminder 소개팅",
    }
    assert lost(Ledger(folders={kept: "하나"}, deleted={gone}), ask) == []
