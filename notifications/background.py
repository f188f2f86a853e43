"""What reminders have to do beside the web server and the sender."""

from django.utils import timezone

from notifications import dashboard
from notifications.cleanup import clear_expired
from tokpik.background import Work

CLEAN_UP_SECONDS = 3600.0
COUNT_SECONDS = 300.0


def work() -> list[Work]:
    return [
        Work("counts of pushes", dashboard.count, seconds=COUNT_SECONDS),
        Work("clean-up of reminders", clean_up, seconds=CLEAN_UP_SECONDS),
    ]


def clean_up() -> bool:
    for _ in clear_expired(now=timezone.now()):
        pass
    return False
