"""The WSGI entry point. Whatever serves it, it refuses to serve with a broken configuration."""

import os

from tokpik.local import environment

environment.load()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokpik.settings")

from django.conf import settings  # noqa: E402
from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

if settings.CONFIGURATION_PROBLEMS:
    raise ImproperlyConfigured(" ".join(settings.CONFIGURATION_PROBLEMS))
application = get_wsgi_application()
