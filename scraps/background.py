"""What folders have to do beside the web server."""

from scraps import dashboard
from tokpik.background import Work

COUNT_SECONDS = 300.0
# It reads the whole catalogue.
RANK_SECONDS = 3600.0


def work() -> list[Work]:
    return [
        Work("counts of scraps", dashboard.count, seconds=COUNT_SECONDS),
        Work("ranks of topics", dashboard.rank, seconds=RANK_SECONDS),
    ]
