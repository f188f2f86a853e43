"""What topics have to do beside the web server."""

from tokpik.background import Work
from topics.corrections import fold

FOLD_SECONDS = 60.0


def work() -> list[Work]:
    return [Work("corrections", fold, seconds=FOLD_SECONDS)]
