"""What accounts have to do beside the web server."""

from accounts import dashboard
from accounts.cleanup import clear_expired
from accounts.journal import journal_step
from accounts.unlinking import notice_step, unlink_step
from tokpik.background import Work, clearing

CLEAN_UP_SECONDS = 3600.0
COUNT_SECONDS = 600.0


def work() -> list[Work]:
    return [
        Work("unlinking", unlink_step),
        Work("unlink notices", notice_step),
        Work("journal of deletions", journal_step),
        Work("counts of people", dashboard.count, seconds=COUNT_SECONDS),
        Work("clean-up", clearing(clear_expired), seconds=CLEAN_UP_SECONDS),
    ]
