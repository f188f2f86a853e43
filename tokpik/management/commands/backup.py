import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection
from django.utils import timezone

from accounts.journal import journal_step
from tokpik import backups

logger = logging.getLogger(__name__)
DAY_SECONDS = 86_400.0
AGAIN_SECONDS = 600.0


class Command(BaseCommand):
    help = "Dumps the database into BACKUP_DIR, and deletes what is older than four weeks there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--daily", action="store_true", help="one now, then one a day, until SIGTERM")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["daily"]:
            self.keep_dumping()
            return
        try:
            self.dump()
        except (backups.BackupFailed, OSError) as error:
            raise CommandError(str(error)) from error

    def dump(self) -> None:
        while journal_step():
            pass
        file = backups.dump(timezone.now())
        self.stdout.write(f"{file}: {file.stat().st_size} bytes")
        for what, count in backups.clear_expired(now=timezone.now()):
            self.stdout.write(f"{what}: {count} deleted")
        # A pipe is not written to line by line, and the next line may be a day away.
        self.stdout.flush()

    def keep_dumping(self) -> None:
        """What fails is told and tried again in ten minutes."""
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        pause = 0.0
        while not stop.wait(pause):
            pause = DAY_SECONDS
            try:
                self.dump()
            except (backups.BackupFailed, OSError, Error) as error:
                logger.error("No back-up was made: %s", type(error).__name__)
                self.stderr.write(str(error))
                pause = AGAIN_SECONDS
            connection.close()
