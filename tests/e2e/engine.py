"""In docker's place: what deploy/release asks of compose, done with gunicorns where compose has containers."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from tests.e2e.conftest import GUNICORN, ROOT, SECONDS, wait_until_alive

DOCKER = """#!{python}
import http.client, json, os, sys
connection = http.client.HTTPConnection("127.0.0.1", {port}, timeout={seconds})
connection.request("POST", "/", json.dumps([os.environ.get("IMAGE"), sys.argv[1:]]))
sys.exit(int(connection.getresponse().read()))
"""


@dataclass
class Engine:
    """`containers` are the services that run, and of which image. `when_ended` is called after one was, each time.

    One is ended by SIGKILL, which is harsher than compose: had the proxy anything under way there, it would be lost.
    """

    environment: Mapping[str, str]
    folder: Path
    ports: Mapping[str, int]
    when_ended: Callable[[str], None] = lambda service: None
    containers: dict[str, str] = field(default_factory=dict)
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def docker(self, *words: str, image: str | None) -> int:
        """The exit status."""
        match words:
            case ["compose", "up", *_, "--wait-timeout", _, service]:
                assert image
                self.end(service)
                self.start(service, image)
            case ["compose", "rm", "--stop", "--force", service]:
                self.end(service)
            case ["compose", "exec", "-T", service, ("touch" | "rm") as program, *rest] if service in self.containers:
                *options, path = rest
                return subprocess.run([program, *options, self.inside(service, path)]).returncode
            case ["compose", "exec", "-T", "web" | "standby", *_]:
                return 1
        return 0

    def start(self, service: str, image: str) -> None:
        """It lives when this returns."""
        temporary = self.inside(service, "/tmp")  # noqa: S108 (of the container)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        variables = {**self.environment, "PORT": str(self.ports[service]), "TMPDIR": str(temporary)}
        command = [sys.executable, *GUNICORN]
        with (self.folder / f"{service}.log").open("ab") as log:
            process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=log, start_new_session=True)
        self.containers[service], self.processes[service] = image, process
        wait_until_alive(self.ports[service])

    def end(self, service: str) -> None:
        if process := self.processes.pop(service, None):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(SECONDS)
            del self.containers[service]
            self.when_ended(service)

    def inside(self, service: str, path: str) -> Path:
        return self.folder / service / path.removeprefix("/")


@contextmanager
def engine(environment: Mapping[str, str], folder: Path, ports: Mapping[str, int]) -> Iterator[Engine]:
    """Whoever has `folder` first in PATH finds its docker there."""
    run = Engine(environment, folder, ports)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            image, words = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status = str(run.docker(*words, image=image)).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(status)

        def log_message(self, *line: Any) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        docker = folder / "docker"
        docker.write_text(DOCKER.format(python=sys.executable, port=server.server_port, seconds=2 * SECONDS))
        docker.chmod(0o755)
        try:
            yield run
        finally:
            run.when_ended = lambda service: None
            for service in [*run.processes]:
                run.end(service)
            server.shutdown()
