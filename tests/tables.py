"""Which models have a table: all but views and proxies."""

from typing import Any

from django.apps import apps


def tables() -> list[Any]:
    models = apps.get_models(include_auto_created=True)
    return [model for model in models if model._meta.managed and not model._meta.proxy]
