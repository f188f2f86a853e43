"""How the web server runs; read by `gunicorn tokpik.wsgi:application` (README, Configuration)."""

import os
import sys

from tokpik.local import environment

environment.load()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokpik.settings")

from django.conf import settings  # noqa: E402

# gunicorn runs no system checks: a broken configuration stops it here, in sentences, before any worker starts.
if settings.CONFIGURATION_PROBLEMS:
    sys.exit("\n".join(settings.CONFIGURATION_PROBLEMS))

bind = f"{os.environ.get('BIND_ADDRESS') or '127.0.0.1'}:{settings.PORT}"
worker_class = "gthread"
workers = settings.WEB_CONCURRENCY
threads = settings.WEB_THREADS
timeout = 30
graceful_timeout = 20
keepalive = 5
# Requests are logged where they are understood; a proxy keeps the access log.
accesslog = None
# A socket that would need a place to write in a container.
control_socket_disable = True
