from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from accounts.journal import delete_again
from accounts.restoring import end_everything
from tokpik import backups
from topics.entries import drop_all

UNFIT = "The database was restored but is not fit to be served: drop it, make it anew, and restore again."


class Command(BaseCommand):
    help = "Restores a back-up into the empty database, without the accounts deleted and sessions ended since."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a dump that `backup` wrote")
        parser.add_argument(
            "--without-journal", action="store_true", help="also when nothing tells who has been deleted since"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.refuse_unless_fit(options["file"], timezone.now(), needs_journal=not options["without_journal"])
            backups.load(options["file"])
        except (backups.BackupFailed, OSError, RedisError) as error:
            raise CommandError(f"Nothing was restored: {error}") from error
        try:
            self.make_fit()
        except Exception as error:
            raise CommandError(UNFIT) from error

    def refuse_unless_fit(self, file: Path, now: datetime, *, needs_journal: bool) -> None:
        """Whatever can be known before anything is changed. Raises `BackupFailed`, `RedisError`."""
        backups.run("pg_restore", "--list", str(file))
        made_at = backups.made_at(file)
        if needs_journal and not backups.journals():
            raise backups.BackupFailed("BACKUP_DIR holds no journal of deletions (deletions-*.log).")
        if needs_journal and made_at and made_at < now - backups.DUMPS_KEPT:
            raise backups.BackupFailed("the journal of deletions does not reach back to this back-up.")
        if connection.introspection.table_names():
            raise backups.BackupFailed("the database is not empty: make a new one and name it in DATABASE_URL.")
        if others := backups.others():
            raise backups.BackupFailed(f"others use this database ({others}): stop web, background and senders.")
        get_redis_connection("default").ping()

    def make_fit(self) -> None:
        """A release newer than the back-up brings its own migrations first."""
        call_command("migrate", verbosity=0, interactive=False)
        # Before anything is looked for: of what was only just loaded the planner knows nothing.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(f"sessions ended: {end_everything(now=timezone.now())}")
        self.stdout.write(f"accounts deleted again: {delete_again()}")
        self.stdout.write(f"cache dropped: {drop_all()}")
