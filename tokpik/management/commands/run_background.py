import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.background import work as accounts_work
from notifications.background import work as notifications_work
from scraps.background import work as scraps_work
from tokpik import background
from tokpik.cleanup import work as own_work
from topics.background import work as topics_work


def all_work() -> list[background.Work]:
    return [*topics_work(), *accounts_work(), *scraps_work(), *notifications_work(), *own_work()]


class Command(BaseCommand):
    help = "Works beside the web server: errands with Kakao, topics to write, counts, clean-up. Runs until SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, then exit")

    def handle(self, *args: Any, **options: Any) -> None:
        kinds = all_work()
        if options["once"]:
            background.run_once(kinds)
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        background.run(kinds, stop)
