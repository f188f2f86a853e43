"""The console's first page, of what each app offers for it."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from accounts.dashboard import panels as accounts_panels
from notifications.dashboard import panels as notifications_panels
from scraps.dashboard import panels as scraps_panels
from tokpik.rollups import Figures
from topics.dashboard import panels as topics_panels

DAYS = 30


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    figures = Figures(now=timezone.now(), days=DAYS)
    offered = (topics_panels, accounts_panels, notifications_panels, scraps_panels)
    taken = max((rollup.taken_at for rollup in figures.rollups.values()), default=None)
    return context | {
        "title": "한눈에 보기",
        "panels": [panel for panels in offered for panel in panels(figures)],
        "span": DAYS,
        "taken_at": taken,
    }
