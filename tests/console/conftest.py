"""The console in Debian's Chromium. Without it these tests are skipped, unless REQUIRE_BROWSER=1 says they must run."""

import os
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import sync_playwright

from accounts.models import User

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "a quiet place to think"
# Names of things, formats, keys, and what staff wrote themselves.
LATIN = {"CSV", "csv", "XLSX", "xlsx", "C", "curator", "esc", "ID", "P", "H", "E", "N", "U", "TTL"}
# Said to screen readers by the scroll bar's script, which has no translation.
LATIN |= {"scrollable content"}


# Not of the session: while it is open, its event loop is this thread's, and no other test's can run there.
@pytest.fixture(scope="module")
def browser():
    if not CHROMIUM.exists():
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"{CHROMIUM} is missing and REQUIRE_BROWSER=1: install Debian's chromium.")
        pytest.skip(f"{CHROMIUM} is missing: install Debian's chromium to run the console's browser tests.")
    # Playwright's loop runs in the test's thread; the ORM is used there between its calls only.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


class Screen:
    """A browser's page, signed in or not, that remembers what went wrong on it."""

    def __init__(self, browser, address):
        self.address = address
        self.context = browser.new_context(locale="ko-KR", timezone_id="Asia/Seoul", base_url=address)
        self.context.set_default_timeout(30_000)
        self.page = self.context.new_page()
        self.wrong = []
        self.english = set()
        self.page.on("console", self.note)
        self.page.on("pageerror", lambda error: self.wrong.append(f"{self.page.url}: {error}"))

    def note(self, line):
        if line.type == "error":
            self.wrong.append(f"{self.page.url}: {line.text} {line.location}")

    def sign_in(self, user):
        client = Client()
        client.force_login(user)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": self.address}])

    def open(self, path):
        answer = self.page.goto(path)
        assert answer.status == 200, (path, answer.status)
        self.look()
        return self.page

    def look(self):
        """Collects texts without a Hangul letter from what people press and read first."""
        texts = self.page.evaluate(
            """() => [...document.querySelectorAll(
                'button, label, a, th, h1, h2, h3, option, legend, [placeholder], [aria-label], input[type=submit]'
            )].flatMap((element) => {
                const copy = element.cloneNode(true);
                copy.querySelectorAll('.material-symbols-outlined, script, style, option').forEach((it) => it.remove());
                return [copy.textContent, element.placeholder, element.getAttribute('aria-label'),
                    element.type === 'submit' ? element.value : ''];
            }).map((text) => (text || '').trim().replace(/\\s+/g, ' ')).filter(Boolean)"""
        )
        self.english |= {text for text in texts if re.fullmatch(r"[A-Za-z][ -~’]*", text)} - LATIN


@pytest.fixture
def curator(transactional_db):
    return User.objects.create_staff(username="curator", password=PASSWORD, is_superuser=True)


@pytest.fixture
def screens(browser, live_server):
    """Makes screens, and says at the end what went wrong on any of them."""
    made = []

    def screen(user=None):
        made.append(Screen(browser, live_server.url))
        if user:
            made[-1].sign_in(user)
        return made[-1]

    yield screen
    for each in made:
        each.context.close()
    assert [wrong for each in made for wrong in each.wrong] == []
    assert {text for each in made for text in each.english} == set()


@pytest.fixture
def screen(screens, curator):
    return screens(curator)
