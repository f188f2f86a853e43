from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import bulk as accounts
from scraps import bulk as scraps
from tokpik.copying import bar
from tokpik.timeouts import NONE, held_to
from topics import bulk as topics
from topics.models import TopicTag


class Command(BaseCommand):
    help = "Adds made-up topics, people and folders in bulk, for load tests and benches."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--topics", type=int, default=0, help="how many topics to add")
        parser.add_argument("--users", type=int, default=0, help="how many people to add, with interests and folders")
        parser.add_argument("--empty-situations", type=float, default=0.5, help="share of topics that suit any (0.5)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not TopicTag.objects.exists():
            raise CommandError("There are no tags yet: run `manage.py seed` first.")
        progress = bar(self.stdout)  # type: ignore[arg-type]
        with held_to(NONE), transaction.atomic():
            topics.scale(topics=options["topics"], empty_situations=options["empty_situations"], progress=progress)
            people = accounts.scale(users=options["users"], progress=progress)
            scraps.scale(users=people, progress=progress)
