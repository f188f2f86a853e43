"""What stands between running servers and a service that can answer.

One process for all of it: every start of Django costs about a second.
"""

import os
import sys
from collections.abc import Callable

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connections


def steps(demo_staff: bool) -> list[tuple[str, Callable[[], object]]]:
    production = os.environ.get("PROFILE") == "production"
    demo = [("create_demo_staff", lambda: call_command("create_demo_staff", verbosity=0))] if demo_staff else []
    return [
        ("check", lambda: call_command("check", deploy=production, databases=["default"])),
        ("migrate", lambda: call_command("migrate", interactive=False, verbosity=0)),
        ("seed", lambda: call_command("seed", verbosity=0)),
        *demo,
        ("collectstatic", lambda: call_command("collectstatic", interactive=False, verbosity=0)),
    ]


def main(demo_staff: bool) -> str:
    """What went wrong, in a sentence, or ""."""
    name = "The settings"
    try:
        django.setup()
        for name, step in steps(demo_staff):
            print(f"  {name}", flush=True)
            step()
    except OperationalError as error:
        return f"{name}: the database does not answer as it should: {str(error).strip()}"
    except (CommandError, ImproperlyConfigured, OSError) as error:
        return f"{name}: {error}"
    finally:
        for connection in connections.all(initialized_only=True):
            connection.close()
            if hasattr(connection, "close_pool"):
                connection.close_pool()
    return ""


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokpik.settings")
    sys.exit(main("--demo-staff" in sys.argv) or None)
