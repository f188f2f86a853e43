"""The embedded servers, whatever was done to them before."""

import os
import shutil
import signal

import pytest

from tests.local.conftest import processes_of, query, valkey
from tokpik.local import Problem, environment, servers
from tokpik.local.checkout import Checkout
from tokpik.local.servers import PostgreSQL, Valkey


@pytest.fixture
def up(checkout: Checkout) -> Checkout:
    servers.start(checkout)
    return checkout


def test_they_keep_their_data_from_run_to_run(up: Checkout) -> None:
    query(up, "CREATE TABLE kept AS SELECT 42 AS answer")
    valkey(up, "SET", "kept", "42")
    servers.stop(up)
    assert processes_of(up) == []
    assert not up.sockets.exists()

    servers.start(up)

    assert query(up, "SELECT answer FROM kept") == "42"
    assert b"42" in valkey(up, "GET", "kept")


def test_they_have_no_tcp_port(up: Checkout) -> None:
    assert query(up, "SHOW listen_addresses") == ""
    assert valkey(up, "CONFIG", "GET", "port").split(b"\r\n")[4] == b"0"


def test_their_sockets_are_open_to_their_owner_alone(up: Checkout) -> None:
    assert up.sockets.stat().st_mode & 0o777 == 0o700
    assert up.root.stat().st_mode & 0o777 == 0o700


def test_the_database_folds_and_splits_all_of_unicode(up: Checkout) -> None:
    assert query(up, "SELECT lower('ÄŽΣ')") == "äžσ"
    query(up, "CREATE EXTENSION pg_trgm")
    assert int(query(up, "SELECT cardinality(show_trgm('친구와 여행'))")) > 3
    query(up, "CREATE EXTENSION btree_gin")


def test_it_leaves_running_ones_alone(up: Checkout) -> None:
    before = PostgreSQL(up).pid(), Valkey(up).pid()

    servers.start(up)

    assert (PostgreSQL(up).pid(), Valkey(up).pid()) == before


def test_it_says_nothing_is_missing_while_they_are_up(up: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", up.database_url())

    assert environment.missing_servers(up) == ""


def test_two_checkouts_stand_side_by_side(up: Checkout, other_checkout: Checkout) -> None:
    servers.start(other_checkout)
    query(up, "CREATE TABLE only_here ()")

    assert query(other_checkout, "SELECT to_regclass('only_here') IS NULL") == "True"
    servers.stop(other_checkout)
    assert query(up, "SELECT 1") == "1"


@pytest.mark.parametrize("kind", [PostgreSQL, Valkey])
def test_a_killed_one_is_started_again(up: Checkout, kind: type[servers.Server]) -> None:
    query(up, "CREATE TABLE acknowledged ()")
    os.kill(kind(up).pid(), signal.SIGKILL)

    servers.start(up)

    assert query(up, "SELECT to_regclass('acknowledged') IS NOT NULL") == "True"
    assert valkey(up, "PING") == b"+PONG\r\n"


@pytest.mark.parametrize("kind", [PostgreSQL, Valkey])
def test_a_frozen_one_is_replaced(up: Checkout, kind: type[servers.Server], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "FROZEN_SECONDS", 0.5)
    frozen = kind(up).pid()
    os.kill(frozen, signal.SIGSTOP)

    servers.start(up)

    assert kind(up).pid() != frozen
    assert query(up, "SELECT 1") == "1"
    assert valkey(up, "PING") == b"+PONG\r\n"


def test_a_frozen_one_is_stopped(up: Checkout) -> None:
    os.kill(Valkey(up).pid(), signal.SIGSTOP)
    os.kill(PostgreSQL(up).pid(), signal.SIGSTOP)

    servers.stop(up)

    assert processes_of(up) == []


def test_a_stale_pid_file_that_names_a_stranger_is_no_obstacle(up: Checkout) -> None:
    lines = PostgreSQL(up).pid_file.read_text().split("\n")
    servers.stop(up)
    PostgreSQL(up).pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]))
    (up.local / "postgres.alive").write_text(str(os.getppid()))
    (up.local / "valkey.alive").write_text(str(os.getppid()))

    servers.stop(up)
    servers.start(up)

    assert query(up, "SELECT 1") == "1"
    os.kill(os.getppid(), 0)


def test_a_swept_socket_folder_is_made_again(up: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "FROZEN_SECONDS", 0.5)
    query(up, "CREATE TABLE acknowledged ()")
    shutil.rmtree(up.sockets)

    servers.start(up)

    assert query(up, "SELECT to_regclass('acknowledged') IS NOT NULL") == "True"
    assert valkey(up, "PING") == b"+PONG\r\n"


def test_a_deleted_local_folder_leaves_no_server_behind(up: Checkout) -> None:
    left = PostgreSQL(up).pid(), Valkey(up).pid()
    shutil.rmtree(up.local)

    servers.start(up)

    assert query(up, "SELECT 1") == "1"
    assert not set(left) & set(processes_of(up))


def test_an_interrupted_initdb_is_done_again(checkout: Checkout) -> None:
    (checkout.local / "postgres.new").mkdir(parents=True)
    (checkout.local / "postgres.new" / "PG_VERSION").write_text("18\n")

    servers.start(checkout)

    assert query(checkout, "SELECT 1") == "1"


def test_a_dropped_database_is_made_again(up: Checkout) -> None:
    import psycopg

    with psycopg.connect(f"postgresql://tokpik@/postgres?host={up.sockets}", autocommit=True) as connection:
        connection.execute("DROP DATABASE tokpik")

    servers.start(up)

    assert query(up, "SELECT current_database()") == "tokpik"


def test_a_copied_checkout_is_a_checkout_of_its_own(up: Checkout, other_checkout: Checkout) -> None:
    query(up, "CREATE TABLE copied ()")
    servers.stop(up)
    shutil.copytree(up.local, other_checkout.local)

    servers.start(up)
    servers.start(other_checkout)

    assert query(other_checkout, "SELECT to_regclass('copied') IS NOT NULL") == "True"


def test_a_socket_folder_of_somebody_else_is_refused(checkout: Checkout) -> None:
    checkout.sockets.mkdir()
    checkout.sockets.chmod(0o755)

    with pytest.raises(Problem, match="delete it"):
        servers.start(checkout)
    checkout.sockets.rmdir()


def test_a_server_that_cannot_start_says_why(up: Checkout) -> None:
    servers.stop(up)
    (up.local / "postgres" / "PG_VERSION").write_text("9.6\n")

    with pytest.raises(Problem, match=r"postgres did not start; .*not compatible"):
        servers.start(up)
