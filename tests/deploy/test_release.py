"""deploy/release, with a script in docker's place that notes what it is asked: here is no engine.

That nobody notices a release is shown with real servers, in tests/e2e/test_replacing.py.
"""

import fcntl
import os
import shutil
import subprocess

import pytest
from django.conf import settings

# Fails where the call's text is one of those in "failing"; the image that compose is to run stands before it. In the
# standby's place something can be asked while it runs.
DOCKER = """#!/bin/sh
cd "$(dirname "$0")"
called="${IMAGE:+$IMAGE: }$*"
echo "$called" >> calls
! grep -qxF -- "$called" failing || exit 1
case "$*" in
*"up "*" standby") touch standby ;;
*"rm "*" standby") rm -f standby ;;
*"exec -T standby "*) [ -e standby ] ;;
esac
"""
SLEEP = """#!/bin/sh
echo "sleep $*" >> "$(dirname "$0")/calls"
"""
CHECK = "compose run --rm --no-deps web python manage.py check --deploy --fail-level WARNING"
MIGRATE = "compose run --rm --no-deps migrate"
PROXY = "compose exec -T proxy caddy reload --config /etc/caddy/Caddyfile"
BACK_IN_SERVICE = ["compose exec -T web rm -f /tmp/tokpik-leaving", "compose exec -T standby touch /tmp/tokpik-leaving"]
UP = "compose up --detach --no-build --no-deps --force-recreate --wait --wait-timeout 120"
STANDBY, WEB = f"{UP} standby", f"{UP} web"
DISMISS_WEB, DISMISS_STANDBY = (
    [f"compose exec -T {service} touch /tmp/tokpik-leaving", "sleep 3"] for service in ("web", "standby")
)
END_STANDBY = "compose rm --stop --force standby"
OTHERS = "compose up --detach --no-build --no-deps background sender"
# One secret and, as anybody may leave it, no line feed at the end.
ENV = "SECRET_KEY=an&odd|secret\\1\nIMAGE_OF_NOBODY=1"


@pytest.fixture
def host(tmp_path):
    """A checkout with the script, and a docker that notes its calls."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(settings.ROOT / "deploy" / "release", tmp_path / "deploy")
    for name, script in (("docker", DOCKER), ("sleep", SLEEP)):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "failing").write_text("")
    (tmp_path / ".env").write_text(ENV)
    (tmp_path / ".env").chmod(0o600)
    return tmp_path


def run(host, *arguments):
    (host / "calls").write_text("")
    environment = {**os.environ, "PATH": f"{host}:{os.environ['PATH']}"}
    return subprocess.run(
        [host / "deploy" / "release", *arguments], env=environment, cwd="/", capture_output=True, text=True
    )


def release(host, *arguments, status=0):
    """What docker was asked."""
    done = run(host, *arguments)
    assert done.returncode == status, done.stderr
    return (host / "calls").read_text().splitlines()


def images(host):
    """Of .env: the one that runs, and the one before."""
    text = (host / ".env").read_text()
    assert text.startswith(f"{ENV}\n")
    return text.removeprefix(f"{ENV}\n").splitlines()


def test_it_checks_and_migrates_first_and_one_that_serves_is_there_throughout(host):
    assert release(host, "tokpik:1") == [
        "image inspect tokpik:1",
        f"tokpik:1: {CHECK}",
        f"tokpik:1: {MIGRATE}",
        PROXY,
        *BACK_IN_SERVICE,
        f"tokpik:1: {STANDBY}",
        *DISMISS_WEB,
        f"tokpik:1: {WEB}",
        *DISMISS_STANDBY,
        END_STANDBY,
        f"tokpik:1: {OTHERS}",
    ]
    assert images(host) == ["IMAGE=tokpik:1", "IMAGE_BEFORE=tokpik:latest"]
    assert (host / ".env").stat().st_mode & 0o777 == 0o600


def test_an_image_that_is_not_here_is_pulled(host):
    (host / "failing").write_text("image inspect tokpik:1\n")
    assert release(host, "tokpik:1")[1] == "pull --quiet tokpik:1"


def test_back_is_the_one_before_and_migrates_nothing(host):
    release(host, "tokpik:1")
    release(host, "tokpik:2")
    asked = release(host, "--back")
    assert f"tokpik:1: {WEB}" in asked
    assert f"tokpik:1: {MIGRATE}" not in asked
    assert images(host) == ["IMAGE=tokpik:1", "IMAGE_BEFORE=tokpik:2"]
    # And back again.
    assert f"tokpik:2: {WEB}" in release(host, "--back")


def test_the_same_image_again_keeps_the_way_back(host):
    release(host, "tokpik:1")
    release(host, "tokpik:2")
    assert f"tokpik:2: {WEB}" in release(host, "tokpik:2")
    assert images(host) == ["IMAGE=tokpik:2", "IMAGE_BEFORE=tokpik:1"]


def test_one_that_does_not_become_ready_leaves_the_one_that_serves(host):
    release(host, "tokpik:1")
    before = images(host)
    (host / "failing").write_text(f"tokpik:2: {STANDBY}\n")
    asked = release(host, "tokpik:2", status=1)
    assert asked[-2:] == [f"tokpik:2: {STANDBY}", END_STANDBY]
    assert not {f"tokpik:2: {WEB}", *DISMISS_WEB} & {*asked}
    # It never ran: whoever goes back does not come to it.
    assert images(host) == before


def test_one_that_was_ready_as_standby_and_is_not_as_web_is_taken_back_while_the_standby_serves(host):
    release(host, "tokpik:1")
    before = images(host)
    (host / "failing").write_text(f"tokpik:2: {WEB}\n")
    asked = release(host, "tokpik:2", status=1)
    assert asked[-5:] == [f"tokpik:2: {WEB}", f"tokpik:1: {WEB}", *DISMISS_STANDBY, END_STANDBY]
    assert images(host) == before


def test_when_neither_becomes_ready_as_web_the_standby_stays(host):
    release(host, "tokpik:1")
    (host / "failing").write_text(f"tokpik:2: {WEB}\ntokpik:1: {WEB}\n")
    assert release(host, "tokpik:2", status=1)[-1] == f"tokpik:1: {WEB}"
    assert (host / "standby").exists()


def test_a_standby_that_was_left_is_dismissed_once_web_serves_again(host):
    (host / "standby").touch()
    asked = release(host, "tokpik:1")
    expected = [*BACK_IN_SERVICE, "sleep 3", f"tokpik:1: {STANDBY}"]
    assert asked[asked.index(expected[0]) :][:4] == expected


def test_and_goes_on_until_it_is_replaced_when_web_does_not_run(host):
    (host / "standby").touch()
    (host / "failing").write_text("\n".join([BACK_IN_SERVICE[0], DISMISS_WEB[0]]))
    asked = release(host, "tokpik:1")
    assert asked[asked.index(BACK_IN_SERVICE[0]) :][:4] == [
        BACK_IN_SERVICE[0],
        f"tokpik:1: {STANDBY}",
        DISMISS_WEB[0],
        f"tokpik:1: {WEB}",
    ]


@pytest.mark.parametrize("step", [CHECK, MIGRATE], ids=["configuration", "migration"])
def test_nothing_is_changed_when_it_is_refused_or_a_migration_fails(host, step):
    release(host, "tokpik:1")
    before = images(host)
    (host / "failing").write_text(f"tokpik:2: {step}\n")
    assert release(host, "tokpik:2", status=1)[-1] == f"tokpik:2: {step}"
    assert images(host) == before


def test_nothing_is_changed_when_the_proxy_refuses_its_file(host):
    (host / "failing").write_text(PROXY)
    assert release(host, "tokpik:1", status=1)[-1] == PROXY


def test_without_one_before_there_is_no_way_back(host):
    assert release(host, "--back", status=1) == []
    assert release(host, status=2) == []
    assert release(host, "--help", status=2) == []


def test_two_at_once_are_one(host):
    folder = os.open(host / "deploy", os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    refused = run(host, "tokpik:1")
    os.close(folder)
    assert (refused.returncode, refused.stderr) == (1, "Another release is under way.\n")
    assert (host / "calls").read_text() == ""
    release(host, "tokpik:1")
