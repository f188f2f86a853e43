"""python -m bench: run as `make bench` runs it, on a catalogue so small that only counts mean anything."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 240
# Counts, and what no busy machine changes.
STEADY = [
    "related, hit: SQL statements",
    "related, hit: round trips to Redis",
    "GET /users/scraps: statements over 5 and over 500 rows",
    "GET /users/scraps/{id}/topics: statements over 5 and over 500 rows",
    "POST /topics: statements at most",
    "login of a known user: SQL statements, with BEGIN and COMMIT",
    "refresh: SQL statements, with BEGIN and COMMIT",
    "clearing 300 expired tokens: SQL statements",
    "pushed, each once · and written down",
    "a web worker's memory (Pss), after the load above",
    "runtime packages, apparent size without bytecode",
]
NOISY = [
    "CPU of a hit / authenticated no-op",
    "CPU of a hit / the textbook's",
    "CPU of a hit / FastAPI's",
    "CPU a request: SELECT 1",
    "related, miss, p50: never seen, two syllables; 300 topics, half without a situation",
    "related, miss, p50: no situation; 300 topics, none without a situation",
    "related, miss, growth from 300; 300 topics, half without a situation",
    "p50, 32 at once: the predecessor's query without cache → ours with it; 300 topics, half without a situation",
    "50 at once on one cold key: runs of its query",
    "hit ratio, a correction every 3 s, Zipf over 50 topics, 200 reads/s",
    "POST /topics, p50: never seen (300 topics)",
    "CPU of a refresh, web and database: stock simplejwt's / ours",
    "reminders: CPU of the senders a push",
    "seeding 300 topics",
]


@pytest.fixture(scope="module")
def table():
    """What was measured, by what it is: (measured, figure, ok)."""
    address, _, query = os.environ["DATABASE_URL"].partition("?")
    environment = {
        **os.environ,
        "DATABASE_URL": f"{address.rpartition('/')[0]}/test_bench?{query}",
        # Above those of the suite's own processes.
        "REDIS_URL": re.sub(r"\?db=\d+$", "?db=50", os.environ["REDIS_URL"]),
        "DJANGO_SETTINGS_MODULE": "bench.settings",
    }
    command = [sys.executable, "-m", "bench", "tiny"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert run.returncode == 0, run.stdout + run.stderr
    rows = [[cell.strip() for cell in line.split(" | ")] for line in run.stdout.splitlines() if " | " in line]
    return {what: rest for what, *rest in rows}


def test_it_says_what_it_measured_beside_what_was_promised(table):
    assert table["what"] == ["measured", "figure", "ok"]
    missing = {*STEADY, *NOISY} - set(table)
    assert not missing


def test_what_can_be_counted_is_as_promised(table):
    assert {what: table[what] for what in STEADY if table[what][-1] != "ok"} == {}


def test_the_textbook_costs_more_than_ours(table):
    """However busy the machine is: it is several times as much."""
    assert float(table["CPU of a hit / the textbook's"][0].removesuffix(" ×")) < 1
