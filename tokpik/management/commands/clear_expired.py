from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.cleanup import clear_expired as clear_accounts
from notifications.cleanup import clear_expired as clear_notifications
from tokpik.cleanup import clear_expired as clear_own
from topics.cleanup import clear_expired as clear_topics


class Command(BaseCommand):
    help = "Deletes what has expired, from tokens to back-ups. run_background does it hourly."

    def handle(self, *args: Any, **options: Any) -> None:
        for clear in (clear_accounts, clear_notifications, clear_topics, clear_own):
            for what, count in clear(now=timezone.now()):
                self.stdout.write(f"{what}: {count} deleted")
