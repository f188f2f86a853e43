"""What must hold before anything is served, said in sentences (Django system checks)."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from tokpik import timeouts

OLDEST_POSTGRESQL = 16_00_00


@register("configuration")
def check_configuration(**kwargs: Any) -> list[CheckMessage]:
    return [Error(problem, id="tokpik.E001") for problem in settings.CONFIGURATION_PROBLEMS]


@register(Tags.database)
def check_database(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    if settings.CONFIGURATION_PROBLEMS:
        return []  # one of them may be that no database is named
    problems: list[CheckMessage] = []
    for alias in databases or []:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int")
            (version,) = cursor.fetchone()
        if version < OLDEST_POSTGRESQL:
            problems.append(Error(f"PostgreSQL is older than {OLDEST_POSTGRESQL // 10000}.", id="tokpik.E002"))
        if dropped := timeouts.missing(connections[alias]):
            hint = "A pooler in between drops what a connection asks for: set them on the role (docs/decisions/0040)."
            problems.append(Warning(f"Not in force: {', '.join(dropped)}.", hint=hint, id="tokpik.W001"))
    return problems
