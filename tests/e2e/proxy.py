"""The proxy of compose.yaml: a real Caddy with the file that ships, in front of any port."""

import http.client
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep

from tests.e2e.conftest import ROOT, SECONDS, answer

TRUSTING = ssl._create_unverified_context()  # noqa: S323 (the certificate is one that Caddy made for this test)
TRUSTING.set_alpn_protocols(["http/1.1"])
ORIGINS = ["http://localhost:3000", "https://tokpik.example"]
# What the file lacks where nobody owns the ports 80 and 443, nor the list of those whom the machine trusts.
HERE_ALONE = """{{
    admin off
    auto_https disable_redirects
    skip_install_trust
    storage file_system {folder}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def open_tls(port):
    return TRUSTING.wrap_socket(
        socket.create_connection(("127.0.0.1", port), timeout=SECONDS), server_hostname="localhost"
    )


@contextmanager
def caddy(upstream: int, folder: Path, *, standby: int = 9, patience: str = "15s", more: str = "") -> Iterator[int]:
    """The port of one with a certificate of its own making.

    It waits so long for a web server that is not there. `more` are lines that stand in front of the shipped site's.
    """
    port = free_port()
    file = folder / "Caddyfile"
    shipped = (ROOT / "deploy/Caddyfile").read_text()
    assert shipped.startswith("{\n")
    site = "{$DOMAIN} {\n"
    assert shipped.count(site) == 1
    file.write_text(HERE_ALONE.format(folder=folder) + shipped.removeprefix("{\n").replace(site, site + more))
    variables = {
        "HOME": str(folder),
        "DOMAIN": f"localhost:{port}",
        "UPSTREAM": f"127.0.0.1:{upstream}",
        "STANDBY": f"127.0.0.1:{standby}",
        "CORS_ALLOWED_ORIGINS": ", ".join([*ORIGINS, ""]),
        "PATIENCE": patience,
    }
    program = [str(Path(sys.executable).with_name("caddy")), "run", "--config", str(file), "--adapter", "caddyfile"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(program, env=variables, stdout=log, stderr=log)
    try:
        deadline = monotonic() + SECONDS
        while not listens(port):
            assert process.poll() is None, (folder / "log").read_text()
            assert monotonic() < deadline, (folder / "log").read_text()
            sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(SECONDS)


def listens(port: int) -> bool:
    """Whether it answers, with whatever status."""
    try:
        with closing(connect(port)) as connection:
            return bool(answer(connection, "GET", "/livez")[0])
    except (OSError, http.client.HTTPException):
        return False


def connect(port):
    return http.client.HTTPSConnection("localhost", port, timeout=SECONDS, context=TRUSTING)
