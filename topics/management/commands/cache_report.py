from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from topics.cache_report import KINDS, Report, Use, report
from topics.cache_use import AGES
from topics.related import RELATED


class Command(BaseCommand):
    help = "Shows what the cache is worth: hits and misses, fill times, the age of what was served, memory."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hours", type=int, default=24, help="how far back (24)")

    def handle(self, *args: Any, **options: Any) -> None:
        found = report(now=timezone.now(), hours=options["hours"])
        for line in [*table(found), "", *shorter(found.use(RELATED.name)), "", *server(found)]:
            self.stdout.write(line)


def table(found: Report) -> list[str]:
    head = f"{'':12}{'looks':>10}{'hits':>10}{'ratio':>8}{'stale':>8}{'fills':>8}{'ms a fill':>11}"
    rows = [f"{timezone.localtime(hour):%m-%d %H:00} {row(use)}" for hour, use in found.use_by_hour(RELATED)]
    return [head, *rows, *(f"{name:12}{row(found.use(name))}" for name in KINDS)]


def row(use: Use) -> str:
    numbers = f"{int(use.number('stale')):8}{int(use.number('fill')):8}"
    return f"{use.looks:10}{use.hits:10}{percent(use.ratio):>8}{numbers}{use.fill_ms or 0:11.1f}"


def shorter(use: Use) -> list[str]:
    return ["With a shorter TTL the ratio of `related` would have been at least"] + [
        f"{seconds:10} s  {percent(use.ratio_with_ttl(seconds))}" for seconds in AGES
    ]


def server(found: Report) -> list[str]:
    if found.server is None:
        return ["The cache does not answer."]
    return [f"{name}: {value}" for name, value in found.server.items()]


def percent(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.1%}"
