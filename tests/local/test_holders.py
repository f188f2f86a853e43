"""`make up` and whoever else uses the servers: the last one to leave stops them."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from tests.local.conftest import Command, processes_of, query
from tokpik.local import environment
from tokpik.local.checkout import Checkout

UP = "PostgreSQL and Valkey are up"


def test_up_starts_from_nothing_and_stops_without_a_trace(checkout: Checkout, command: type[Command]) -> None:
    one = command(checkout, "up").until(UP)
    assert query(checkout, "SELECT 1") == "1"
    assert environment.read(checkout)["PROFILE"] == "development"

    one.process.terminate()

    assert one.end() == 0
    assert processes_of(checkout) == []
    assert not checkout.sockets.exists()


def test_the_last_of_two_stops_the_servers(checkout: Checkout, command: type[Command]) -> None:
    first, second = command(checkout, "up"), command(checkout, "up")
    first.until(UP)
    second.until(UP)

    first.process.send_signal(signal.SIGINT)
    assert first.end() == 0
    assert query(checkout, "SELECT 1") == "1"

    second.process.send_signal(signal.SIGINT)
    assert second.end() == 0
    assert processes_of(checkout) == []


def test_two_that_leave_at_once_leave_nothing(checkout: Checkout, command: type[Command]) -> None:
    both = [command(checkout, "up") for _ in range(2)]
    for one in both:
        one.until(UP)
    for one in both:
        one.process.terminate()

    assert [one.end() for one in both] == [0, 0]
    assert processes_of(checkout) == []


def test_the_servers_of_a_killed_one_are_stopped_by_the_next(checkout: Checkout, command: type[Command]) -> None:
    killed = command(checkout, "up").until(UP)
    killed.process.kill()
    killed.end()
    assert query(checkout, "SELECT 1") == "1"

    following = command(checkout, "up").until(UP)
    following.process.terminate()

    assert following.end() == 0
    assert processes_of(checkout) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_whole_group_twice(checkout: Checkout, command: type[Command], number: int) -> None:
    one = command(checkout, "up").until(UP)

    os.killpg(one.process.pid, number)
    os.killpg(one.process.pid, number)

    assert one.end() == 0
    assert processes_of(checkout) == []


def test_a_signal_while_it_starts(checkout: Checkout, command: type[Command]) -> None:
    one = command(checkout, "up").until("Starting")

    one.process.terminate()

    assert one.end() == 0
    assert processes_of(checkout) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_signal_to_make_alone(checkout: Checkout, number: signal.Signals) -> None:
    """make stands between the terminal and us, and passes on SIGTERM only."""
    (checkout.root / "Makefile").write_text(f"up:\n\t@exec {sys.executable} -m tokpik.local up\n")
    make = subprocess.Popen(["make", "up"], cwd=checkout.root, stdout=subprocess.PIPE, start_new_session=True)
    assert make.stdout
    with make.stdout as output:
        while UP.encode() not in output.readline():
            assert make.poll() is None

        make.send_signal(number)

        output.read()  # ends when the last one who could write has ended
        assert make.wait(30) == -number
    assert processes_of(checkout) == []


def test_a_socket_left_by_nobody_does_not_keep_it_from_starting(checkout: Checkout, command: type[Command]) -> None:
    checkout.make_sockets()
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(os.fspath(checkout.valkey_socket))

    command(checkout, "up").until(UP)
