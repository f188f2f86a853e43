"""The main job over HTTP, as the client does it; every answer is held against the schema that the service gives out."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from tests.e2e.conftest import Service, answer

# The two searches of the client's home page.
BY_INTEREST = {"includeFilterCondition": False, "talkPartnerGender": False}
BY_FILTER = {
    "includeFilterCondition": True,
    "talkPurposes": ["친목"],
    "talkSituations": ["1 : 1"],
    "talkMoods": ["편안한"],
    "talkPartnerGender": True,
    "talkPartnerAgeLowerBound": 20,
    "talkPartnerAgeUpperBound": None,
}
PERSON = {
    "id": 4_815_162_342,
    "kakao_account": {
        "email": "jieun@example.com",
        "is_email_valid": True,
        "is_email_verified": True,
        "profile": {"nickname": "지은", "profile_image_url": "https://example.com/jieun.jpg"},
    },
}


def strict(part):
    """The schema with no other fields allowed than those it names."""
    if isinstance(part, list):
        return [strict(each) for each in part]
    if not isinstance(part, dict):
        return part
    closed = {"additionalProperties": False} if "properties" in part else {}
    return {**{name: strict(each) for name, each in part.items()}, **closed}


@dataclass
class Phone:
    """A client that sends what the shipped one sends, and checks what it gets."""

    service: Service
    schema: dict
    token: str = ""

    def call(self, method, template, body=None, query="", status=200, **ids):
        headers = {"Origin": "http://localhost:3000"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= {"Content-Type": "application/json"} if body is not None else {}
        sent = None if body is None else json.dumps(body)
        path = re.sub(r"\{(\w+)\}", lambda found: str(ids[found[1]]), template) + query
        with closing(self.service.connect()) as connection:
            got, answered, raw = answer(connection, method, path, body=sent, headers=headers)
        assert got == status, raw
        assert answered["Access-Control-Allow-Origin"] == "http://localhost:3000"
        return self.checked(template, method, status, raw)

    def wait_until_refused(self, path):
        """A process other than the one that ended the session knows within a second; till then it shows nothing."""
        deadline = time.monotonic() + 10
        headers = {"Authorization": f"Bearer {self.token}"}
        while True:
            with closing(self.service.connect()) as connection:
                status, _, raw = answer(connection, "GET", path, headers=headers)
            if status == 401:
                assert json.loads(raw)["code"] == "session_revoked"
                return
            assert (status, raw) == (200, b'{"scraps":[]}')
            assert time.monotonic() < deadline

    def checked(self, template, method, status, raw):
        described = self.schema["paths"][template][method.lower()]["responses"][str(status)]
        if "content" not in described:
            assert raw == b""
            return None
        value = json.loads(raw)
        of = strict({**described["content"]["application/json"]["schema"], "components": self.schema["components"]})
        Draft202012Validator(of, format_checker=FormatChecker()).validate(value)
        return value


@pytest.fixture
def phone(service):
    with closing(service.connect()) as connection:
        status, _, raw = answer(connection, "GET", "/schema")
    assert status == 200
    return Phone(service, json.loads(raw))


def test_a_person_signs_in_finds_topics_keeps_some_and_leaves(phone, kakao):
    phone.call("POST", "/login/kakao", {"code": "of-nobody"}, status=401)
    phone.token = "stale"
    login = phone.call("POST", "/login/kakao", {"code": kakao.grant(PERSON)})
    assert login["requiresProfile"] is True
    assert login["data"] == {name: login[name] for name in ("accessToken", "refreshToken")}
    phone.token = login["data"]["accessToken"]

    topic_tags = phone.call("GET", "/topic-tags")["topicTags"]
    place_tags = phone.call("GET", "/place-tags")["placeTags"]
    assert [tag["topicTagId"] for tag in topic_tags] == list(range(1, 9))
    assert [tag["placeTagId"] for tag in place_tags] == list(range(1, 6))
    survey = {"birth": "1996-03-14", "gender": False, "placeTagIds": [1, 4], "topicTagIds": [1, 6]}
    phone.call("POST", "/users/profiles", survey)
    assert phone.call("GET", "/users/profiles") == {
        "maskedEmail": "j****@example.com",
        "profilePhotoUrl": "https://example.com/jieun.jpg",
    }
    assert {tag["id"] for tag in phone.call("GET", "/users/tags")["talkTopicTags"]} == {1, 6}
    assert {tag["id"] for tag in phone.call("PATCH", "/users/tags", {"topicTagIds": [1, 3]})["talkTopicTags"]} == {1, 3}
    assert {tag["id"] for tag in phone.call("GET", "/users/place-tags")["placeTopicTags"]} == {1, 4}

    for search in (BY_INTEREST, BY_FILTER):
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(lambda body: phone.call("POST", "/topics", body)["topics"], [search, search])
        assert first == second
        assert 1 <= len(first) <= 30
        assert not any(card["scraped"] for card in first)
    card = first[0]

    details = phone.call("GET", "/topics/{topic_id}/details", topic_id=card["topicId"])
    assert 1 <= len(details["details"]) <= 5
    related = phone.call("GET", "/topics/{topic_id}/related", topic_id=card["topicId"])["talkTopics"]
    assert card["topicId"] not in [topic["topicId"] for topic in related]

    scrap = phone.call("POST", "/users/scraps", {"scrapName": "소개팅 필승 주제"})["scrapId"]
    assert phone.call("POST", "/users/scraps", {"scrapName": "소개팅 필승 주제"})["scrapId"] == scrap
    into = "/users/scraps/{scrap_id}/topics/{topic_id}"
    for kept in first[:3] + first[:1]:
        phone.call("POST", into, scrap_id=scrap, topic_id=kept["topicId"])
    keeps = len(first[:3])
    assert phone.call("GET", "/topics/{topic_id}/details", topic_id=card["topicId"])["scraped"] is True

    folder = phone.call("GET", "/users/scraps/{scrap_id}/topics", query="?nextCursorId=0", scrap_id=scrap)
    assert [entry["topicId"] for entry in folder["contents"]] == [each["topicId"] for each in first[:3]]
    assert (folder["first"], folder["last"], folder["nextCursorId"]) == (True, True, None)
    page = phone.call("GET", "/users/scraps/{scrap_id}/topics", query="?size=1", scrap_id=scrap)
    assert page["contents"] == folder["contents"][:1]
    phone.call("GET", "/users/scraps/{scrap_id}/topics", query="?size=0", scrap_id=scrap, status=400)
    assert phone.call("GET", "/users/scraps/count") == {"count": 1}
    assert phone.call("GET", "/users/scraps/topics/count") == {"count": keeps}

    phone.call("PATCH", "/users/scraps/{scrap_id}/titles", {"scrapTitle": ""}, scrap_id=scrap, status=400)
    phone.call("PATCH", "/users/scraps/{scrap_id}/titles", {"scrapTitle": "주말"}, scrap_id=scrap)
    (listed,) = phone.call("GET", "/users/scraps")["scraps"]
    assert (listed["scrapId"], listed["scrapName"], len(listed["recentTopicTypes"])) == (scrap, "주말", keeps)

    phone.call("DELETE", into, scrap_id=scrap, topic_id=folder["contents"][0]["scrapTopicId"])
    assert phone.call("GET", "/topics/{topic_id}/details", topic_id=card["topicId"])["scraped"] is False
    phone.call("DELETE", "/users/scraps/{scrap_id}", scrap_id=scrap)
    phone.call("DELETE", "/users/scraps/{scrap_id}", scrap_id=scrap, status=404)
    assert phone.call("GET", "/users/scraps") == {"scraps": []}

    fresh = phone.call("POST", "/refresh", {"refreshToken": login["refreshToken"]})
    phone.token = fresh["accessToken"]
    phone.call("DELETE", "/users")
    for token in (fresh["accessToken"], login["accessToken"]):
        phone.token = token
        phone.wait_until_refused("/users/scraps")
    assert (
        phone.call("POST", "/refresh", {"refreshToken": fresh["refreshToken"]}, status=401)["code"] == "session_revoked"
    )

    phone.token = ""
    assert phone.call("POST", "/login/kakao", {"code": kakao.grant(PERSON)})["requiresProfile"] is True


def test_what_anybody_may_read(phone):
    assert len(phone.call("GET", "/terms")) >= 1
    assert len(phone.call("GET", "/policies")) >= 1
    assert phone.call("GET", "/livez") == {"status": "ok"}
    assert phone.call("GET", "/readyz") == {"status": "ok", "cache": True}


def test_an_answer_that_is_not_as_described_is_found(phone):
    with pytest.raises(Exception, match="additional"):
        phone.checked("/livez", "GET", 200, b'{"status": "ok", "more": 1}')
    with pytest.raises(Exception, match="required"):
        phone.checked("/livez", "GET", 200, b"{}")
