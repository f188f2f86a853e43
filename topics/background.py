"""What topics have to do beside the web server."""

from tokpik.background import Work
from topics.corrections import fold
from topics.generation import model, writing

FOLD_SECONDS = 60.0
# Somebody waits for it: with so many that look in turn, one does ten times a second.
LOOK_SECONDS = 0.4


def work() -> list[Work]:
    found = [Work("corrections", fold, seconds=FOLD_SECONDS)]
    if model.is_on():
        found += [Work(f"writing {number}", writing.step, LOOK_SECONDS) for number in range(1, model.CALLS_AT_ONCE + 1)]
    return found
