#!/usr/bin/env python
import os
import sys

from tokpik.local import Problem, environment


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokpik.settings")
    try:
        environment.load()
    except Problem as problem:
        sys.exit(str(problem))
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except OperationalError as error:
        sys.exit(environment.missing_servers() or f"The database does not answer as it should: {error}")


if __name__ == "__main__":
    main()
