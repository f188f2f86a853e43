from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.cleanup import clear_expired as clear_accounts


class Command(BaseCommand):
    help = "Deletes what has expired: tokens, sessions, revocations, console sessions. run_background does it hourly."

    def handle(self, *args: Any, **options: Any) -> None:
        for what, count in clear_accounts(now=timezone.now()):
            self.stdout.write(f"{what}: {count} deleted")
