"""POST /topics: what its body may hold."""

import unicodedata

import pytest

from tests.factories import TopicFactory

LISTS = ["talkPurposes", "talkSituations", "talkMoods"]
BOUNDS = ["talkPartnerAgeLowerBound", "talkPartnerAgeUpperBound"]
FILTERED = {"includeFilterCondition": True}
UNFILTERED = {"includeFilterCondition": False}


def post(client, body):
    """`body`: JSON values, or the bytes to send."""
    if isinstance(body, bytes):
        return client.post("/topics", body, content_type="application/json")
    return client.post("/topics", body, format="json")


def cases(fields, values):
    return [(field, {field: value}) for field in fields for value in values]


WRONG = [
    *cases(["includeFilterCondition"], [None, "true", "yes", 1, 0, 1.0, [], {}]),
    *cases(
        LISTS, [None, "친목", 3, True, {}, {"0": "친목"}, ["친목", None], ["친목", 3], [3.5], [True], [["친목"]], [{}]]
    ),
    *cases(LISTS, [[""], [" \t"], ["친목", ""], ["가" * 51], ["가"] * 51, ["친\0목"], ["\0"]]),
    *cases(["talkPartnerGender"], ["true", "male", 1, 0, 1.0, [], {}]),
    *cases(BOUNDS, ["20", 20.0, 20.5, True, [], {}, -1, 121, 2**31, 2**63, 2**64, 10**30, -(10**30)]),
]


@pytest.mark.parametrize("mode", [FILTERED, UNFILTERED], ids=["filtered", "unfiltered"])
@pytest.mark.parametrize(("field", "wrong"), WRONG, ids=lambda value: repr(value)[:60])
def test_a_wrong_value_is_refused_under_its_field_in_either_mode(client, mode, field, wrong):
    answer = post(client, {**mode, **wrong})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["message"]) == [field]
    assert isinstance(answer.json()["message"][field], str)


@pytest.mark.parametrize("mode", [FILTERED, UNFILTERED], ids=["filtered", "unfiltered"])
def test_a_lower_age_above_the_upper_one_is_refused_under_the_upper_one(client, mode):
    answer = post(client, {**mode, "talkPartnerAgeLowerBound": 21, "talkPartnerAgeUpperBound": 20})
    assert (answer.status_code, list(answer.json()["message"])) == (400, ["talkPartnerAgeUpperBound"])


def test_every_wrong_field_is_named(client):
    answer = post(client, {"talkPurposes": "친목", "talkMoods": [""], "talkPartnerAgeLowerBound": -1})
    assert set(answer.json()["message"]) == {
        "includeFilterCondition",
        "talkPurposes",
        "talkMoods",
        "talkPartnerAgeLowerBound",
    }


@pytest.mark.parametrize("body", [None, [], [FILTERED], "a", 3, True])
def test_a_body_that_is_no_object_is_refused_with_a_sentence(client, body):
    answer = post(client, body if body is not None else b"null")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert isinstance(answer.json()["message"], str)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'includeFilterCondition': true}",
        b'{"includeFilterCondition": true, "talkPartnerAgeLowerBound": NaN}',
        b'{"includeFilterCondition": true, "talkPurposes": ["\\ud800"]}',
        b'{"includeFilterCondition": true, "talkPurposes": ["\xed\xa0\x80"]}',
        b'{"includeFilterCondition": true, "talkPurposes": ["\xff"]}',
        b'{"includeFilterCondition": true, "talkPurposes": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)
def test_what_is_no_json_is_refused(client, body):
    answer = post(client, body)
    assert answer.status_code == 400
    assert answer.json()["code"] in {"parse_error", "invalid"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        *[{name: []} for name in LISTS],
        *[{name: ["친목", "친목", " 친목 "]} for name in LISTS],
        *[{name: ["가" * 50] * 50} for name in LISTS],
        *[{name: ["  " + "가" * 50 + "\n"]} for name in LISTS],
        *[{name: [unicodedata.normalize("NFD", "각" * 50)]} for name in LISTS],
        *[{name: ["😀\U0010ffff\u202e'\\%_"]} for name in LISTS],
        *[{"talkPartnerGender": value} for value in (True, False, None)],
        *[{name: value} for name in BOUNDS for value in (None, 0, 120)],
        {"talkPartnerAgeLowerBound": 20, "talkPartnerAgeUpperBound": 20},
        {"unknown": {"talkPurposes": 3}, "size": "many"},
    ],
    ids=lambda body: repr(body)[:60],
)
@pytest.mark.parametrize("mode", [FILTERED, UNFILTERED], ids=["filtered", "unfiltered"])
def test_what_the_contract_allows_is_answered(client, mode, body):
    topic = TopicFactory()
    answer = post(client, {**mode, **body})
    assert answer.status_code == 200
    assert [card["topicId"] for card in answer.json()["topics"]] == [topic.pk]
