"""The bench's own databases: one for each catalogue, made anew each time from one that is migrated and seeded."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psycopg

from tokpik.local.checkout import HERE

PEOPLE = 100
# Base topics beside those of `seed_scale`: with situations that nobody else has, long ones and of two syllables, with
# which a trigram index can do nothing (뷁 stands in no other text), and without a situation.
ADDED = """
WITH situation AS ({situations}), numbered AS (
    SELECT id, row_number() OVER (ORDER BY id) AS number FROM situation
), pattern AS (
    SELECT *, row_number() OVER (ORDER BY id) AS number FROM topics_topic WHERE status = 'published' LIMIT %(count)s
)
INSERT INTO topics_topic (title, subtitle, situation_id, purposes, moods, topic_tag_id, place_tag_id, status, source,
    created_at, updated_at)
SELECT title, subtitle, numbered.id, purposes, moods, topic_tag_id, place_tag_id, status, source, created_at, updated_at
FROM numbered JOIN pattern USING (number) RETURNING id
"""
NEW = "INSERT INTO topics_situation (text) SELECT {text} FROM generate_series(1, %(count)s) number RETURNING id"
ADDED_SITUATIONS = {
    "never seen": NEW.format(text="'아무도 없는 자리 ' || number"),
    "never seen, two syllables": NEW.format(text="'뷁' || chr(44032 + number::int)"),
    "no situation": "SELECT id FROM topics_situation, generate_series(1, %(count)s) WHERE text = ''",
}
FOUND = """
SELECT id FROM topics_topic WHERE status = 'published' AND situation_id = ANY (ARRAY({situations}))
ORDER BY hashint8(id) LIMIT %(count)s
"""
FOUND_SITUATIONS = {
    "frequent": "SELECT id FROM topics_situation WHERE text IN ('첫만남', '1 : 1', '집단')",
    "rare": """SELECT situation_id FROM topics_topic JOIN topics_situation situation ON situation.id = situation_id
        WHERE text <> '' AND text !~ '^(뷁|아무도)' GROUP BY situation_id ORDER BY count(*), situation_id LIMIT 20""",
}


@dataclass(frozen=True, eq=False)
class Catalogue:
    """`topics` made-up topics, a share `empty` of them without a situation; it took `seconds` to seed them.

    `bases` are topics whose related ones are asked for, by how their situation stands in the catalogue.
    """

    topics: int
    empty: float
    url: str
    seconds: float
    bases: Mapping[str, list[int]]

    def __str__(self) -> str:
        return f"{self.topics:,} topics, {'half' if self.empty else 'none'} without a situation"

    def ask(self, sql: str) -> list[Any]:
        return first_column(self.url, sql)

    @cached_property
    def people(self) -> list[int]:
        return self.ask("SELECT id FROM accounts_user WHERE kakao_id < -1 ORDER BY id")


@contextmanager
def made(url: str, shapes: Sequence[tuple[int, float]], bases: int) -> Iterator[list[Catalogue]]:
    """A catalogue for each (topics, share of empty situations), gone again afterwards; the last one is at `url`."""
    pattern = named(url, "_pattern")
    urls = [*(named(url, f"_{number}") for number in range(1, len(shapes))), url]
    try:
        create(pattern)
        manage("migrate", "-v0", url=pattern)
        manage("seed", "-v0", url=pattern)
        manage("seed_scale", f"--users={PEOPLE}", url=pattern)
        yield [fill(where, pattern, *shape, bases) for where, shape in zip(urls, shapes, strict=True)]
    finally:
        for where in [*urls, pattern]:
            drop(where)


def fill(url: str, pattern: str, topics: int, empty: float, bases: int) -> Catalogue:
    create(url, pattern)
    began = time.monotonic()
    manage("seed_scale", f"--topics={topics}", f"--empty-situations={empty}", url=url)
    seconds = time.monotonic() - began
    count = {"count": bases}
    added = {name: first_column(url, ADDED.format(situations=sql), count) for name, sql in ADDED_SITUATIONS.items()}
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("VACUUM ANALYZE")
    found = {name: first_column(url, FOUND.format(situations=sql), count) for name, sql in FOUND_SITUATIONS.items()}
    return Catalogue(topics, empty, url, seconds, {**found, **added})


def first_column(url: str, sql: str, values: Mapping[str, object] | None = None) -> list[Any]:
    with psycopg.connect(url, autocommit=True) as database:
        return [row[0] for row in database.execute(sql.encode(), values).fetchall()]


def create(url: str, pattern: str = "template0") -> None:
    drop(url)
    with administration(url) as server:
        server.execute(f"CREATE DATABASE {name_in(url)} TEMPLATE {name_in(pattern)}")


def drop(url: str) -> None:
    with administration(url) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name_in(url)} WITH (FORCE)")


def manage(*arguments: str, url: str) -> None:
    """What it prints is for somebody who watches: progress."""
    output = None if sys.stdout.isatty() else subprocess.DEVNULL
    environment = {**os.environ, "DATABASE_URL": url}
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=HERE.root, env=environment, check=True, stdout=output)


def named(url: str, suffix: str) -> str:
    """The address of the database beside `url`'s that has this suffix."""
    before, _, query = url.partition("?")
    return f"{before}{suffix}?{query}" if query else f"{before}{suffix}"


def name_in(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def administration(url: str) -> "psycopg.Connection[Any]":
    before, _, query = url.partition("?")
    return psycopg.connect(f"{before.rpartition('/')[0]}/postgres?{query}", autocommit=True)
