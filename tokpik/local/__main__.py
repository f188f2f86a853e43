"""`python -m tokpik.local run|up|test|check|bench|soak`: what the Makefile calls."""

import contextlib
import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from tokpik.local import Problem, children, environment
from tokpik.local.checkout import HERE
from tokpik.local.children import Child, Stopped, pause
from tokpik.local.lock import locked, running_servers

START_SECONDS = 60.0


def run(_: Sequence[str]) -> int:
    given = _given_servers()
    os.environ.setdefault("PROFILE", "development")
    if not given and os.environ["PROFILE"] == "production":
        raise Problem("PROFILE=production needs DATABASE_URL and REDIS_URL: a checkout's own are for development.", 2)
    if given:
        if os.environ["PROFILE"] == "development":
            with locked(HERE, "door.lock"):
                environment.write(HERE)
        return _serve(own_servers=False)
    _refuse_taken_port(_port())
    say("Starting PostgreSQL and Valkey")
    with running_servers(HERE):
        return _serve(own_servers=True)


def up(_: Sequence[str]) -> int:
    say("Starting PostgreSQL and Valkey")
    with running_servers(HERE):
        say(f"PostgreSQL and Valkey are up:\n  {HERE.database_url()}\n  {HERE.redis_url()}\nCtrl-C stops them.")
        while True:
            pause(60)


def test(arguments: Sequence[str]) -> int:
    # The test databases have fixed names, so two suites in one checkout take turns.
    say("Starting PostgreSQL and Valkey (a suite that already runs in this checkout is waited for)")
    with locked(HERE, "test.lock"), running_servers(HERE):
        processes = str(min(2 * (os.cpu_count() or 1), 12))
        command = [sys.executable, "-m", "pytest", "-n", processes, "--dist", "loadfile", *arguments]
        # pytest cleans up after SIGINT; SIGTERM kills it.
        suite = Child("pytest", command, environment.for_tests(), HERE.root, stop_signal=signal.SIGINT)
        return _unless_stopped(suite.wait)


def check(_: Sequence[str]) -> int:
    manage = [sys.executable, "manage.py"]
    development = environment.for_tests()
    checks: list[tuple[str, list[str], Mapping[str, str]]] = [
        ("format", [sys.executable, "-m", "ruff", "format", "--check", "."], development),
        ("lint", [sys.executable, "-m", "ruff", "check", "."], development),
        ("types", [sys.executable, "-m", "mypy", "."], development),
        ("migrations", [*manage, "makemigrations", "--check", "--dry-run"], development),
        ("migrations on a live table", [sys.executable, "-m", "tokpik.local.migrations"], development),
        ("schema", [*manage, "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull], development),
        (
            "deployment",
            [*manage, "check", "--deploy", "--fail-level", "WARNING"],
            environment.for_deployment_check(),
        ),
    ]
    with running_servers(HERE):  # makemigrations compares with what the database has applied
        return _unless_stopped(lambda: _check_all(checks))


def bench(arguments: Sequence[str]) -> int:
    say("Starting PostgreSQL and Valkey (a bench that already runs in this checkout is waited for)")
    with locked(HERE, "bench.lock"), running_servers(HERE):
        command = [sys.executable, "-m", "bench", *arguments]
        # It drops its databases after SIGINT; SIGTERM would leave them to the next one.
        child = Child("bench", command, environment.for_bench(), HERE.root, stop_signal=signal.SIGINT)
        return _unless_stopped(child.wait)


def soak(arguments: Sequence[str]) -> int:
    """On servers of its own, so that nobody else's are frozen or restarted."""
    command = [sys.executable, "-m", "bench.soak", *arguments]
    child = Child("soak", command, environment.for_tests(), HERE.root, stop_signal=signal.SIGINT)
    return _unless_stopped(child.wait)


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": run,
    "up": up,
    "test": test,
    "check": check,
    "bench": bench,
    "soak": soak,
}


def main(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] not in COMMANDS:
        print(f"Usage: python -m tokpik.local {'|'.join(COMMANDS)}", file=sys.stderr)
        return 2
    children.listen()
    try:
        return COMMANDS[arguments[0]]([argument for argument in arguments[1:] if argument != "--"])
    except Stopped:
        return 0  # it was asked for
    except Problem as problem:
        print(problem, file=sys.stderr)
        return problem.status
    except OSError as error:
        print(f"{error}: see to it that this user may write there and the disk is not full.", file=sys.stderr)
        return 1


def say(text: str) -> None:
    # A terminal that is gone must not keep anything from being stopped.
    with contextlib.suppress(OSError):
        print(text, flush=True)


def _given_servers() -> bool:
    """Whether the environment or `.local/env` names the servers to use; a Problem when only one."""
    known = {**environment.read(HERE), **os.environ}
    given = [name for name in environment.SERVERS if known.get(name)]
    if len(given) == 1:
        other = next(name for name in environment.SERVERS if name not in given)
        raise Problem(f"{given[0]} is set and {other} is not: set both, or neither to use this checkout's own.", 2)
    return bool(given)


def _serve(own_servers: bool) -> int:
    environment.load(HERE)
    port, sender = _port(), _wants_sender()
    _refuse_taken_port(port)
    say("Preparing the database and the static files")
    demo = own_servers and os.environ["PROFILE"] == "development"
    prepare = [sys.executable, "-m", "tokpik.local.prepare", *(["--demo-staff"] if demo else [])]
    if Child("prepare", prepare, os.environ, HERE.root).wait() != 0:
        raise Problem("The service was not started, for the reason above.")
    _refuse_taken_port(port)
    # Shorter than our own patience: what ends by itself need not be killed.
    web = [sys.executable, "-m", "gunicorn", "--graceful-timeout", "8", "tokpik.wsgi:application"]
    # Whatever runs beside the web server is one more line here.
    running = [
        Child("The web server", web, os.environ, HERE.root),
        Child("The background command", [sys.executable, "manage.py", "run_background"], os.environ, HERE.root),
    ]
    if sender:
        command = [sys.executable, "manage.py", "send_notifications"]
        running.append(Child("The sender of reminders", command, os.environ, HERE.root))
    try:
        _wait_until_served(port, running)
        say(_welcome(port, demo))
        while True:
            pause(60)
            _refuse_dead(running)
    finally:
        say("Stopping")
        children.stop(running)


def _wait_until_served(port: int, running: Sequence[Child]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        _refuse_dead(running)
        if _answers(port):
            return
        pause(0.1)
    raise Problem(f"/livez did not answer with 200 within {START_SECONDS:.0f} s: the lines above may say why.")


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/livez")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _refuse_dead(running: Sequence[Child]) -> None:
    for child in running:
        if (status := child.process.poll()) is not None:
            raise Problem(f"{child.name} ended by itself (status {status}), so all stops: the lines above may say why.")


def _welcome(port: int, demo: bool) -> str:
    address = f"http://127.0.0.1:{port}"
    login = f"   staff name: demo   password: {os.environ['DEMO_STAFF_PASSWORD']}" if demo else ""
    return (
        f"Tokpik is up.\n  API          {address}\n  Swagger UI   {address}/swagger-ui\n"
        f"  Admin        {address}/admin/{login}\nCtrl-C stops it."
    )


def _port() -> int:
    text = os.environ.get("PORT") or environment.read(HERE).get("PORT") or "8000"
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise Problem(f"PORT is {text!r}: give a number from 1 to 65535.", 2)
    return int(text)


def _wants_sender() -> bool:
    text = os.environ.get("SENDER") or "on"
    if text not in ("on", "off"):
        raise Problem(f"SENDER is {text!r}: it must be on or off.", 2)
    return text == "on"


def _refuse_taken_port(port: int) -> None:
    """gunicorn would try five times and then say it less clearly."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except PermissionError:
            raise Problem(
                f"Port {port} is not open to this user: choose one above 1023, as PORT=8000 make run."
            ) from None
        except OSError:
            raise Problem(f"Port {port} is in use: end what uses it, or choose another: PORT=8001 make run.") from None


def _unless_stopped(work: Callable[[], int]) -> int:
    """An interrupted suite or check has not passed."""
    try:
        return work()
    except Stopped as stopped:
        return 128 + stopped.number


def _check_all(checks: Sequence[tuple[str, Sequence[str], Mapping[str, str]]]) -> int:
    failed = []
    for name, command, variables in checks:
        say(f"— {name}")
        if Child(name, command, variables, HERE.root).wait() != 0:
            failed.append(name)
    say(f"Failed: {', '.join(failed)}" if failed else "All checks passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
