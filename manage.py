#!/usr/bin/env python
import os
import sys

from tokpik.local import environment


def main() -> None:
    environment.load()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokpik.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
