from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from accounts.second_factor import forget


class Command(BaseCommand):
    help = (
        "For a lost phone: signs this one of the staff out everywhere, and lets them enrol another at the next sign-in."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"], is_staff=True).first()
        if user is None:
            raise CommandError(f"There is no staff login named {options['username']}.")
        forget(user)
        self.stdout.write(f"{user} enrols a phone at the next sign-in.")
