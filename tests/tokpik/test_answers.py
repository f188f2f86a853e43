"""The form of what is answered: names, moments, and nothing where there is nothing to say."""

import json
import re
from datetime import UTC, datetime

import pytest

from tests.factories import ScrapFactory, ScrapTopicFactory, TopicFactory
from tokpik.fields import Timestamp


def test_void_answers_are_a_200_with_an_empty_body(client):
    scrap, topic = ScrapFactory(user=client.user), TopicFactory()
    entry = ScrapTopicFactory(scrap__user=client.user)
    for answer in [
        client.post("/users/profiles", {"birth": "1996-03-14", "gender": True}, format="json"),
        client.patch(f"/users/scraps/{scrap.pk}/titles", {"scrapTitle": "주말"}, format="json"),
        client.post(f"/users/scraps/{scrap.pk}/topics/{topic.pk}"),
        client.delete(f"/users/scraps/{entry.scrap_id}/topics/{entry.pk}"),
        client.delete(f"/users/scraps/{scrap.pk}"),
        client.delete("/users"),
    ]:
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_text_is_utf_8_and_not_escaped(client, accept):
    ScrapFactory(user=client.user, name="소개팅 👍")
    answer = client.get("/users/scraps", HTTP_ACCEPT=accept)
    assert answer["Content-Type"] == "application/json"
    assert '"scrapName":"소개팅 👍"' in answer.content.decode()


def keys(value):
    if isinstance(value, dict):
        yield from value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys(each)


def test_names_are_camel_case(client, nobody):
    entry = ScrapTopicFactory(scrap__user=client.user)
    search = {"includeFilterCondition": False}
    found = set()
    for answer in [
        client.get("/users/scraps"),
        client.get(f"/users/scraps/{entry.scrap_id}/topics"),
        client.get(f"/topics/{entry.topic_id}/details"),
        client.get("/users/profiles"),
        client.get("/users/tags"),
        client.get("/users/place-tags"),
        client.post("/topics", search, format="json"),
        nobody.get("/topic-tags"),
        nobody.get("/terms"),
    ]:
        assert answer.status_code == 200
        found |= set(keys(json.loads(answer.content)))
    assert len(found) > 25
    assert all(re.fullmatch("[a-z]+([A-Z][a-z]+)*", name) for name in found)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 3, 1, 15, 0, tzinfo=UTC), "2026-03-02T00:00:00+09:00"),
        (datetime(2026, 3, 1, 0, 0, 0, 120, tzinfo=UTC), "2026-03-01T09:00:00.000120+09:00"),
    ],
)
def test_moments_are_told_in_seoul_time(moment, text):
    assert Timestamp().to_representation(moment) == text
