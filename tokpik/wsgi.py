"""The WSGI entry point. Whatever serves it, it refuses to serve with a broken configuration."""

import os
from typing import Any

from tokpik.local import environment

environment.load()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokpik.settings")

from django.conf import settings  # noqa: E402
from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.core.handlers.wsgi import WSGIRequest  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.utils.http import parse_header_parameters  # noqa: E402

from tokpik import timeouts  # noqa: E402

if settings.CONFIGURATION_PROBLEMS:
    raise ImproperlyConfigured(" ".join(settings.CONFIGURATION_PROBLEMS))


class Utf8Request(WSGIRequest):
    """JSON and queries are UTF-8, whatever charset a Content-Type names: some cannot even decode text, and Django would
    fail on them before any middleware runs."""

    def _set_content_type_params(self, meta: dict[str, Any]) -> None:
        self.content_type, self.content_params = parse_header_parameters(meta.get("CONTENT_TYPE", ""))


timeouts.serve_the_web()
application = get_wsgi_application()
application.request_class = Utf8Request
