import signal
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications.clock import Clock
from notifications.console import Console
from notifications.credential import Credential, Refused, Unusable
from notifications.fcm import Fcm
from notifications.sender import Gateway, Sender
from notifications.slots import SEOUL


class Command(BaseCommand):
    help = "Pushes the reminders that are due. Runs until SIGTERM; several may run side by side."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="push what is due now, then exit")
        parser.add_argument("--now", metavar="ISO8601", help="with --once: take this for the present moment")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["now"] and not options["once"]:
            raise CommandError("--now works with --once only.")
        clock = Clock(moment(options["now"]) if options["now"] else None)
        sender = Sender(gateway=self.gateway(), clock=clock, tell=self.tell)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sender.stop())
        try:
            sender.run(once=options["once"])
        except Refused as refused:
            raise CommandError(f"The sender stops: {refused}") from refused

    def gateway(self) -> Gateway:
        if settings.FCM_CREDENTIALS:
            try:
                return Fcm(credential=Credential(settings.FCM_CREDENTIALS), url=settings.FCM_URL)
            except Unusable as unusable:
                raise CommandError(f"FCM_CREDENTIALS: {unusable}") from unusable
        if not settings.DEVELOPMENT:
            raise CommandError("FCM_CREDENTIALS is not set: name the file of a service account that may push.")
        return Console(self.tell)

    def tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def moment(text: str) -> datetime:
    """Without an offset it is Seoul's. Raises `CommandError`."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--now is {text!r}: give a moment such as 2027-03-14T19:00:00+09:00.") from error
    return given if given.tzinfo else given.replace(tzinfo=SEOUL)
