"""POST /topics against the contract's words (`tests.topics.rules`), over random catalogues and searches."""

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.factories import UserFactory
from tests.topics.catalogues import SITUATIONS, UNSEEN, WORDS, ages, catalogues, stored, vocabulary
from tests.topics.rules import Asker, asked, expected_keys, rank
from topics import choosing

many = settings(
    max_examples=250, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@st.composite
def searches(draw):
    body = {"includeFilterCondition": draw(st.sampled_from([True, True, True, False]))}
    optional = {
        "talkPurposes": st.lists(st.sampled_from(WORDS + UNSEEN), max_size=3),
        "talkSituations": st.lists(st.sampled_from(SITUATIONS + UNSEEN), max_size=3),
        "talkMoods": st.lists(st.sampled_from(WORDS + UNSEEN), max_size=3),
        "talkPartnerGender": st.sampled_from([True, False, None]),
        "talkPartnerAgeLowerBound": ages,
        "talkPartnerAgeUpperBound": ages,
    }
    for name, values in optional.items():
        if draw(st.booleans()):
            body[name] = draw(values)
    lower, upper = body.get("talkPartnerAgeLowerBound"), body.get("talkPartnerAgeUpperBound")
    if lower is not None and upper is not None and lower > upper:
        body["talkPartnerAgeLowerBound"], body["talkPartnerAgeUpperBound"] = upper, lower
    return body


def meaning(body):
    """Calls of one meaning are equal calls, which get one choice: absent, null and empty say the same."""
    if not body["includeFilterCondition"]:
        return {}
    return {name: value for name, value in body.items() if value or value == 0 and value is not False}


interests = st.frozensets(st.integers(0, 2), max_size=2)


@pytest.fixture
def ask(client):
    """Sends a search; returns the ids of the answer."""

    def send(body):
        answer = client.post("/topics", body, format="json")
        assert answer.status_code == 200, answer.content
        return [card["topicId"] for card in answer.json()["topics"]]

    return send


def check(rows, body, asker, ids, shown):
    """The answer is a right one: nothing better was left out, and the order holds."""
    by_id = {row.id: row for row in rows}
    assert len(set(ids)) == len(ids)
    assert [rank(by_id[id], body, asker, shown) for id in ids] == expected_keys(rows, body, asker, shown)
    event(f"{len(asked(body, asker))} conditions")
    event(f"{len(ids)} of {len(rows)} topics" if len(ids) in (0, 10, 30) else "another number of topics")
    event("some were shown before" if shown & set(by_id) else "nothing was shown before")


@many
@given(catalogue=catalogues(), body=searches(), before=st.lists(searches(), max_size=2), topics=interests, places=interests)
def prove(setting, catalogue, body, before, topics, places):
    client, ask, tags, users = setting
    asker = Asker(
        client.user.pk, frozenset(tags["topic"][tag] for tag in topics), frozenset(tags["place"][tag] for tag in places)
    )
    client.user.topic_tags.set(asker.topic_tags)
    client.user.place_tags.set(asker.place_tags)
    with stored(catalogue, tags, users) as rows:
        shown = set()
        for earlier in before:
            if meaning(earlier) != meaning(body):
                shown |= set(ask(earlier))
        check(rows, body, asker, ask(body), shown)


@pytest.fixture
def setting(client, ask):
    return client, ask, vocabulary(), [client.user.pk, UserFactory().pk]


def test_every_answer_is_one_that_the_contract_allows(setting):
    prove(setting)
