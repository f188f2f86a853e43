from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from redis.exceptions import RedisError

from topics.details import DETAILS
from topics.entries import drop, drop_all
from topics.related import RELATED


class Command(BaseCommand):
    help = "Drops the cached answers about one topic, or all of them: as needed after a restore from a back-up."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--topic", type=int, help="only what is cached about this topic")

    def handle(self, *args: Any, **options: Any) -> None:
        topic = options["topic"]
        try:
            dropped = drop_all() if topic is None else sum(drop(kind, topic) for kind in (RELATED, DETAILS))
        except RedisError as error:
            raise CommandError(f"The cache does not answer: {type(error).__name__}") from error
        self.stdout.write(f"dropped: {dropped}")
