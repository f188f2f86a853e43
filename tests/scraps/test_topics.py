"""GET /users/scraps/{scrapId}/topics"""

from typing import Any

import pytest

from tests.factories import ScrapFactory, ScrapTopicFactory, TopicFactory
from tests.scraps.conftest import NO_IDS, NOT_FOUND
from topics.models import Topic

EMPTY: dict[str, Any] = {"contents": [], "nextCursorId": None, "first": True, "last": True}


def page(client, scrap, query=""):
    answer = client.get(f"/users/scraps/{scrap.pk}/topics{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def ids(found):
    return [entry["scrapTopicId"] for entry in found["contents"]]


def frame(found):
    return {name: found[name] for name in ("nextCursorId", "first", "last")}


def refused(client, scrap, query, field):
    answer = client.get(f"/users/scraps/{scrap.pk}/topics{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["message"]) == [field]


def test_it_shows_the_oldest_entry_first(client, scrap):
    topics = [TopicFactory(title=f"주제 {n}", tag=tag) for n, tag in enumerate(("인간관계", "유머와 웃음"))]
    entries = [ScrapTopicFactory(scrap=scrap, topic=topic) for topic in reversed(topics)]
    assert page(client, scrap) == {
        "contents": [
            {
                "scrapTopicId": entry.pk,
                "topicId": entry.topic_id,
                "topicTitle": entry.topic.title,
                "topicType": entry.topic.topic_tag.content,
                "scraped": True,
            }
            for entry in entries
        ],
        "nextCursorId": None,
        "first": True,
        "last": True,
    }


@pytest.mark.parametrize("query", ["", "?nextCursorId=", "?nextCursorId=0", "?nextCursorId=5", "?size=3"])
def test_an_empty_folder(client, scrap, query):
    ScrapTopicFactory(scrap__user=client.user)
    assert page(client, scrap, query) == {**EMPTY, "first": query != "?nextCursorId=5"}


@pytest.mark.parametrize("query", ["?", "?nextCursorId=&", "?size=10&"])
def test_a_page_is_ten_unless_a_size_is_named(client, scrap, fill, query):
    entries = fill(scrap, 11)
    found = page(client, scrap, query)
    assert ids(found) == [entry.pk for entry in entries[:10]]
    assert frame(found) == {"nextCursorId": entries[9].pk, "first": True, "last": False}
    found = page(client, scrap, f"{query}nextCursorId={entries[9].pk}")
    assert ids(found) == [entries[10].pk]
    assert frame(found) == {"nextCursorId": None, "first": False, "last": True}


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 100])
def test_page_by_page_every_entry_comes_once(client, scrap, fill, size):
    entries = [entry.pk for entry in fill(scrap, 7)]
    seen, found, query = [], {"last": False}, ""
    while not found["last"]:
        found = page(client, scrap, f"?size={size}{query}")
        assert 1 <= len(ids(found)) <= size
        assert found["nextCursorId"] == (None if found["last"] else ids(found)[-1])
        seen += ids(found)
        query = f"&nextCursorId={found['nextCursorId']}"
    assert seen == entries


def test_a_full_page_with_nothing_after_it_is_the_last(client, scrap, fill):
    entries = fill(scrap, 6)
    found = page(client, scrap, f"?size=3&nextCursorId={entries[2].pk}")
    assert ids(found) == [entry.pk for entry in entries[3:]]
    assert frame(found) == {"nextCursorId": None, "first": False, "last": True}
    assert frame(page(client, scrap, "?size=6")) == {"nextCursorId": None, "first": True, "last": True}


def test_after_the_last_entry_there_is_nothing(client, scrap, fill):
    last = fill(scrap, 2)[-1].pk
    for cursor in (last, last + 1, 2**63 - 1):
        assert page(client, scrap, f"?nextCursorId={cursor}") == {**EMPTY, "first": False}


@pytest.mark.parametrize("size", ["", "&size=1", "&size=100"])
@pytest.mark.parametrize("zero", ["0", "000"])
def test_zero_is_everything_at_once(client, scrap, fill, zero, size):
    entries = fill(scrap, 12)
    found = page(client, scrap, f"?nextCursorId={zero}{size}")
    assert ids(found) == [entry.pk for entry in entries]
    assert frame(found) == {"nextCursorId": None, "first": True, "last": True}


def test_zero_is_more_than_a_page_of_any_size(client, scrap, fill):
    fill(scrap, 101, topic__title="주제")
    assert len(ids(page(client, scrap, "?nextCursorId=0"))) == 101


def test_a_cursor_need_not_be_an_entry_any_more(client, scrap, fill):
    entries = fill(scrap, 5)
    cursor = page(client, scrap, "?size=2")["nextCursorId"]
    client.delete(f"/users/scraps/{scrap.pk}/topics/{cursor}")
    assert ids(page(client, scrap, f"?nextCursorId={cursor}")) == [entry.pk for entry in entries[2:]]


def test_nor_ever_have_been_in_this_folder(client, scrap, fill):
    before = fill(scrap, 1)
    elsewhere = ScrapTopicFactory()
    after = fill(scrap, 1)
    assert ids(page(client, scrap, f"?nextCursorId={elsewhere.pk}")) == [after[0].pk]
    assert ids(page(client, scrap, "?nextCursorId=1"))[-2:] == [before[0].pk, after[0].pk]


@pytest.mark.parametrize("query", ["?size=5&size=2", "?size=0&size=2", "?size=no&size=2"])
def test_of_repeated_parameters_the_last_counts(client, scrap, fill, query):
    entries = fill(scrap, 3)
    assert len(ids(page(client, scrap, query))) == 2
    cursor = f"?nextCursorId=no&nextCursorId={entries[1].pk}"
    assert ids(page(client, scrap, cursor)) == [entries[2].pk]
    assert ids(page(client, scrap, f"?nextCursorId={entries[1].pk}&nextCursorId=")) == [e.pk for e in entries]


@pytest.mark.parametrize("query", ["?size=2&size=", "?size=2&size=0", "?size=2&size=no"])
def test_also_a_bad_last_one(client, scrap, query):
    refused(client, scrap, query, "size")


BAD_NUMBERS = ["-1", "%2B1", "+1", "1.0", "1e2", " 1", "1 ", "%09", "٣", "１", "0x1", "1_0", "no", "null", "undefined"]
BAD_NUMBERS += ["NaN", "%00", "1%00", "9223372036854775808", "9" * 40, "²"]


@pytest.mark.parametrize("number", BAD_NUMBERS)
def test_a_bad_cursor_is_refused(client, scrap, number):
    refused(client, scrap, f"?nextCursorId={number}", "nextCursorId")


@pytest.mark.parametrize("number", [*BAD_NUMBERS, "", "0", "101", "00"])
@pytest.mark.parametrize("cursor", ["", "&nextCursorId=0", "&nextCursorId=5"])
def test_a_bad_size_is_refused_whatever_the_cursor(client, scrap, number, cursor):
    refused(client, scrap, f"?size={number}{cursor}", "size")


def test_a_bad_cursor_and_a_bad_size_are_refused(client, scrap):
    answer = client.get(f"/users/scraps/{scrap.pk}/topics?nextCursorId=x&size=x")
    assert answer.status_code == 400
    assert set(answer.json()["message"]) == {"nextCursorId", "size"}


def test_hidden_topics_are_left_out_and_come_back_in_their_place(client, scrap, fill):
    entries = fill(scrap, 4)
    for entry in (entries[1], entries[3]):
        entry.topic.hide()
    found = page(client, scrap, "?size=2")
    assert ids(found) == [entries[0].pk, entries[2].pk]
    assert frame(found) == {"nextCursorId": None, "first": True, "last": True}
    assert ids(page(client, scrap, f"?nextCursorId={entries[1].pk}")) == [entries[2].pk]
    for entry in entries:
        entry.topic.publish()
    assert ids(page(client, scrap)) == [entry.pk for entry in entries]


def test_a_draft_is_shown_to_whom_it_was_written_for(client, sign_in, scrap):
    mine, foreign = (
        ScrapTopicFactory(scrap=scrap, topic=TopicFactory(status=Topic.Status.DRAFT, made_for=whose))
        for whose in (client.user, sign_in().user)
    )
    assert ids(page(client, scrap)) == [mine.pk]
    foreign.topic.publish()
    assert ids(page(client, scrap)) == [mine.pk, foreign.pk]


def test_a_strangers_folder_is_as_good_as_none(client):
    foreign = ScrapTopicFactory().scrap
    for scrap_id in (foreign.pk, foreign.pk + 10**6, *NO_IDS):
        for query in ("", "?nextCursorId=0", "?size=0"):
            answer = client.get(f"/users/scraps/{scrap_id}/topics{query}")
            assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


def test_it_needs_a_token(nobody):
    assert nobody.get(f"/users/scraps/{ScrapFactory().pk}/topics").status_code == 401


@pytest.mark.parametrize("count", [5, 500])
@pytest.mark.parametrize("query", ["?nextCursorId=0", "?size=100", "?size=5&nextCursorId=1"])
def test_it_takes_two_statements_over_few_and_many_rows(client, scrap, fill, django_assert_num_queries, count, query):
    topics = TopicFactory.create_batch(5)
    topics += TopicFactory._meta.model.objects.bulk_create(
        TopicFactory.build(
            title=f"주제 {n}",
            situation=topics[0].situation,
            topic_tag=topics[0].topic_tag,
            place_tag=topics[0].place_tag,
        )
        for n in range(count - 5)
    )
    scrap.entries.model.objects.bulk_create(scrap.entries.model(scrap=scrap, topic=topic) for topic in topics)
    with django_assert_num_queries(2):
        found = page(client, scrap, query)
    assert len(found["contents"]) == (count if query.endswith("=0") else min(count, 100 if "100" in query else 5))
