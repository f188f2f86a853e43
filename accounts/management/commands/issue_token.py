import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.sessions import begin_session

# Kakao's ids are positive: negative ones are made-up people's.
SOMEBODY = -1


class Command(BaseCommand):
    help = "Signs somebody in without Kakao and prints their tokens as one JSON line (PROFILE=development only)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", type=int, metavar="ID", help="whom to sign in; a made-up person by default")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError("issue_token works with PROFILE=development only.")
        now = timezone.now()
        with transaction.atomic():
            if options["user"] is None:
                User.objects.get_or_create(kakao_id=SOMEBODY, defaults={"consented_at": now})
            whom = {"kakao_id": SOMEBODY} if options["user"] is None else {"pk": options["user"]}
            user = User.objects.select_for_update(no_key=True).filter(is_active=True, **whom).first()
            if user is None:
                raise CommandError(f"There is no active user with the id {options['user']}.")
            pair = begin_session(user=user, device="issue_token", now=now)
        self.stdout.write(json.dumps(pair.as_json()))
