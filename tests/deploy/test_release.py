"""deploy/release, with a script in docker's place that notes what it is asked: here is no engine."""

import os
import shutil
import subprocess

import pytest
from django.conf import settings

# Fails where the call's text is one of those in "failing"; the image that compose is to run stands before it.
DOCKER = """#!/bin/sh
called="${IMAGE:+$IMAGE: }$*"
echo "$called" >> "$(dirname "$0")/calls"
! grep -qxF -- "$called" "$(dirname "$0")/failing"
"""
UP = "compose up --detach --no-build --no-deps --wait --wait-timeout 120 web background proxy"
SENDER = "compose up --detach --no-build --no-deps sender"
CHECK = "compose run --rm --no-deps web python manage.py check --deploy --fail-level WARNING"
MIGRATE = "compose run --rm --no-deps migrate"


@pytest.fixture
def host(tmp_path):
    """A checkout with the script, and a docker that notes its calls."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(settings.ROOT / "deploy" / "release", tmp_path / "deploy")
    docker = tmp_path / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    (tmp_path / "failing").write_text("")
    return tmp_path


def release(host, *arguments, status=0):
    """What docker was asked."""
    (host / "calls").write_text("")
    environment = {**os.environ, "PATH": f"{host}:{os.environ['PATH']}"}
    done = subprocess.run(
        [host / "deploy" / "release", *arguments], env=environment, cwd="/", capture_output=True, text=True
    )
    assert done.returncode == status, done.stderr
    return (host / "calls").read_text().splitlines()


def test_it_checks_and_migrates_before_it_replaces(host):
    asked = ["image inspect tokpik:1", *(f"tokpik:1: {step}" for step in (CHECK, MIGRATE, UP, SENDER))]
    assert release(host, "tokpik:1") == asked


def test_an_image_that_is_not_here_is_pulled(host):
    (host / "failing").write_text("image inspect tokpik:1\n")
    assert release(host, "tokpik:1")[1] == "pull --quiet tokpik:1"


def test_back_is_the_one_before_and_migrates_nothing(host):
    release(host, "tokpik:1")
    release(host, "tokpik:2")
    steps = [f"tokpik:1: {step}" for step in (CHECK, UP, SENDER)]
    assert release(host, "--back") == ["image inspect tokpik:1", *steps]
    # And back again.
    assert f"tokpik:2: {UP}" in release(host, "--back")


def test_what_does_not_become_ready_is_replaced_by_the_one_before(host):
    release(host, "tokpik:1")
    (host / "failing").write_text(f"tokpik:2: {UP}\n")
    again = [f"tokpik:2: {UP}", f"tokpik:1: {UP}", f"tokpik:1: {SENDER}"]
    assert release(host, "tokpik:2", status=1)[-3:] == again
    # It never ran: whoever goes back does not come to it.
    release(host, "tokpik:3")
    assert f"tokpik:1: {UP}" in release(host, "--back")


@pytest.mark.parametrize("step", [CHECK, MIGRATE], ids=["configuration", "migration"])
def test_nothing_is_replaced_when_it_is_refused_or_a_migration_fails(host, step):
    release(host, "tokpik:1")
    (host / "failing").write_text(f"tokpik:2: {step}\n")
    asked = release(host, "tokpik:2", status=1)
    assert asked[-1] == f"tokpik:2: {step}"
    assert f"tokpik:2: {UP}" not in asked


def test_without_one_before_there_is_no_way_back(host):
    assert release(host, "--back", status=1) == []
    assert release(host, status=2) == []
