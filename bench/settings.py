"""The service's settings as it ships, with the rivals' paths beside its own."""

from tokpik.settings import *  # noqa: F403
from tokpik.settings import CACHES

ROOT_URLCONF = "bench.rivals.urls"
# As django-redis comes: values are pickled.
CACHES["textbook"] = {
    "BACKEND": "django_redis.cache.RedisCache",
    "LOCATION": CACHES["default"]["LOCATION"],
    "KEY_PREFIX": "textbook",
}
# A few people make all of the load.
THROTTLE = False
