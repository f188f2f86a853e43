"""Says which Python is the newest at hand, on PATH or of pyenv: the one that `make test-newest` takes."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tokpik.local import Problem

VERSION = "import sys; print(*sys.version_info[:3])"


def candidates() -> Iterator[Path]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [Path(folder) for folder in os.get_exec_path()] + sorted(pyenv.glob("versions/*/bin"))
    for folder in folders:
        for program in sorted(folder.glob("python3*")):
            if re.fullmatch(r"python3(\.\d+)?", program.name):
                yield program


def version_of(python: Path) -> tuple[int, ...]:
    """Nothing of one that does not run, as pyenv's stand-ins for versions that are not in use."""
    try:
        said = subprocess.run([python, "-c", VERSION], capture_output=True, text=True, timeout=20).stdout
        return tuple(map(int, said.split()))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return ()


def newest() -> Path:
    found = max(candidates(), key=version_of, default=None)
    if not found or version_of(found) < (3, 11):
        raise Problem("No Python of 3.11 or newer is on PATH or among pyenv's: name one, PYTHON=... make test-newest.")
    return found


def main() -> int:
    try:
        print(newest())
    except Problem as problem:
        print(problem, file=sys.stderr)
        return problem.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
