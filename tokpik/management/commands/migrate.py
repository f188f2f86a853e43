from typing import Any

from django.core.management.commands import migrate
from django.db.migrations import Migration

from tokpik.timeouts import Timeouts, held_to, hold_to

# Whoever waits for a table's lock has everybody else wait behind it: a migration gives up first, and is run again.
IN_A_TRANSACTION = Timeouts(statement=600, lock=2, idle=600)
# An index that is made concurrently waits for all transactions that are open, and nobody for it; given up, it would
# leave an invalid one.
CONCURRENTLY = Timeouts(statement=3600, lock=0, idle=600)


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with held_to(IN_A_TRANSACTION):
            super().handle(*args, **options)

    def migration_progress_callback(self, action: str, migration: Migration | None = None, fake: bool = False) -> None:
        if migration and action in ("apply_start", "unapply_start"):
            hold_to(IN_A_TRANSACTION if migration.atomic else CONCURRENTLY)
        super().migration_progress_callback(action, migration, fake)
