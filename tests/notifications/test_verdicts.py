"""What an answer of FCM means, and which phones are forgotten."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.credential import Refused
from notifications.strangers import STRANGERS_MOST, TRUSTED, Strangers
from notifications.verdicts import Verdict, judge
from tests.fcm import refusal
from tests.notifications.conftest import at

SUCCESS = b'{"name": "projects/p/messages/1"}'


def verdict(reply):
    return judge(reply.status, reply.headers, json.dumps(reply.body).encode()).verdict


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (refusal(404, "UNREGISTERED", general="NOT_FOUND"), Verdict.UNREGISTERED),
        (refusal(404, general="NOT_FOUND"), Verdict.AGAIN),
        (refusal(400, "UNREGISTERED"), Verdict.UNREGISTERED),
        (refusal(403, "SENDER_ID_MISMATCH", general="PERMISSION_DENIED"), Verdict.MISMATCH),
        (refusal(403, general="PERMISSION_DENIED"), Verdict.FORBIDDEN),
        (refusal(400, "INVALID_ARGUMENT", field="message.token"), Verdict.BAD_TARGET),
        (refusal(400, field="message.token", general="INVALID_ARGUMENT"), Verdict.BAD_TARGET),
        (refusal(400, "INVALID_ARGUMENT", field="message.webpush.headers"), Verdict.INVALID),
        (refusal(400, "INVALID_ARGUMENT"), Verdict.INVALID),
        (refusal(400, general="INVALID_ARGUMENT"), Verdict.INVALID),
        (refusal(400), Verdict.AGAIN),
        (refusal(401, general="UNAUTHENTICATED"), Verdict.UNAUTHENTICATED),
        (refusal(401, "THIRD_PARTY_AUTH_ERROR", general="UNAUTHENTICATED"), Verdict.AGAIN),
        (refusal(429, "QUOTA_EXCEEDED", general="RESOURCE_EXHAUSTED"), Verdict.AGAIN),
        (refusal(500, "INTERNAL"), Verdict.AGAIN),
        (refusal(503, "UNAVAILABLE"), Verdict.AGAIN),
        (refusal(418, "SOMETHING_NEW"), Verdict.AGAIN),
        (refusal(302), Verdict.AGAIN),
    ],
    ids=repr,
)
def test_the_code_counts_before_the_status(reply, expected):
    assert verdict(reply) is expected


BODIES = [b"", b"<html>", b"[]", b"null", b'{"error": 5}', b'{"error": {"details": 5}}', b"\xff", b"[" * 100_000]
BODIES += [b'{"error": {"details": [5, {"errorCode": 5}, {"fieldViolations": {}}, {"fieldViolations": [5]}]}}']


@pytest.mark.parametrize("body", BODIES, ids=lambda body: body[:30])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Verdict.AGAIN),
        (401, Verdict.UNAUTHENTICATED),
        (403, Verdict.FORBIDDEN),
        (404, Verdict.AGAIN),
        (502, Verdict.AGAIN),
        (200, Verdict.SENT),
    ],
)
def test_whatever_the_body_is_there_is_a_verdict(status, body, expected):
    assert judge(status, {}, body).verdict is expected


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17),
        ({"Retry-After": "0"}, 0),
        ({}, 0),
        ({"Retry-After": "soon"}, 0),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "٣"}, 0),
        ({"Retry-After": "9" * 400}, 3600),
        ({"Retry-After": "Wed, 01 Jan 2031 00:00:30 GMT", "Date": "Wed, 01 Jan 2031 00:00:00 GMT"}, 30),
        ({"Retry-After": "Wed, 01 Jan 2031 00:00:30 GMT", "Date": "Wed, 01 Jan 2031 00:01:00 GMT"}, 0),
        ({"Retry-After": "Wed, 01 Jan 2031 00:00:30 GMT"}, 0),
        ({"Retry-After": "Fri, 01 Jan 9999 00:00:00 GMT", "Date": "Wed, 01 Jan 2031 00:00:00 GMT"}, 3600),
        ({"Retry-After": "Wed, 01 Jan 2031 00:00:30 +99999999999999999999"}, 0),
        ({"Retry-After": "Wed, 01 Jan 99999999999 00:00:30 GMT"}, 0),
        ({"Retry-After": "1.5"}, 0),
        ({"Retry-After": ""}, 0),
        ({"Retry-After": "Wed, 01 Jan 2031 00:00:30", "Date": "Wed, 01 Jan 2031 00:00:00 GMT"}, 0),
    ],
    ids=repr,
)
def test_retry_after_is_seconds_or_a_date_beside_the_answers_own(headers, seconds):
    assert judge(503, headers, b"").wait == seconds


@given(st.text(), st.text(), st.integers(300, 599), st.binary())
def test_nothing_that_is_answered_has_no_verdict(wait, date, status, body):
    answer = judge(status, {"Retry-After": wait, "Date": date}, body)
    assert 0 <= answer.wait <= 3600


def test_why_says_no_more_than_status_and_code():
    assert judge(404, {}, json.dumps(refusal(404, "UNREGISTERED").body).encode()).why == "status 404, UNREGISTERED"


NOW = at("19:00")
STRANGERS = [Verdict.MISMATCH, Verdict.BAD_TARGET]


def test_an_unregistered_phone_is_forgotten_whatever_else():
    assert Strangers().forgets(Verdict.UNREGISTERED, "a", NOW)


def test_our_own_fault_forgets_nobody():
    strangers = Strangers()
    strangers.success("b", NOW)
    assert not any(strangers.forgets(Verdict.INVALID, "a", NOW) for _ in range(50))


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_is_forgotten_once_another_phone_was_reached(stranger):
    strangers = Strangers()
    assert not strangers.forgets(stranger, "a", NOW)
    strangers.success("b", NOW)
    assert strangers.forgets(stranger, "a", NOW + TRUSTED)
    assert not strangers.forgets(stranger, "a", NOW + TRUSTED + timedelta(seconds=1))


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_success_of_the_same_phone_is_none_of_anothers(stranger):
    strangers = Strangers()
    strangers.success("a", NOW)
    strangers.success("a", NOW)
    assert not strangers.forgets(stranger, "a", NOW)
    strangers.success("b", NOW)
    strangers.success("a", NOW)
    assert strangers.forgets(stranger, "a", NOW)
    assert strangers.forgets(stranger, "b", NOW)


def test_ten_strangers_without_a_success_stop_the_sender():
    strangers = Strangers()
    for number in range(STRANGERS_MOST - 1):
        assert not strangers.forgets(STRANGERS[number % 2], f"phone {number}", NOW)
    with pytest.raises(Refused, match="another project"):
        strangers.forgets(Verdict.MISMATCH, "one more", NOW)
    assert STRANGERS_MOST == 10


def test_a_success_begins_the_count_anew():
    strangers = Strangers()
    for _ in range(3):
        for number in range(STRANGERS_MOST - 1):
            assert not strangers.forgets(Verdict.MISMATCH, f"phone {number}", NOW)
        strangers.success("b", NOW - timedelta(hours=1))
