"""What pages may load and run (Content-Security-Policy), and the other headers that bound what a browser does."""

import os
import re
import shutil
import subprocess

import pytest
from django.test import Client

from accounts.models import User

SECONDS = 90
PAGES = ["/admin/login/", "/swagger-ui"]
INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE)


@pytest.fixture
def staff(db):
    client = Client()
    client.force_login(User.objects.create_staff(username="staff", password="x", is_superuser=True))
    return client


def policy_of(answer):
    parts = (part.split() for part in answer["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in parts}


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_a_page_loads_and_runs_nothing_from_elsewhere(nobody, path):
    policy = policy_of(nobody.get(path))
    assert policy.pop("default-src") == ["'none'"]
    assert policy.pop("frame-ancestors") == policy.pop("base-uri") == ["'none'"]
    # What "default-src" does not stand for.
    assert policy.pop("form-action") == ["'self'"]
    assert {source for sources in policy.values() for source in sources} == {
        "'self'",
        "data:",
        "'unsafe-eval'",
        "'unsafe-inline'",
    }
    # No script that stands within a page, however it came there; only styles may.
    assert "'unsafe-inline'" not in policy["script-src"]
    assert policy["img-src"] == ["'self'", "data:"]


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/topics/topic/", "/admin/topics/topic/add/", "/admin/password_change/"]
)
def test_the_console_has_no_script_within_its_pages(staff, path):
    answer = staff.get(path)
    assert answer.status_code == 200
    assert policy_of(answer)["script-src"]
    assert INLINE.findall(answer.content.decode()) == []


@pytest.mark.django_db
def test_nor_has_swagger_ui(nobody):
    assert INLINE.findall(nobody.get("/swagger-ui").content.decode()) == []
    script = nobody.get("/swagger-ui?script=")
    assert script["Content-Type"] == "application/javascript"
    assert b"SwaggerUIBundle" in script.content


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/topic-tags", "/users/scraps", "/nowhere", "/livez"])
def test_answers_of_the_api_are_no_pages(nobody, path):
    answer = nobody.get(path)
    assert "Content-Security-Policy" not in answer
    assert answer["Content-Type"] == "application/json"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == answer["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.django_db
def test_the_console_cannot_be_framed_and_its_cookies_are_out_of_scripts_reach():
    User.objects.create_staff(username="staff", password="a long one", is_superuser=True)
    answer = Client().post("/admin/login/?next=/admin/", {"username": "staff", "password": "a long one"})
    assert (answer.status_code, answer["X-Frame-Options"]) == (302, "DENY")
    assert set(answer.cookies) == {"sessionid", "csrftoken"}
    assert {(cookie["httponly"], cookie["samesite"]) for cookie in answer.cookies.values()} == {(True, "Lax")}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("path", "drawn"), [("/swagger-ui", "opblock-summary"), ("/admin/login/", "id_username")])
def test_in_a_browser_the_page_works_and_nothing_is_refused(live_server, path, drawn):
    browser = shutil.which("chromium")
    if browser is None:
        assert not os.environ.get("REQUIRE_BROWSER"), "Chromium is not installed"
        pytest.skip("Chromium is not installed")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    outcome = subprocess.run(
        [*command, "--virtual-time-budget=20000", live_server.url + path],
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert drawn in outcome.stdout
    assert "Content Security Policy" not in outcome.stderr
    assert "violates" not in outcome.stderr
