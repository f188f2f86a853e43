"""`/livez`: the process answers. `/readyz`: so does what it needs; a balancer looks here."""

import tempfile
from pathlib import Path
from typing import Any

from django.db import connection
from django_redis import get_redis_connection
from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisClusterException, RedisError
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from tokpik.errors import UpstreamUnavailable
from tokpik.fields import StrictBoolean, Text
from tokpik.viewsets import OpenViewSet

# deploy/release makes it in a container that is to be replaced.
LEAVING = Path(tempfile.gettempdir(), "tokpik-leaving")


class LiveAnswer(serializers.Serializer[Any]):
    status = Text(example="ok")


class ReadyAnswer(LiveAnswer):
    cache = StrictBoolean(example=True, help_text="캐시가 답하는지; 없어도 서비스는 됩니다")


class HealthViewSet(OpenViewSet):
    @extend_schema(tags=["운영"], summary="살아 있는지", responses=LiveAnswer)
    def live(self, request: Request) -> Response:
        """503 from the moment when this server is to be replaced: the proxy then sends nothing new here."""
        if LEAVING.exists():
            raise UpstreamUnavailable
        return Response({"status": "ok"})

    @extend_schema(tags=["운영"], summary="준비되었는지", responses=ReadyAnswer)
    def ready(self, request: Request) -> Response:
        """503 without the database; without the cache the service is slower, and ready."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return Response({"status": "ok", "cache": cache_answers()})


def cache_answers() -> bool:
    try:
        return bool(get_redis_connection("default").ping())
    except (RedisError, RedisClusterException):
        return False
