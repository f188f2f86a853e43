"""The WSGI entry point. It refuses to serve with a broken configuration: gunicorn runs no system checks."""

import os
import sys

from tokpik.local import environment

environment.load()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokpik.settings")

from django.conf import settings  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402

if settings.CONFIGURATION_PROBLEMS:
    sys.exit("\n".join(settings.CONFIGURATION_PROBLEMS))
application = get_wsgi_application()
