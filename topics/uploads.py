"""Where a sheet waits between its preview and its confirmation: in the cache, since another worker, on another machine,
may be asked the second time. What nobody confirms is gone after an hour; what the cache lost is uploaded again."""

import zlib
from contextlib import suppress
from typing import Any
from uuid import uuid4

from django_redis import get_redis_connection
from import_export.tmp_storages import BaseStorage
from redis.exceptions import RedisError

KEPT_SECONDS = 3600
# Twenty thousand rows with every cell filled are 6 MB as CSV.
BYTES_MOST = 10 * 1024 * 1024


class Gone(Exception):
    """There is no upload of this name, or no longer."""


class CachedUpload(BaseStorage):
    """As django-import-export wants it. `save` and `read` raise `RedisError` where the cache does not answer."""

    def __init__(self, *, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name=name or uuid4().hex, **kwargs)
        self.redis = get_redis_connection("default")

    @property
    def key(self) -> str:
        return f"upload:{self.name}"

    def save(self, data: bytes) -> None:
        self.redis.set(self.key, zlib.compress(data), ex=KEPT_SECONDS)

    def read(self) -> bytes:
        """Raises `Gone`."""
        packed = self.redis.get(self.key)
        if packed is None:
            raise Gone
        return zlib.decompress(packed)

    def remove(self) -> None:
        with suppress(RedisError):  # what it held is in the catalogue by now, and it ends by itself
            self.redis.delete(self.key)
