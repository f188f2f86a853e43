"""Starting: `make run` in a copy of this checkout, a worker's memory, and the size of what the image carries."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from bench.service import free_port, status_of
from bench.stage import Stage
from bench.table import Row, at_most
from tokpik.local import environment
from tokpik.local.checkout import HERE

PATIENCE_SECONDS = 120.0
MEGABYTE = 1_000_000
NOT_IN_A_CHECKOUT = (".git", ".venv", ".local", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")


def rows(stage: Stage) -> list[Row]:
    worker = stage.main.service.largest_worker() / MEGABYTE
    return [
        *(running() if stage.size.starts else []),
        at_most("a web worker's memory (Pss), after the load above", worker, 120, " MB"),
        at_most("runtime packages, apparent size without bytecode", package_bytes() / MEGABYTE, 130, " MB"),
    ]


def running() -> list[Row]:
    """The packages are there: the copy's `.venv` is this one's. All else is made on the first start."""
    with tempfile.TemporaryDirectory(prefix="tokpik-bench-") as folder:
        copy = Path(folder) / "tokpik"
        shutil.copytree(HERE.root, copy, ignore=shutil.ignore_patterns(*NOT_IN_A_CHECKOUT), symlinks=True)
        (copy / ".venv").symlink_to(HERE.root / ".venv")
        return [
            at_most("`make run` on a fresh checkout until it serves", seconds_to_serve(copy), 60, " s"),
            at_most("`make run` again until it serves", seconds_to_serve(copy), 8, " s"),
        ]


def seconds_to_serve(folder: Path) -> float:
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        ["make", "run"],
        cwd=folder,
        env={**fresh_environment(), "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while status_of(port, "/livez") != 200:
            assert process.poll() is None, "make run ended by itself"
            assert time.monotonic() < began + PATIENCE_SECONDS, "make run does not serve"
            time.sleep(0.05)
        return time.monotonic() - began
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


def fresh_environment() -> dict[str, str]:
    """Without the bench's own settings."""
    ours = {*environment.made_up(), *environment.SERVERS, "LOCAL_ENV", "DJANGO_SETTINGS_MODULE", "WEB_THREADS"}
    return {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("MAKE")}


def package_bytes() -> int:
    """Of what requirements.txt installs on this machine."""
    names = re.findall(
        r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==", (HERE.root / "requirements.txt").read_text(), re.MULTILINE
    )
    return sum(size_of(name) for name in names)


def size_of(name: str) -> int:
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:  # for another system or another Python
        return 0
    paths = (Path(str(file.locate())) for file in files if file.suffix != ".pyc")
    return sum(path.lstat().st_size for path in paths if path.exists())
