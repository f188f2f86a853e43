"""The Dockerfile without Docker: its own steps, read from it, in a clean virtual environment and an empty folder.

What this cannot prove: that the base image is there, its Debian packages, the unprivileged user, and compose's network.
"""

import fnmatch
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.e2e.conftest import ROOT, SECONDS, answer

DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
FIRST_STAGE, RUNNING = re.split(r"^FROM .*\n", DOCKERFILE, flags=re.MULTILINE)[1:3]
INSTALLED_WITHIN = 600


def steps(stage: str, instruction: str) -> list[str]:
    return re.findall(rf"^{instruction} (.+)$", stage, re.MULTILINE)


def let_through(path: str) -> bool:
    """By .dockerignore, whose last matching line decides."""
    allowed = True
    for line in (ROOT / ".dockerignore").read_text().split():
        pattern = line.removeprefix("!").removeprefix("**/")
        if fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(path.rpartition("/")[2], pattern):
            allowed = line.startswith("!")
    return allowed


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The folder /app and the packages, as the stages make them."""
    made = tmp_path_factory.mktemp("image")
    app, packages = made / "app", made / "venv"
    app.mkdir()
    shutil.copy(ROOT / "requirements.txt", made)
    (install,) = steps(FIRST_STAGE, "RUN")
    python = f"{shlex.quote(sys.executable)} -m venv"
    script = install.replace("python -m venv", python).replace("/venv", str(packages))
    subprocess.run(["sh", "-ec", script], cwd=made, check=True, timeout=INSTALLED_WITHIN, stdout=subprocess.DEVNULL)
    for copied in steps(RUNNING, "COPY"):
        if copied.startswith("--from"):
            continue
        *sources, target = copied.split()
        for source in sources:
            assert let_through(source), f".dockerignore keeps {source} out"
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, app / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, app / target)
    for run in steps(RUNNING, "RUN"):
        if run.startswith("python "):
            execute(packages, app, run, {}, check=True)
    return packages, app


def inside(packages, variables):
    """As the image's ENV has it, and nothing of the test's own."""
    return {**variables, "PATH": f"{packages}/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"}


def execute(packages, app, command, variables, **options):
    return subprocess.run(
        command if isinstance(command, list) else ["sh", "-c", command],
        cwd=app,
        env=inside(packages, variables),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        **options,
    )


def command(instruction: str) -> list[str]:
    (found,) = re.findall(rf"^\s*{instruction} (\[.+\])$", RUNNING.replace("    CMD", "\nPROBE"), re.MULTILINE)
    return json.loads(found)


@pytest.fixture
def production(environment):
    secret = "a-secret-of-more-than-thirty-two-letters-and-50-in-all-0123456789"
    return environment | {
        "PROFILE": "production",
        "THROTTLE": "on",
        "SECRET_KEY": secret,
        "JWT_SIGNING_KEY": secret[::-1],
        "TRUSTED_PROXY_HOPS": "1",
        "ALLOWED_HOSTS": "api.example.com",
        "KAKAO_CLIENT_SECRET": "secret",
    }


def test_it_holds_what_it_needs_and_no_tests(image):
    _, app = image
    assert {path.name for path in app.iterdir()} >= {"manage.py", "gunicorn.conf.py", "tokpik", "topics"}
    assert not [path for path in app.rglob("*") if path.name in ("tests", ".env", ".git", "bench")]
    assert list((app / ".local" / "static").rglob("*.css"))


def test_a_wrong_configuration_stops_its_start_with_a_sentence(image, production):
    packages, app = image
    done = execute(packages, app, command("CMD"), production | {"KAKAO_ADMIN_KEY": "", "SECRET_KEY": "short"})
    assert done.returncode != 0
    assert "KAKAO_ADMIN_KEY" in done.stderr
    assert "SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_serves_as_it_is_started_and_its_probe_says_so(image, production, service, tmp_path):
    packages, app = image
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    variables = inside(packages, production | {"PORT": str(port)})
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command("CMD"), cwd=app, env=variables, stdout=log, stderr=log)
    try:
        wait_for(port, server, tmp_path / "log")
        with closing(HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
            headers = {"Host": "api.example.com", "X-Forwarded-Proto": "https"}
            assert answer(connection, "GET", "/topic-tags", headers=headers)[0] == 200
            status, _, page = answer(connection, "GET", "/admin/login/", headers=headers)
        assert status == 200
        assert b"/static/" in page
        assert execute(packages, app, command("PROBE"), {"PORT": str(port)}).returncode == 0
    finally:
        server.terminate()
        server.wait(SECONDS)
    assert execute(packages, app, command("PROBE"), {"PORT": str(port)}).returncode != 0
    # What it logs goes to the container's output, and nothing was written beside the code.
    assert "Listening at" in (tmp_path / "log").read_text()
    assert not list(app.rglob("__pycache__"))


def wait_for(port, server, log: Path) -> None:
    deadline = monotonic() + SECONDS
    while True:
        assert server.poll() is None, log.read_text()
        assert monotonic() < deadline, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            sleep(0.1)


def test_its_packages_are_few_megabytes(image):
    packages, _ = image
    files = [path for path in packages.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.lstat().st_size for path in files if path.suffix != ".pyc") < 130_000_000
    assert not [path for path in files if path.name in ("pytest", "ruff")]
    assert os.access(packages / "bin" / "gunicorn", os.X_OK)
