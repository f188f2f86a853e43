"""What topics have to do beside the web server."""

from tokpik.background import Work
from topics import dashboard
from topics.corrections import fold

FOLD_SECONDS = 60.0
COUNT_SECONDS = 600.0


def work() -> list[Work]:
    return [
        Work("corrections", fold, seconds=FOLD_SECONDS),
        Work("counts of the catalogue", dashboard.count, seconds=COUNT_SECONDS),
    ]
