"""What topics have to do beside the web server."""

from tokpik.background import Work, clearing
from topics import dashboard
from topics.cleanup import clear_expired
from topics.corrections import fold
from topics.generation import model, writing
from topics.generation.publishing import publish_step

FOLD_SECONDS = 60.0
PUBLISH_SECONDS = 60.0
CLEAN_UP_SECONDS = 3600.0
COUNT_SECONDS = 600.0
# Somebody waits for it: with so many that look in turn, one does ten times a second.
LOOK_SECONDS = 0.4


def work() -> list[Work]:
    found = [
        Work("corrections", fold, seconds=FOLD_SECONDS),
        Work("publishing", publish_step, seconds=PUBLISH_SECONDS),
        Work("clean-up of topics", clearing(clear_expired), seconds=CLEAN_UP_SECONDS),
        Work("counts of the catalogue", dashboard.count, seconds=COUNT_SECONDS),
    ]
    if model.is_on():
        found += [Work(f"writing {number}", writing.step, LOOK_SECONDS) for number in range(1, model.CALLS_AT_ONCE + 1)]
    return found
