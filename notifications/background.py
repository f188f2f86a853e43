"""What reminders have to do beside the web server and the sender."""

from notifications import dashboard
from notifications.cleanup import clear_expired
from tokpik.background import Work, clearing

CLEAN_UP_SECONDS = 3600.0
COUNT_SECONDS = 300.0


def work() -> list[Work]:
    return [
        Work("counts of pushes", dashboard.count, seconds=COUNT_SECONDS),
        Work("clean-up of reminders", clearing(clear_expired), seconds=CLEAN_UP_SECONDS),
    ]
