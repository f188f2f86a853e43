"""`make run`, with a stand-in for the application."""

import http.client
import os
import signal
import socket
import stat
from pathlib import Path

import pytest

from tests.local.conftest import Command, processes_of, query
from tokpik.local import environment, servers
from tokpik.local.checkout import Checkout

UP = "Ctrl-C stops it."


def get(port: str, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def test_it_serves_from_nothing_and_again(checkout: Checkout, command: type[Command], port: str) -> None:
    one = command(checkout, "run", PORT=port).until(UP)
    password = environment.read(checkout)["DEMO_STAFF_PASSWORD"]
    assert f"http://127.0.0.1:{port}/swagger-ui" in one.output
    assert f"http://127.0.0.1:{port}/admin/   staff name: demo   password: {password}" in one.output
    assert (checkout.local / "demo").read_text() == password
    assert stat.S_IMODE((checkout.local / "env").stat().st_mode) == 0o600
    assert get(port, "/here") == f"/here {checkout.database_url()} {checkout.redis_url()}"
    one.process.terminate()
    assert one.end() == 0
    assert "Traceback" not in one.output
    assert processes_of(checkout) == []

    again = command(checkout, "run", PORT=port).until(UP)

    assert password in again.output
    assert query(checkout, "SELECT count(*) FROM seeded") == "2"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_whole_group_twice(
    checkout: Checkout, command: type[Command], port: str, number: signal.Signals
) -> None:
    one = command(checkout, "run", PORT=port).until(UP)

    os.killpg(one.process.pid, number)
    os.killpg(one.process.pid, number)

    assert one.end() == 0
    assert processes_of(checkout) == []


def test_a_signal_while_it_prepares(checkout: Checkout, command: type[Command], port: str) -> None:
    one = command(checkout, "run", PORT=port).until("Preparing")

    one.process.send_signal(signal.SIGINT)

    assert one.end() == 0
    assert "Traceback" not in one.output
    assert processes_of(checkout) == []


def test_the_web_server_does_not_outlive_it(checkout: Checkout, command: type[Command], port: str) -> None:
    one = command(checkout, "run", PORT=port).until(UP)

    one.process.kill()
    one.end()  # its output ends when the web server, which shares it, has ended

    assert len(processes_of(checkout)) > 0, "the servers wait for the next one to leave"
    with pytest.raises(ConnectionRefusedError):
        get(port, "/livez")


def test_all_stops_when_the_web_server_dies(checkout: Checkout, command: type[Command], port: str) -> None:
    one = command(checkout, "run", PORT=port).until(UP)
    with open(f"/proc/{one.process.pid}/task/{one.process.pid}/children") as children:
        pids = [int(child) for child in children.read().split()]
    (master,) = [pid for pid in pids if b"gunicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    os.kill(master, signal.SIGKILL)

    assert one.end() == 1
    assert "The web server ended by itself" in one.output
    assert processes_of(checkout) == []


def test_given_servers_are_used_and_none_is_started(
    checkout: Checkout, other_checkout: Checkout, command: type[Command], port: str
) -> None:
    servers.start(other_checkout)
    given = environment.own_servers(other_checkout)

    one = command(checkout, "run", PORT=port, **given).until(UP)

    assert "demo" not in one.output
    assert not (checkout.local / "demo").exists()
    assert not (checkout.local / "postgres").exists()
    assert get(port, "/") == "/ " + " ".join(given.values())
    assert query(other_checkout, "SELECT count(*) FROM seeded") == "1"
    one.process.terminate()
    assert one.end() == 0
    assert query(other_checkout, "SELECT 1") == "1"


@pytest.mark.parametrize(("given", "missing"), [("DATABASE_URL", "REDIS_URL"), ("REDIS_URL", "DATABASE_URL")])
def test_one_server_alone_is_refused(checkout: Checkout, command: type[Command], given: str, missing: str) -> None:
    one = command(checkout, "run", **{given: "redis://127.0.0.1"})

    assert one.end() == 2
    assert one.output.startswith(f"{given} is set and {missing} is not")
    assert not checkout.local.exists()


def test_a_taken_port_is_said_before_anything_starts(checkout: Checkout, command: type[Command]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        one = command(checkout, "run", PORT=str(port))

        assert one.end() == 1
        assert one.output.startswith(f"Port {port} is in use")
        assert not checkout.local.exists()


@pytest.mark.parametrize(("variables", "senders"), [({}, 1), ({"SENDER": "on"}, 1), ({"SENDER": "off"}, 0)])
def test_one_sender_of_reminders_runs_beside_it_unless_told_not_to(
    checkout: Checkout, command: type[Command], port: str, variables: dict[str, str], senders: int
) -> None:
    command(checkout, "run", PORT=port, **variables).until(UP)

    commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes_of(checkout)]
    assert sum(b"send_notifications" in one for one in commands) == senders
    assert sum(b"run_background" in one for one in commands) == 1


def test_sender_is_on_or_off(checkout: Checkout, command: type[Command], port: str) -> None:
    one = command(checkout, "run", PORT=port, SENDER="no")

    assert one.end() == 2
    assert "SENDER is 'no'" in one.output


@pytest.mark.parametrize("port", ["", "http", "0", "65536", "٨"])
def test_a_port_that_is_none_is_refused(checkout: Checkout, command: type[Command], port: str) -> None:
    one = command(checkout, "run", PORT=port or " ")

    assert one.end() == 2
    assert one.output.startswith("PORT is ")


def test_production_does_not_use_a_checkouts_own_servers(checkout: Checkout, command: type[Command]) -> None:
    one = command(checkout, "run", PROFILE="production")

    assert one.end() == 2
    assert "DATABASE_URL" in one.output
    assert not checkout.local.exists()


def test_a_database_that_is_not_there_is_said_in_a_sentence(
    checkout: Checkout, command: type[Command], port: str
) -> None:
    one = command(
        checkout, "run", PORT=port, DATABASE_URL="postgresql://a:@/b?host=/nowhere", REDIS_URL="unix:///nowhere"
    )

    assert one.end() == 1
    assert "the database does not answer" in one.output
    assert "Traceback" not in one.output


def test_an_unknown_command_is_refused(checkout: Checkout, command: type[Command]) -> None:
    assert command(checkout, "walk").end() == 2
