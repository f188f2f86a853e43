"""How an answer waits for what is being written: bounded in time, without a connection, and few threads at once."""

import time
from datetime import timedelta
from functools import cache
from threading import Lock

from django.conf import settings
from django.db import connection
from django.utils import timezone

from tokpik.outside import Places
from topics.models import GenerationRequest

LOOK_SECONDS = 0.1
# How long one more answer than may wait waits for its turn.
QUEUE_SECONDS = 0.2
making = Lock()


@cache
def places() -> Places:
    """At most a quarter of a process's threads, so that a slow model leaves the rest to serve."""
    return Places(max(1, settings.WEB_THREADS // 4))


def wait_for(request: GenerationRequest) -> bool:
    """Until the request is no longer open, or its time is up: GENERATION_BUDGET seconds from when it was made, so that
    equal calls wait for the same moment. Whether it waited at all; call it outside of transactions."""
    until = min(timezone.now(), request.created_at) + timedelta(seconds=settings.GENERATION_BUDGET)
    connection.close()
    if timezone.now() >= until:
        return False
    with making:
        the_places = places()
    if not the_places.take(QUEUE_SECONDS):
        return False
    try:
        while (left := (until - timezone.now()).total_seconds()) > 0 and is_open(request):
            time.sleep(min(LOOK_SECONDS, left))
    finally:
        the_places.release()
    return True


def is_open(request: GenerationRequest) -> bool:
    try:
        return GenerationRequest.objects.open().filter(pk=request.pk).exists()
    finally:
        connection.close()
