from typing import Any

from django.core.management.base import BaseCommand

from accounts import seeding as accounts
from topics import seeding as topics


class Command(BaseCommand):
    help = "Loads the shipped tags, topics, terms and policies; keeps what staff edited, and away what they deleted."

    def handle(self, *args: Any, **options: Any) -> None:
        for seed in (topics.seed, accounts.seed):
            for name, outcome in seed():
                self.stdout.write(f"{name}: {outcome.created} created, {outcome.updated} updated")
