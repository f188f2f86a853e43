"""Which Python `make test-newest` takes."""

from pathlib import Path

import pytest

from tokpik.local import Problem, newest


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Pythons by their path and what they say of their version."""
    monkeypatch.setenv("PATH", f"{tmp_path}/usr:{tmp_path}/shims")
    monkeypatch.setenv("PYENV_ROOT", f"{tmp_path}/pyenv")

    def has(**pythons: str) -> None:
        for path, said in pythons.items():
            program = tmp_path / path.replace("__", "/").replace("_", ".")
            program.parent.mkdir(parents=True, exist_ok=True)
            program.write_text(f"#!/bin/sh\n{said}\n")
            program.chmod(0o755)

    return has


def found(tmp_path: Path) -> str:
    return str(newest.newest().relative_to(tmp_path))


def test_it_is_the_newest_on_path_and_of_pyenv(machine, tmp_path):
    machine(usr__python3_9="echo 3 9 1", usr__python3_12="echo 3 12 1", usr__python3="echo 3 12 0")
    assert found(tmp_path) == "usr/python3.12"
    machine(pyenv__versions__x__bin__python3_100="echo 3 100 0")
    assert found(tmp_path) == "pyenv/versions/x/bin/python3.100"


def test_one_that_does_not_run_is_none(machine, tmp_path):
    machine(usr__python3_11="echo 3 11 2", shims__python3_13="echo not in use >&2; exit 127")
    assert found(tmp_path) == "usr/python3.11"


def test_other_programs_are_none(machine, tmp_path):
    machine(usr__python3="echo 3 11 2", usr__python3_13t="echo 3 13 0")
    assert found(tmp_path) == "usr/python3"


def test_without_one_it_says_so(machine):
    machine(usr__python3="echo 3 9 1")
    with pytest.raises(Problem, match="PYTHON="):
        newest.newest()
