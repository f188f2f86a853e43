from django.apps import AppConfig
from django.core.cache import close_caches
from django.core.signals import request_finished


class TokpikConfig(AppConfig):
    name = "tokpik"
    verbose_name = "톡픽"

    def ready(self) -> None:
        from tokpik import checks  # noqa: F401  (registers itself)

        # django-redis keeps its connections, so there is nothing to close after a request.
        request_finished.disconnect(close_caches)
