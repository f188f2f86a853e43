"""POST /login/kakao, when Kakao refuses, fails, hangs, or answers nonsense."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from time import monotonic

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts import kakao as ours
from accounts.models import User
from tests.kakao import ME, TOKEN

# The stand-in does not hang that long.
LONG, MOMENT = 60, 1.0


def login(code, client=None):
    return (client or APIClient()).post("/login/kakao", {"code": code}, format="json")


def refused(answer):
    assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")
    assert int(answer["Retry-After"]) >= 1
    assert answer["Cache-Control"] == "no-store"
    return True


@pytest.fixture
def impatient(monkeypatch, kakao):
    """Time-outs that a test can wait for."""
    monkeypatch.setattr(ours, "PACKET_SECONDS", 0.3)
    monkeypatch.setattr(ours, "LOGIN_SECONDS", LONG)
    monkeypatch.setattr(ours, "QUEUE_SECONDS", 0.05)
    ours.gate.cache_clear()


def errors_logged(caplog):
    return [record for record in caplog.records if record.name == "accounts.kakao" and record.levelno == logging.ERROR]


@pytest.mark.django_db
def test_a_used_expired_or_unknown_code_is_401(kakao, caplog):
    code = kakao.grant(7001)
    assert login(code).status_code == 200
    for bad in (code, "never-granted"):
        answer = login(bad)
        assert (answer.status_code, answer.json()["code"]) == (401, "kakao_code_rejected")
        assert answer["WWW-Authenticate"] == "Bearer"
        assert answer["Cache-Control"] == "no-store"
    assert User.objects.count() == 1
    assert not errors_logged(caplog)


@pytest.mark.django_db
@pytest.mark.parametrize("error_code", ["KOE303", "KOE010", "KOE101", "KOE009"])
def test_what_is_wrong_with_our_configuration_is_503_and_logged_loudly(kakao, rows, caplog, error_code):
    before = rows()
    kakao.answers[TOKEN] = (401, {"error": "invalid_client", "error_description": "?", "error_code": error_code})
    assert refused(login(kakao.grant(7001)))
    assert [error_code in record.getMessage() for record in errors_logged(caplog)] == [True]
    assert rows() == before


NONSENSE = {
    "server error": (500, {"error": "server_error"}),
    "bad gateway": (502, b"<html>Bad Gateway</html>"),
    "too many": (429, {"error_code": "KOE237", "msg": "rate limit"}),
    "garbage": (200, b"\x80\x81 garbage"),
    "nothing": (200, b""),
    "a list": (200, [1, 2]),
    "null": (200, None),
    "a refused list": (400, ["KOE320"]),
    "deep": (200, b"[" * 200_000),
    "an endless number": (200, b'{"id": ' + b"9" * 10_000 + b"}"),
    "elsewhere": (302, b""),
    "an empty object": (200, {}),
}


@pytest.mark.django_db
@pytest.mark.parametrize("path", [TOKEN, ME])
@pytest.mark.parametrize("answer", NONSENSE.values(), ids=NONSENSE)
def test_any_other_failure_is_503_and_leaves_no_row(kakao, rows, path, answer):
    before = rows()
    kakao.answers[path] = answer
    assert refused(login(kakao.grant(7001)))
    assert len(kakao.calls_of(TOKEN)) == 1
    assert rows() == before


@pytest.mark.django_db
@pytest.mark.parametrize("token", [None, "", 5, ["t"], "t\nX-Evil: 1", "토큰", "t" * 5000])
def test_a_token_that_is_none_is_not_used(kakao, token):
    kakao.answers[TOKEN] = (200, {"access_token": token})
    assert refused(login("a-code"))
    assert not kakao.calls_of(ME)


@pytest.mark.django_db
@pytest.mark.parametrize("bad", [None, True, False, "7001", 7001.0, 0, -7, 2**63, 10**30, [7001], {"id": 7001}])
def test_an_answer_that_names_nobody_is_503_and_leaves_no_row(kakao, rows, bad):
    before = rows()
    assert refused(login(kakao.grant({"id": bad, "kakao_account": {}})))
    assert rows() == before


@pytest.mark.django_db
@pytest.mark.parametrize("path", [TOKEN, ME])
def test_a_cut_connection_is_503_and_the_code_is_not_sent_again(kakao, rows, path):
    assert login(kakao.grant(7001)).status_code == 200  # so that a kept-alive connection is cut
    before, kakao.cut = rows(), {path}
    assert refused(login(kakao.grant(7002)))
    assert len(kakao.calls_of(TOKEN)) == 2
    assert rows() == before


@pytest.mark.django_db
def test_nobody_at_the_address_is_503(settings, kakao):
    settings.KAKAO_AUTH_URL = "http://127.0.0.1:9"
    assert refused(login("a-code"))


@pytest.mark.django_db
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("path", [TOKEN, ME])
def test_a_kakao_that_hangs_is_503_soon(kakao, rows, path):
    before, kakao.hung = rows(), {path}
    assert refused(login(kakao.grant(7001)))
    assert len(kakao.calls_of(TOKEN)) == 1
    assert rows() == before


@pytest.mark.django_db
def test_the_whole_login_is_bounded_however_patient_one_packet_is(kakao, monkeypatch):
    monkeypatch.setattr(ours, "LOGIN_SECONDS", 0.2)
    monkeypatch.setattr(ours, "PACKET_SECONDS", LONG)
    kakao.hung = {TOKEN}
    assert refused(login(kakao.grant(7001)))


@pytest.mark.django_db
@pytest.mark.usefixtures("impatient")
def test_a_call_that_nobody_waits_for_any_more_keeps_its_place_until_it_ends(kakao, monkeypatch, settings):
    settings.WEB_THREADS = 2
    monkeypatch.setattr(ours, "LOGIN_SECONDS", 0.1)
    monkeypatch.setattr(ours, "PACKET_SECONDS", LONG)
    kakao.hung = {TOKEN}
    assert refused(login(kakao.grant(7001)))
    later = kakao.grant(7002)
    assert refused(login(later))
    assert len(kakao.calls) == 1  # the second code was not sent, and is still good
    kakao.hung = set()
    kakao.release.set()
    monkeypatch.setattr(ours, "LOGIN_SECONDS", LONG)
    monkeypatch.setattr(ours, "QUEUE_SECONDS", LONG)
    assert login(later).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("impatient")
def test_at_most_half_of_the_threads_wait_for_kakao(kakao, monkeypatch, settings):
    settings.WEB_THREADS = 4
    monkeypatch.setattr(ours, "PACKET_SECONDS", LONG)
    kakao.hung = {TOKEN}
    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(in_a_thread, kakao.grant(7000 + number)) for number in range(6)]
        try:
            early = list(islice(as_completed(waiting, LONG), 4))
            assert all(refused(answered.result()) for answered in early)
            assert len(kakao.calls) == 2
        finally:
            kakao.release.set()


def in_a_thread(code):
    try:
        return login(code)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_no_database_connection_is_held_while_kakao_answers(kakao):
    """Counted on the server, while the login's own thread waits."""
    seen = {}

    def look(path):
        # Of a connection that was closed the server may hear a moment later.
        until = monotonic() + MOMENT
        with connection.cursor() as cursor:
            while seen.get(path) != 0 and monotonic() < until:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )
                seen[path] = cursor.fetchone()[0]
        connection.close()

    connection.close()
    kakao.meanwhile = look
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(in_a_thread, kakao.grant(7001)).result(LONG).status_code == 200
    assert seen == {TOKEN: 0, ME: 0}


@pytest.mark.django_db
def test_an_outage_is_one_line_a_login(kakao, lines):
    kakao.cut.add(TOKEN)
    answers = [login("code"), login("code")]
    said = [(line["event"], line["route"], line["status"], line["request_id"]) for line in lines()]
    assert said == [("Failed request", "login/kakao", 503, answer["X-Request-Id"]) for answer in answers]
    assert all(line["error"].startswith("UpstreamUnavailable from ") and "exception" not in line for line in lines())


@pytest.mark.django_db
def test_what_kakao_refuses_is_logged_with_the_logins_id(kakao, lines):
    kakao.answers[TOKEN] = (401, {"error_code": "KOE010"})
    answer = login("code")
    refusal, failure = lines()
    assert (refusal["logger"], failure["logger"]) == ("accounts.kakao", "tokpik.requests")
    assert {refusal["request_id"], failure["request_id"]} == {answer["X-Request-Id"]}


@pytest.mark.django_db
@pytest.mark.parametrize("fails", [None, (TOKEN, 500), (ME, 500), (TOKEN, 200), (ME, 200)])
def test_no_token_code_or_email_is_logged(kakao, caplog, fails):
    caplog.set_level(logging.DEBUG)
    account = {"email": "minji@example.com", "is_email_valid": True, "is_email_verified": True}
    code = kakao.grant({"id": 7001, "kakao_account": account})
    if fails:
        path, status = fails
        kakao.answers[path] = (status, json.dumps({"access_token": "kakao-token\n", "kakao_account": account}).encode())
    answer = login(code)
    body = answer.json()
    assert answer.status_code == (503 if fails else 200)
    secrets = [code, "kakao-token", "minji", body.get("accessToken", code), body.get("refreshToken", code)]
    assert not [secret for secret in secrets if secret in caplog.text]


@pytest.mark.django_db
def test_half_of_one_thread_is_one(kakao, settings):
    settings.WEB_THREADS = 1
    assert login(kakao.grant(7001)).status_code == 200
