"""`.local/env`: the development profile and made-up secrets of one checkout."""

import os
import re
import secrets
import socket
from collections.abc import Mapping

from tokpik.local import Problem
from tokpik.local.checkout import HERE, Checkout

HEADER = """\
# Written once for this checkout; yours to edit: `make` only adds what is missing, and the environment wins.
# KAKAO_AUTH_URL and KAKAO_API_URL name a closed port, so that no made-up key is ever sent to the real Kakao.
"""
CLOSED = "http://127.0.0.1:9"
SERVERS = ("DATABASE_URL", "REDIS_URL")


def load(checkout: Checkout = HERE) -> None:
    """Fill os.environ from `.local/env`, and with this checkout's own servers when none are named.

    Names that are set already stay as they are; nothing happens under PROFILE=production, nor in
    the suite (LOCAL_ENV=off), where no test may depend on what a developer wrote there.
    """
    if os.environ.get("PROFILE") == "production" or os.environ.get("LOCAL_ENV") == "off":
        return
    for name, value in read(checkout).items():
        os.environ.setdefault(name, value)
    if os.environ.get("PROFILE") == "development" and not any(map(os.environ.get, SERVERS)):
        os.environ.update(own_servers(checkout))


def own_servers(checkout: Checkout = HERE) -> dict[str, str]:
    return {"DATABASE_URL": checkout.database_url(), "REDIS_URL": checkout.redis_url()}


def missing_servers(checkout: Checkout = HERE) -> str:
    """A sentence when the environment names this checkout's own servers and they are not up, else ""."""
    if os.environ.get("DATABASE_URL") != checkout.database_url():
        return ""
    for path in (checkout.postgres_socket, checkout.valkey_socket):
        with socket.socket(socket.AF_UNIX) as client:
            if client.connect_ex(os.fspath(path)) != 0:
                return "The database and the cache of this checkout are not running: run `make up`."
    return ""


def read(checkout: Checkout) -> dict[str, str]:
    """The names and values of `.local/env`, taken as they stand: no quotes, no escapes."""
    file = checkout.local / "env"
    try:
        lines = file.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise Problem(f"{file} belongs to another user: run as that user, or delete .local.") from None
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def write(checkout: Checkout) -> None:
    """Add what is missing to `.local/env`, in one step. The caller holds the checkout's lock."""
    file = checkout.local / "env"
    found = read(checkout)
    missing = {name: value for name, value in made_up().items() if name not in found}
    if not missing:
        return
    text = file.read_text("utf-8").rstrip("\n") + "\n" if file.exists() else HEADER
    text += "".join(f"{name}={value}\n" for name, value in missing.items())
    fresh = file.with_name("env.new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        os.fchown(out.fileno(), checkout.owner, -1)
        out.write(text)
    fresh.replace(file)


def made_up() -> dict[str, str]:
    return {
        "PROFILE": "development",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "JWT_SIGNING_KEY": secrets.token_urlsafe(48),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "CORS_ALLOWED_ORIGINS": "http://localhost:3000",
        "CLIENT_URL": "http://localhost:3000",
        "METRICS_TOKEN": secrets.token_urlsafe(48),
        "KAKAO_CLIENT_ID": secrets.token_hex(16),
        "KAKAO_ADMIN_KEY": secrets.token_hex(16),
        "KAKAO_REDIRECT_URI": "http://localhost:3000/oauth",
        "KAKAO_AUTH_URL": CLOSED,
        "KAKAO_API_URL": CLOSED,
        "DEMO_STAFF_PASSWORD": secrets.token_urlsafe(12),
    }


def for_tests(checkout: Checkout = HERE) -> dict[str, str]:
    """A whole environment for the suite, in which nothing of the developer's own settings is left."""
    return {**_without_settings(checkout), **made_up(), **own_servers(checkout), "LOCAL_ENV": "off"}


def for_bench(checkout: Checkout = HERE) -> dict[str, str]:
    """As for the suite, with a database beside the developer's and numbers of Valkey's that nobody else uses."""
    return {
        **for_tests(checkout),
        "DATABASE_URL": checkout.database_url().replace("/tokpik?", "/tokpik_bench?"),
        "REDIS_URL": checkout.redis_url().replace("db=0", "db=40"),
        "DJANGO_SETTINGS_MODULE": "bench.settings",
    }


def for_deployment_check(checkout: Checkout = HERE) -> dict[str, str]:
    """A made-up production: sound values for `check --deploy` to find nothing wrong with."""
    production = {
        "PROFILE": "production",
        "ALLOWED_HOSTS": "api.tokpik.example",
        "CSRF_TRUSTED_ORIGINS": "https://api.tokpik.example",
        "CORS_ALLOWED_ORIGINS": "https://tokpik.example",
        "CLIENT_URL": "https://tokpik.example",
        "TRUSTED_PROXY_HOPS": "1",
        "KAKAO_REDIRECT_URI": "https://tokpik.example/oauth",
        "KAKAO_AUTH_URL": "https://kauth.kakao.com",
        "KAKAO_API_URL": "https://kapi.kakao.com",
    }
    environment = {**for_tests(checkout), **production}
    del environment["DEMO_STAFF_PASSWORD"]
    return environment


def _without_settings(checkout: Checkout) -> Mapping[str, str]:
    """os.environ less every name that `.env.example` lists, commented out or not."""
    example = checkout.root / ".env.example"
    text = example.read_text("utf-8") if example.exists() else ""
    names = set(re.findall(r"^#?\s*([A-Z][A-Z0-9_]*)=", text, re.MULTILINE))
    return {name: value for name, value in os.environ.items() if name not in names}
