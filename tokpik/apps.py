from django.apps import AppConfig


class TokpikConfig(AppConfig):
    name = "tokpik"
    verbose_name = "톡픽"

    def ready(self) -> None:
        from tokpik import checks  # noqa: F401  (registers itself)
