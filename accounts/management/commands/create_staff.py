import sys
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import User
from accounts.roles import ADMIN, ROLES, give_role


class Command(BaseCommand):
    help = "Makes a staff login for the console. Asks for the password, or reads it from a pipe."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--role", choices=[*ROLES, ADMIN], default=ADMIN, help="admin, with every permission, unless said"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        username = options["username"].strip()
        if not 1 <= len(username) <= 50:
            raise CommandError("The staff name must be 1 to 50 letters.")
        if User.objects.filter(username=username).exists():
            raise CommandError(f"There is a staff login named {username} already.")
        password = ask() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            validate_password(password, User(username=username))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        with transaction.atomic():
            give_role(User.objects.create_staff(username=username, password=password), options["role"])
        self.stdout.write(f"{username} can sign in at /admin/.")


def ask() -> str:
    password = getpass("Password: ")
    if password != getpass("Password again: "):
        raise CommandError("The two passwords differ.")
    return password
