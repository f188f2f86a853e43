"""The project's settings, with what parallel tests need: no pool, and a Valkey database for each worker."""

import os
import re

from tokpik.settings import *  # noqa: F403
from tokpik.settings import CACHES, DATABASES

del DATABASES["default"]["OPTIONS"]["pool"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Database 0 is the development server's.
worker = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or "0") + 1
CACHES["default"]["LOCATION"] = re.sub(r"\?db=\d+$", "", str(CACHES["default"]["LOCATION"])) + f"?db={worker}"
# The suite speaks to no real Kakao and no real FCM; tests that sign in name a stand-in on loopback.
KAKAO_AUTH_URL = KAKAO_API_URL = "http://127.0.0.1:9"
# A sender that a test starts is told where its stand-in is.
FCM_URL = os.environ.get("FCM_URL", "http://127.0.0.1:9")
# And to no model: tests that have one written to name a stand-in on loopback, as do the processes they start.
OPENAI_BASE_URL = os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:9")
# Nothing is collected for the suite.
STATIC_ROOT = None  # type: ignore[assignment]
