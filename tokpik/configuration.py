"""Reading settings from the environment, so that all that is wrong can be said at once, in sentences."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ

T = TypeVar("T")
REQUIRED: Any = object()
LOOPBACK = ("localhost", "127.0.0.1", "::1")
Prices = dict[str, tuple[float, float]]


class Configuration:
    """The environment, and what was found wrong with it.

    A value that is missing or cannot be read is noted in `problems` and stands as `fallback`, so that settings
    can be loaded and the system check (`tokpik.checks`) can name every problem. Neither `manage.py` commands
    that run checks nor the web server start while there is one.
    """

    def __init__(self) -> None:
        self.env = environ.Env()
        self.problems: list[str] = []

    def read(self, name: str, cast: Callable[[str], T], default: T = REQUIRED, fallback: T | None = None) -> T:
        raw = self.env.str(name, default="")
        if raw == "":
            if default is not REQUIRED:
                return default
            self.problems.append(f"{name} is not set: give it a value in the environment (see .env.example).")
            return fallback  # type: ignore[return-value]
        try:
            return cast(raw)
        except (ValueError, environ.ImproperlyConfigured) as error:
            self.problems.append(f"{name} has a value that cannot be used: {error}.")
            return default if default is not REQUIRED else fallback  # type: ignore[return-value]

    def text(self, name: str, default: str = REQUIRED) -> str:
        return self.read(name, str, default, fallback="")

    def secret(self, name: str, default: str = REQUIRED) -> str:
        """A secret of at least 32 bytes (RFC 7518, section 3.2: a key no shorter than the hash)."""
        return self.read(name, long_enough, default, fallback="")

    def key(self, name: str) -> str:
        """A signing key: a secret that can stand in a comma-separated list when it is an old one."""
        return self.read(name, listable, fallback="")

    def keys(self, name: str) -> list[str]:
        return self.read(name, lambda raw: [listable(word) for word in raw.split(",")], default=[])

    def words(self, name: str, default: list[str] = REQUIRED) -> list[str]:
        """A comma-separated list."""
        return self.read(name, lambda raw: [word.strip() for word in raw.split(",") if word.strip()], default, [])

    def choice(self, name: str, choices: tuple[str, ...], default: str) -> str:
        def one_of(raw: str) -> str:
            if raw not in choices:
                raise ValueError(f"it must be {' or '.join(choices)}")
            return raw

        return self.read(name, one_of, default)

    def number(self, name: str, default: int, least: int = 0, most: int = 2**63 - 1) -> int:
        def within(raw: str) -> int:
            if not raw.isascii() or not raw.isdigit() or not least <= int(raw) <= most:
                raise ValueError(f"it must be a whole number from {least} to {most}")
            return int(raw)

        return self.read(name, within, default)

    def url(self, name: str, default: str = REQUIRED) -> str:
        """An http(s) address without a slash at its end."""
        return self.read(name, web_address, default, fallback="")

    def sealed_url(self, name: str, default: str) -> str:
        """One to which nobody on the way can read what is sent: by HTTPS, or on this very machine."""
        return self.read(name, sealed_address, default)

    def hours(self, name: str, default: timedelta | None) -> timedelta | None:
        """A number of hours; None for `never`."""
        return self.read(name, hours_or_never, default)

    def prices(self, name: str, default: Prices) -> Prices:
        """`model=0.4/1.6,other=2/8`: of each model what a million tokens cost, in and out."""
        return self.read(name, price_table, default)

    def database(self, name: str, default: dict[str, Any] = REQUIRED) -> dict[str, Any]:
        """A PostgreSQL address; one on a Unix socket is `postgresql://user:@/name?host=/dir`."""
        return self.read(name, postgresql_address, default, fallback={"ENGINE": "django.db.backends.dummy"})


def long_enough(raw: str) -> str:
    if len(raw.encode()) < 32:
        raise ValueError("it must be at least 32 bytes long")
    return raw


def listable(raw: str) -> str:
    if "," in raw or raw != raw.strip():
        raise ValueError("it must hold no comma, and no white space around it")
    return long_enough(raw)


def hours_or_never(raw: str) -> timedelta | None:
    if raw == "never":
        return None
    if not raw.isascii() or not raw.isdigit() or int(raw) > 24 * 365:
        raise ValueError("it must be a whole number of hours, or never")
    return timedelta(hours=int(raw))


def price_table(raw: str) -> Prices:
    found = [re.fullmatch(r"\s*([^=,\s]+)=([0-9.]+)/([0-9.]+)\s*", part) for part in raw.split(",")]
    if not all(found):
        raise ValueError("it must look like model=0.4/1.6,other=2/8")
    return {price[1]: (float(price[2]), float(price[3])) for price in found if price}


def web_address(raw: str) -> str:
    parts = urlsplit(raw)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must begin with http:// or https:// and name a host")
    return raw.rstrip("/")


def sealed_address(raw: str) -> str:
    address = web_address(raw)
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ValueError("in production it must begin with https://, unless it names this machine (localhost)")
    return address


def postgresql_address(raw: str) -> dict[str, Any]:
    if urlsplit(raw).scheme not in ("postgres", "postgresql"):
        raise ValueError("it must begin with postgresql://")
    return {**environ.Env.db_url_config(raw), "ENGINE": "django.db.backends.postgresql"}


def redis_address(raw: str) -> str:
    if urlsplit(raw).scheme not in ("redis", "rediss", "unix"):
        raise ValueError("it must begin with redis://, rediss:// or unix://")
    return raw


def is_of_cluster(redis: str) -> bool:
    """Whether a node of a cluster may have this address: they have no Unix sockets, and one database only."""
    parts = urlsplit(redis)
    return parts.scheme != "unix" and parts.path in ("", "/", "/0") and "db=" not in parts.query
