from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Model

from tokpik.copying import bar
from topics.generation import bulk, model
from topics.models import PlaceTag, TopicTag

COUNT_MOST = 1000


class Command(BaseCommand):
    help = "Has a model write topics for a pair of tags, as drafts for staff. Run it again to go on where it ended."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--topic-tag", required=True, metavar="TAG", help="the topic tag, by its name or id")
        parser.add_argument("--place-tag", required=True, metavar="TAG", help="the place tag, by its name or id")
        parser.add_argument("--count", type=int, default=10, metavar="N", help="how many topics to write (10)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not model.is_on():
            raise CommandError("OPENAI_API_KEY is not set: there is no model that could write.")
        if not 1 <= options["count"] <= COUNT_MOST:
            raise CommandError(f"--count must be from 1 to {COUNT_MOST}.")
        topic_tag, place_tag = named(TopicTag, options["topic_tag"]), named(PlaceTag, options["place_tag"])
        job = bulk.job_for(topic_tag=topic_tag, place_tag=place_tag, count=options["count"])
        if job.wanted != options["count"]:
            self.stdout.write(f"Going on with {job.wanted} topics that were begun for this pair.")
        try:
            bulk.work_on(job, bar(self.stdout))  # type: ignore[arg-type]
        except bulk.Stopped as stopped:
            raise CommandError(f"Stopped: {stopped}. Run the same command again to go on.") from stopped


def named(kind: type[Model], text: str) -> Any:
    """The tag that this name or id means. Raises `CommandError`."""
    tags = kind._default_manager.all()
    found = tags.filter(content=text).first() or (tags.filter(pk=int(text)).first() if text.isdecimal() else None)
    if found is None:
        names = ", ".join(map(str, tags))
        raise CommandError(f"There is no {kind._meta.verbose_name} {text!r}: {names}.")
    return found
