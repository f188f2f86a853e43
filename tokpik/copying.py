"""Bulk data by COPY, with a progress bar. For load tests and benches: the rows are made up."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from django.db import connection

BAR = 30
STEP = 5_000
Progress = Callable[[str, int, int], None]


def copy(
    table: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, total: int, progress: Progress
) -> None:
    """COPY `rows` into the table; tells `progress` of every few thousand.

    `rows` are made while COPY holds the connection: they cannot ask the database for anything.
    """
    progress(table, 0, total)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as out:
        for done, row in enumerate(rows, start=1):
            out.write_row(row)
            if done % STEP == 0 or done == total:
                progress(table, done, total)


@contextmanager
def without_indexes(table: str) -> Iterator[None]:
    """Drop the table's plain indexes and make them again at the end: filling them row by row takes far longer."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
            WHERE indrelid = %s::regclass AND NOT indisunique""",
            [table],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        # Indexes of words are made three times as quickly with room for them.
        cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
        # Foreign keys are deferred; no index can be made while some are still to be checked.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for _, definition in indexes:
            cursor.execute(definition)


def bar(out: TextIO) -> Progress:
    """A progress bar for a terminal; one line at each end for anything else."""

    def show(what: str, done: int, total: int) -> None:
        if not out.isatty():
            if done in (0, total):
                out.write(f"{what}: {done:,} of {total:,}\n")
            return
        filled = BAR * done // max(total, 1)
        out.write(f"\r{what:32} [{'#' * filled}{'.' * (BAR - filled)}] {done:>9,} of {total:,}")
        out.write("\n" if done == total else "")
        out.flush()

    return show
