"""Make `.venv`, or the folder that is named, and keep it as `requirements-dev.txt` says: run by the Python at hand.

The stamp in it names what was installed, and is written last: an interrupted installation is done
again from nothing.
"""

import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tokpik.local import Problem
from tokpik.local.checkout import HERE, Checkout
from tokpik.local.children import Child, Stopped, listen
from tokpik.local.lock import locked


def install(checkout: Checkout, name: str = ".venv") -> None:
    folder = checkout.root / name
    stamp = folder / "installed"
    requirements = checkout.root / "requirements-dev.txt"
    wanted = _digest(requirements)
    with locked(checkout, "venv.lock"):
        found = stamp.read_text() if stamp.exists() else ""
        if found == wanted:
            _refuse_strange_python(folder)
            return
        stamp.unlink(missing_ok=True)
        # In place when only the packages changed: somebody may be running from it.
        if found.split(" ")[0] != wanted.split(" ")[0]:
            print(f"Making {name}", flush=True)
            _run([sys.executable, "-m", "venv", "--clear", os.fspath(folder)], checkout, NO_VENV)
        print(f"Installing the packages of requirements-dev.txt into {name}", flush=True)
        pip = [os.fspath(folder / "bin/python"), "-m", "pip", "--disable-pip-version-check", "-qq"]
        _run([*pip, "install", "--require-hashes", "-r", os.fspath(requirements)], checkout, NO_PACKAGES)
        stamp.write_text(wanted)


NO_VENV = "This Python cannot make virtual environments: install python3-venv, or name another with PYTHON=..."
NO_PACKAGES = "The packages could not be installed (see above): see to it that a package index is reached, try again."


def _run(command: list[str], checkout: Checkout, sentence: str) -> None:
    if Child("installation", command, os.environ, checkout.root).wait() != 0:
        raise Problem(sentence)


def _digest(requirements: Path) -> str:
    version = "{}.{}".format(*sys.version_info)
    return f"{version} {hashlib.sha256(requirements.read_bytes()).hexdigest()}"


def _refuse_strange_python(folder: Path) -> None:
    python = folder / "bin/python"
    if not os.access(python, os.X_OK):
        name = folder.name
        raise Problem(f"{name} stands on {python.resolve()}, which this user cannot run: delete {name} and try again.")


def main(arguments: Sequence[str]) -> int:
    listen()
    try:
        install(HERE, *arguments)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return problem.status
    except Stopped as stopped:
        return 128 + stopped.number
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
