"""How staff get into the console in production: a password, then a code of their app or a recovery code."""

import io
import itertools
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_redis import get_redis_connection

from accounts import second_factor
from accounts.models import User
from tests.factories import UserFactory
from tokpik import cache

PASSWORD = "a quiet place to think"
LOGIN, SECOND, ENROL, CODES = (
    "/admin/login/",
    "/admin/second-factor/",
    "/admin/second-factor/enrol/",
    "/admin/second-factor/codes/",
)


@pytest.fixture(autouse=True)
def _production(settings):
    settings.DEVELOPMENT = False


@pytest.fixture
def kim(db):
    return User.objects.create_staff(username="kim", password=PASSWORD, is_superuser=True)


def code(device):
    """What the app shows now."""
    return f"{TOTP(device.bin_key).token():06}"


def enrolled(user):
    """Their app, and their recovery codes."""
    device = TOTPDevice.objects.create(user=user, name="console")
    return device, second_factor.renew_recovery_codes(user)


def password(client, name="kim", word=PASSWORD, **headers):
    return client.post(LOGIN, {"username": name, "password": word}, **headers)


def after_password():
    client = Client()
    assert password(client).status_code == 302
    return client


def opens(client):
    return client.get("/admin/").status_code == 200


def test_a_password_alone_opens_nothing(kim):
    enrolled(kim)
    client = after_password()
    for path in ("/admin/", "/admin/topics/topic/", "/admin/password_change/", CODES, "/admin/jsi18n/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith(LOGIN)
        assert client.get(answer["Location"])["Location"].startswith(SECOND)


def test_the_first_sign_in_enrols_and_shows_recovery_codes_once(kim):
    client = after_password()
    assert client.get(SECOND)["Location"].startswith(ENROL)
    shown = client.get(ENROL)
    assert "no-store" in shown["Cache-Control"]
    page = shown.content.decode()
    # Without a view box the style sheet's size would cut the picture.
    assert re.search(r"<svg [^>]*viewBox", page)
    device = TOTPDevice.objects.get(confirmed=False)
    assert second_factor.secret(device) in page
    answer = client.post(ENROL, {"code": code(device)})
    codes = re.findall(r"\b\w{4}-\w{4}-\w{4}\b", answer.content.decode())
    assert len(set(codes)) == 10
    assert "no-store" in answer["Cache-Control"]
    assert opens(client)
    assert client.get(ENROL).status_code == 302
    assert not any(code in client.get(CODES).content.decode() for code in codes)


def test_the_same_secret_waits_however_often_the_page_is_opened(kim):
    client = after_password()
    for _ in range(3):
        client.get(ENROL)
    assert TOTPDevice.objects.count() == 1


def test_what_another_session_was_shown_enrols_nothing(kim):
    """Whoever had the password first could wait until its owner enrols the secret that both have seen."""
    thief, client = after_password(), after_password()
    for each in (thief, client):
        each.get(ENROL)
    seen, own = TOTPDevice.objects.order_by("pk")
    assert seen.key != own.key
    client.post(ENROL, {"code": code(seen)})
    assert not opens(client)
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    client.post(ENROL, {"code": code(own)})
    assert opens(client)
    assert TOTPDevice.objects.get().key == own.key
    thief.post(SECOND, {"code": code(seen)})
    assert not opens(thief)


def test_one_may_leave_between_the_factors(kim):
    client = after_password()
    client.post("/admin/logout/")
    assert client.get(ENROL)["Location"].startswith(LOGIN)


def test_a_wrong_code_enrols_nothing(kim):
    client = after_password()
    client.get(ENROL)
    assert "코드가 맞지 않습니다" in client.post(ENROL, {"code": "000000"}).content.decode()
    assert not opens(client)
    assert not StaticToken.objects.exists()


def test_a_code_of_the_app_opens_the_page_that_was_asked_for(kim):
    device, _ = enrolled(kim)
    client = after_password()
    answer = client.post(f"{SECOND}?next=/admin/topics/topic/", {"code": f" {code(device)[:3]} {code(device)[3:]}"})
    assert answer["Location"] == "/admin/topics/topic/"
    assert opens(client)


@pytest.mark.parametrize("next", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere(kim, next):
    device, _ = enrolled(kim)
    assert after_password().post(f"{SECOND}?next={next}", {"code": code(device)})["Location"] == "/admin/"


def test_a_code_does_once(kim):
    device, codes = enrolled(kim)
    for shown in (code(device), codes[0]):
        first, second = after_password(), after_password()
        first.post(SECOND, {"code": shown})
        second.post(SECOND, {"code": shown})
        assert (opens(first), opens(second)) == (True, False)
        TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)


def test_another_ones_code_opens_nothing(kim):
    enrolled(kim)
    other, codes = enrolled(User.objects.create_staff(username="lee", password=PASSWORD))
    client = after_password()
    for theirs in (code(other), codes[0]):
        client.post(SECOND, {"code": theirs})
        assert not opens(client)


def test_recovery_codes_are_stored_as_digests_only(kim):
    _, codes = enrolled(kim)
    stored = set(StaticToken.objects.values_list("token", flat=True))
    assert len(stored) == 10
    assert not stored & {code.replace("-", "") for code in codes}


def test_new_recovery_codes_put_an_end_to_the_old(kim):
    device, old = enrolled(kim)
    client = after_password()
    client.post(SECOND, {"code": code(device)})
    assert "10개" in client.get(CODES).content.decode()
    new = re.findall(r"\b\w{4}-\w{4}-\w{4}\b", client.post(CODES).content.decode())
    assert len(new) == 10
    assert second_factor.verify(kim, new[0])
    assert not second_factor.verify(kim, old[0])


def test_the_session_gets_a_new_key_with_the_second_factor(kim):
    device, _ = enrolled(kim)
    client = after_password()
    before = client.cookies["sessionid"].value
    client.post(SECOND, {"code": code(device)})
    assert client.cookies["sessionid"].value != before


def test_the_cookie_is_the_consoles_for_a_working_day(kim, settings):
    settings.SESSION_COOKIE_SECURE = True
    cookie = password(Client()).cookies["sessionid"]
    assert (cookie["path"], cookie["max-age"], cookie["httponly"], cookie["secure"]) == ("/", 43200, True, True)


def test_a_lost_phone_has_a_command(kim):
    device, codes = enrolled(kim)
    client, waiting = after_password(), after_password()
    client.post(SECOND, {"code": code(device)})
    out = io.StringIO()
    call_command("reset_second_factor", "kim", stdout=out)
    assert "kim enrols" in out.getvalue()
    assert not opens(client)
    # Not even the way to enrolment is open to the lost phone's browser.
    for old in (client, waiting):
        assert old.get(ENROL)["Location"].startswith(LOGIN)
    assert not second_factor.verify(kim, codes[0])
    assert after_password().get(ENROL).status_code == 200


@pytest.mark.parametrize("name", ["nobody", ""])
def test_the_command_says_that_there_is_nobody(db, name):
    UserFactory()
    with pytest.raises(CommandError, match="no staff login"):
        call_command("reset_second_factor", name)


def test_a_lost_password_has_a_command(kim, monkeypatch):
    device, _ = enrolled(kim)
    client = after_password()
    client.post(SECOND, {"code": code(device)})
    monkeypatch.setattr("getpass.getpass", lambda *_, **__: "another quiet place")
    call_command("changepassword", "kim", stdout=io.StringIO())
    assert not opens(client)
    assert password(Client()).status_code == 200
    assert password(Client(), word="another quiet place").status_code == 302


def test_in_development_the_password_is_enough(kim, settings):
    settings.DEVELOPMENT = True
    assert opens(after_password())


@pytest.mark.parametrize("path", [LOGIN, SECOND, ENROL, CODES, "/admin/logout/"])
def test_no_other_site_can_send_its_forms(kim, path):
    client = Client(enforce_csrf_checks=True)
    client.force_login(kim)
    assert client.post(path, {"code": "000000"}).status_code == 403


def test_a_person_has_no_way_in(db):
    client = Client()
    client.force_login(UserFactory())
    for path in (SECOND, ENROL, CODES):
        assert client.get(path)["Location"].startswith(LOGIN)
    assert not TOTPDevice.objects.exists()


class TestLimits:
    def test_a_name_may_be_tried_ten_times_in_a_quarter_of_an_hour(self, kim):
        answers = [password(Client(), word="wrong", REMOTE_ADDR=f"10.0.0.{number}") for number in range(11)]
        assert [answer.status_code for answer in answers] == [200] * 10 + [429]
        assert 0 < int(answers[-1]["Retry-After"]) <= 901
        assert "시도가 너무 많았습니다" in answers[-1].content.decode()
        # The right one too, or a guesser would learn it.
        assert password(Client()).status_code == 429

    def test_a_name_that_nobody_has_is_limited_alike(self, kim):
        assert [password(Client(), name="ghost").status_code for _ in range(11)][-1] == 429
        assert password(Client()).status_code == 302

    def test_an_address_may_try_thirty_times(self, kim):
        statuses = [password(Client(), name=f"name{number}").status_code for number in range(31)]
        assert statuses == [200] * 30 + [429]
        assert password(Client()).status_code == 429
        assert password(Client(), REMOTE_ADDR="10.9.9.9").status_code == 302

    def test_behind_a_proxy_of_ours_the_address_is_whose_the_browser_is(self, kim, settings):
        settings.TRUSTED_PROXY_HOPS = 1
        for number in range(31):
            last = password(Client(), name=f"name{number}", HTTP_X_FORWARDED_FOR="192.0.2.1", REMOTE_ADDR="10.0.0.1")
        assert last.status_code == 429
        others = password(Client(), HTTP_X_FORWARDED_FOR="192.0.2.2", REMOTE_ADDR="10.0.0.1")
        assert others.status_code == 302

    def test_a_second_factor_may_be_tried_ten_times(self, kim):
        _, codes = enrolled(kim)
        client = after_password()
        assert [client.post(SECOND, {"code": "000000"}).status_code for _ in range(11)] == [200] * 10 + [429]
        assert client.post(SECOND, {"code": codes[0]}).status_code == 429
        assert not opens(client)

    def test_without_the_cache_each_process_counts_by_itself(self, kim, monkeypatch):
        monkeypatch.setattr(cache, "ask", lambda question, otherwise: otherwise)
        assert [password(Client(), word="wrong").status_code for _ in range(11)] == [200] * 10 + [429]

    def test_without_the_cache_the_database_slows_guesses_at_the_second_factor(self, kim):
        device, _ = enrolled(kim)
        for _ in range(3):
            second_factor.verify(kim, "000000")
        assert second_factor.verify(kim, code(device)) is None


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def at_once(self, work, count=12):
        def one(_):
            try:
                return work()
            finally:
                connection.close()

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(one, range(count)))

    def test_exactly_ten_of_many_tries_at_once_are_looked_at(self, kim):
        statuses = self.at_once(lambda: password(Client(), word="wrong").status_code, count=16)
        assert sorted(statuses) == [200] * 10 + [429] * 6

    def test_one_code_opens_for_one_of_many_at_once(self, kim):
        device, codes = enrolled(kim)
        shown = code(device)
        assert len([got for got in self.at_once(lambda: second_factor.verify(kim, shown)) if got]) == 1
        assert len([got for got in self.at_once(lambda: second_factor.verify(kim, codes[0])) if got]) == 1

    def test_one_of_many_enrolments_at_once_counts(self, kim):
        devices = [second_factor.begin_enrolment(kim, None) for _ in range(2)]
        turns = itertools.cycle((device.pk, code(device)) for device in devices)

        def enrol():
            begun, shown = next(turns)
            return second_factor.enrol(kim, shown, begun)

        assert len([got for got in self.at_once(enrol) if got]) == 1
        assert TOTPDevice.objects.get().confirmed
        assert StaticToken.objects.count() == 10
        get_redis_connection("default").flushdb()
