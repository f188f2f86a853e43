"""Making `.venv`, from an empty list of requirements."""

import subprocess
import sys

import pytest

from tokpik.local.checkout import Checkout


@pytest.fixture
def listed(checkout: Checkout) -> Checkout:
    (checkout.root / "requirements-dev.txt").write_text("# nothing\n")
    return checkout


def make(checkout: Checkout, *name: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tokpik.local.virtualenv", *name]
    return subprocess.Popen(command, cwd=checkout.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_of_two_at_once_one_makes_it_in_place_of_an_interrupted_one(listed: Checkout) -> None:
    left = listed.root / ".venv/lib/half-installed"
    left.mkdir(parents=True)

    both = [make(listed), make(listed)]
    outputs = [one.communicate()[0] for one in both]

    assert [one.returncode for one in both] == [0, 0]
    assert sorted("Making .venv" in output for output in outputs) == [False, True]
    assert not left.exists()
    assert subprocess.run([listed.root / ".venv/bin/python", "-c", ""]).returncode == 0


def test_what_cannot_be_installed_is_said_in_a_sentence(listed: Checkout) -> None:
    (listed.root / "requirements-dev.txt").write_text("nothing==1\n")  # no hash

    one = make(listed)
    output, _ = one.communicate()

    assert one.returncode == 1
    assert output.splitlines()[-1].startswith("The packages could not be installed")
    assert not (listed.root / ".venv/installed").exists()


def test_another_one_is_made_beside_it(listed: Checkout) -> None:
    (listed.root / ".venv").mkdir()

    one = make(listed, ".local/newest")
    output, _ = one.communicate()
    assert one.returncode == 0, output

    assert subprocess.run([listed.root / ".local/newest/bin/python", "-c", ""]).returncode == 0
    assert not [*(listed.root / ".venv").iterdir()]
