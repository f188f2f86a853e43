"""Processes of their own, on the database of the test that starts them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import connection

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 90


def environment_of_this_database() -> dict[str, str]:
    """The environment, with the database that the test runs on; the rows must have been committed."""
    address = os.environ["DATABASE_URL"]
    scheme, _, rest = address.partition("://")
    server, _, tail = rest.partition("/")
    name = connection.settings_dict["NAME"]
    query = f"?{tail.partition('?')[2]}" if "?" in tail else ""
    return {**os.environ, "DATABASE_URL": f"{scheme}://{server}/{name}{query}"}


def start(*command: str, environment: Mapping[str, str] | None = None, **options: Any) -> "subprocess.Popen[str]":
    """Python with these arguments; `environment` is added to what it knows of the test's database."""
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**environment_of_this_database(), **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        **options,
    )
