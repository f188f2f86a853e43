"""How long the database may keep anybody waiting (docs/decisions/0040)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, connections


@dataclass(frozen=True)
class Timeouts:
    """In seconds, 0 for none: of one statement, of waiting for a lock, of idling within a transaction."""

    statement: int
    lock: int
    idle: int

    def settings(self) -> dict[str, str]:
        """As PostgreSQL names and writes them."""
        return {
            "statement_timeout": f"{self.statement}s",
            "lock_timeout": f"{self.lock}s",
            "idle_in_transaction_session_timeout": f"{self.idle}s",
        }

    def options(self) -> str:
        """For the message that opens a connection: they hold from its first statement on, at no round trip."""
        return " ".join(f"-c {name}={value}" for name, value in self.settings().items())


WEB = Timeouts(statement=5, lock=2, idle=10)
COMMANDS = Timeouts(statement=600, lock=10, idle=60)
NONE = Timeouts(statement=0, lock=0, idle=0)


def serve_the_web() -> None:
    """Gives the connections that this process opens from now on the time-outs of a web server."""
    for alias in connections:
        options = connections.settings[alias]["OPTIONS"]
        options["options"] = WEB.options() + options["options"].removeprefix(COMMANDS.options())


@contextmanager
def held_to(timeouts: Timeouts) -> Iterator[None]:
    """For a command whose work takes longer, or must keep others waiting less; afterwards all is as it was."""
    hold_to(timeouts)
    yield
    with connection.cursor() as cursor:
        for name in timeouts.settings():
            cursor.execute(f"RESET {name}")


def hold_to(timeouts: Timeouts) -> None:
    with connection.cursor() as cursor:
        for name, value in timeouts.settings().items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name, value])


def missing(connection: Any) -> list[str]:
    """The time-outs that are not in force on this connection: a pooler in between dropped what was asked for."""
    names = list(COMMANDS.settings())
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name = ANY (%s) AND setting = '0' ORDER BY name", [names])
        return [name for (name,) in cursor.fetchall()]
