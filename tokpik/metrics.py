"""`/metrics`: what Prometheus reads, summed over the processes of the web server.

An app's figures stand at the top of the module where things happen, and are counted there:

    from prometheus_client import Counter, Histogram

    READS = Counter("related_reads", "Reads of the cache.", ["outcome"])
    HIT, MISS = READS.labels("hit"), READS.labels("miss")
    FILL_SECONDS = Histogram("related_fill_seconds", "What a miss takes.", buckets=(0.005, 0.05, 0.5, 5))

    HIT.inc()
    FILL_SECONDS.observe(0.002)

The values of a label are few and known to the code, never taken from what somebody sends. A gauge says how the
processes' values become one: `Gauge(…, multiprocess_mode="livesum")`. gunicorn.conf.py makes the folder in which they
keep them; without it (`manage.py`, tests) there is one process.

What other containers do is counted in the database, and what waits there is measured there: the functions that
`FIGURES` names give it at each reading, the same whichever process answers.
"""

import logging
import os
from collections.abc import Iterator
from secrets import compare_digest

from django.conf import settings
from django.db import Error
from django.http import HttpResponse
from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from rest_framework.request import Request

from tokpik.errors import NotAuthenticated
from tokpik.viewsets import OpenViewSet

logger = logging.getLogger(__name__)


class MetricsViewSet(OpenViewSet):
    """Open to whoever shows the token of METRICS_TOKEN; to nobody while there is none. No part of the REST API."""

    @extend_schema(exclude=True)
    def read(self, request: Request) -> HttpResponse:
        if not knows_the_token(request):
            raise NotAuthenticated
        return HttpResponse(
            generate_latest(registry()) + generate_latest(of_database()), content_type=CONTENT_TYPE_LATEST
        )


def knows_the_token(request: Request) -> bool:
    shown = request.headers.get("Authorization", "").encode("latin-1", "replace")
    right = compare_digest(shown, f"Bearer {settings.METRICS_TOKEN}".encode())
    return right and bool(settings.METRICS_TOKEN)


def registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    # Something may have swept the system's temporary folder: what was counted there is gone, but not this page.
    os.makedirs(os.environ["PROMETHEUS_MULTIPROC_DIR"], mode=0o700, exist_ok=True)
    summed = CollectorRegistry()
    MultiProcessCollector(summed)
    return summed


def of_database() -> CollectorRegistry:
    asked = CollectorRegistry()
    asked.register(DatabaseFigures())
    return asked


class DatabaseFigures(Collector):
    """What each app has to say; nothing of it while the database does not answer, but that."""

    def describe(self) -> list[Metric]:
        """Nothing is asked before the reading."""
        return []

    def collect(self) -> Iterator[Metric]:
        found, answers = [], True
        try:
            for path in settings.FIGURES:
                found += import_string(path)()
        except Error as error:
            logger.warning("The database has no figures: %s", type(error).__name__)
            answers = False
        yield GaugeMetricFamily("database_up", "Whether the database gave what follows.", value=answers)
        yield from found
