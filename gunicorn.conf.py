"""How the web server runs; read by `gunicorn tokpik.wsgi:application` (README, Configuration)."""

import os

bind = f"{os.environ.get('BIND_ADDRESS', '127.0.0.1')}:{os.environ.get('PORT') or '8000'}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or "2")
threads = int(os.environ.get("WEB_THREADS") or "8")
timeout = 30
graceful_timeout = 20
keepalive = 5
# Requests are logged where they are understood; a proxy keeps the access log.
accesslog = None
# A socket that would outlive a container's read-only file system.
control_socket_disable = True
