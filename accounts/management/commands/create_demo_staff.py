import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User

NAME = "demo"


class Command(BaseCommand):
    help = "Makes the demo staff login of a development checkout, with the password in DEMO_STAFF_PASSWORD."

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("DEMO_STAFF_PASSWORD")
        if not settings.DEVELOPMENT or not password:
            raise CommandError("The demo login is for PROFILE=development with a DEMO_STAFF_PASSWORD.")
        demo = User.objects.filter(username=NAME).first()
        if demo is None:
            User.objects.create_staff(username=NAME, password=password, is_superuser=True)
        elif not demo.check_password(password):
            demo.set_password(password)
            demo.save(update_fields=["password"])
