"""How the web server runs; read by `gunicorn tokpik.wsgi:application` (README, Configuration)."""

import logging
import os
import shutil
import sys
import tempfile
from logging.config import dictConfig
from typing import Any

from tokpik.local import environment

environment.load()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokpik.settings")

import orjson  # noqa: E402
from django.conf import settings  # noqa: E402
from gunicorn import util  # noqa: E402
from gunicorn.glogging import Logger  # noqa: E402

# gunicorn runs no system checks: a broken configuration stops it here, in sentences, before any worker starts.
if settings.CONFIGURATION_PROBLEMS:
    sys.exit("\n".join(settings.CONFIGURATION_PROBLEMS))


class ServerLog(Logger):
    """gunicorn's own lines, formatted as all others from the first one on.

    Not by its `logconfig_dict`: with that it composes an access line for each request and throws it away.
    """

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        dictConfig(settings.LOGGING)
        logging.captureWarnings(True)


def write_error(sock: Any, status: int, reason: str, message: str) -> None:
    """In the place of gunicorn's page, for what never reaches the service (malformed, too long): its language, and
    nothing quoted."""
    from tokpik.errors import body_for_status

    body = orjson.dumps(body_for_status(status))
    head = f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/json\r\n"
    util.write_nonblock(sock, f"{head}Cache-Control: no-store\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


util.write_error = write_error

bind = f"{os.environ.get('BIND_ADDRESS') or '127.0.0.1'}:{settings.PORT}"
worker_class = "gthread"
workers = settings.WEB_CONCURRENCY
threads = settings.WEB_THREADS
timeout = 30
graceful_timeout = 20
keepalive = 5
# The most that gunicorn takes.
limit_request_line = 8190
# Requests are logged where they are understood; a proxy keeps the access log.
accesslog = None
# A socket that would need a place to write in a container.
control_socket_disable = True
logger_class = ServerLog


def on_starting(server: Any) -> None:
    """A fresh folder for the workers' counts (tokpik.metrics): those of an earlier run would be added to them."""
    server.metrics_folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="tokpik-metrics-")


def pre_fork(server: Any, worker: Any) -> None:
    """Something may have swept the system's temporary folder since; a worker that cannot count does not start."""
    os.makedirs(server.metrics_folder, mode=0o700, exist_ok=True)


def child_exit(server: Any, worker: Any) -> None:
    # Not at the top: what prometheus_client counts with is settled when it is first imported.
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def on_exit(server: Any) -> None:
    shutil.rmtree(server.metrics_folder, ignore_errors=True)
