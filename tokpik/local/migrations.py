"""Our own migrations' SQL under squawk: is it safe on a live table? `.squawk.toml` says what is not asked."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import django
from django.apps import apps
from django.core.management import call_command
from django.db.migrations.loader import MigrationLoader

from tokpik.local.checkout import HERE

SQUAWK = Path(sys.executable).with_name("squawk")


def own_migrations() -> Iterator[tuple[str, str]]:
    """App and name of each in this checkout, those of packages left out."""
    own = {config.label for config in apps.get_app_configs() if Path(config.path).parent == HERE.root}
    for app, name in sorted(MigrationLoader(None).disk_migrations):
        if app in own:
            yield app, name


def sql_of(app: str, name: str) -> str:
    out = io.StringIO()
    call_command("sqlmigrate", app, name, stdout=out, no_color=True)
    return out.getvalue()


def look_over(statements: Mapping[str, str]) -> int:
    """What squawk ends with: 0 when there is nothing to mend. By the migrations' names."""
    with TemporaryDirectory() as folder:
        files = [Path(folder, f"{name}.sql") for name in statements]
        for file, sql in zip(files, statements.values(), strict=True):
            file.write_text(sql)
        return subprocess.run([SQUAWK, "--config", HERE.root / ".squawk.toml", *files]).returncode


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokpik.settings")
    django.setup()
    return look_over({f"{app}.{name}": sql_of(app, name) for app, name in own_migrations()})


if __name__ == "__main__":
    sys.exit(main())
