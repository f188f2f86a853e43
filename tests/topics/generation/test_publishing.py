"""How what was written enters the catalogue: after a day by itself, where nobody's own words are behind it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import TopicFactory
from tests.topics.generation.conftest import SEARCH, TYPED
from topics.generation.publishing import publish_step
from topics.models import GenerationRequest, Topic

pytestmark = pytest.mark.django_db(transaction=True)
ALL_OFFERED = {
    "includeFilterCondition": True,
    "talkPurposes": ["친목", "소개팅", "비즈니스", "일상"],
    "talkSituations": ["첫만남", "1 : 1", "집단", "상사", "동료", "친구"],
    "talkMoods": ["편안한", "유익한", "유쾌한", "알아가는"],
    "talkPartnerGender": True,
    "talkPartnerAgeLowerBound": 20,
}


def age(hours):
    Topic.objects.update(created_at=timezone.now() - timedelta(hours=hours))


def statuses():
    return set(Topic.objects.values_list("status", flat=True))


@pytest.mark.parametrize("body", [SEARCH, ALL_OFFERED], ids=["two values", "every value"])
def test_what_the_clients_own_lists_asked_for_is_published_after_a_day(writers, client, sign_in, search, body):
    search(client, body)
    age(23.9)
    publish_step()
    assert statuses() == {"draft"}
    age(24)
    assert publish_step() is True
    assert publish_step() is False
    assert statuses() == {"published"}
    assert len(search(sign_in(), body)) >= 8


@pytest.mark.parametrize(
    "typed", [TYPED, {**SEARCH, "talkPurposes": ["친목", "몰래"]}, {**SEARCH, "talkMoods": ["편안한 "]}]
)
def test_what_somebodys_own_words_asked_for_waits_for_staff(writers, client, search, typed):
    search(client, typed)
    age(24 * 29)
    assert publish_step() is (typed.get("talkMoods") == ["편안한 "])


def test_a_draft_waits_for_its_details_to_be_as_old(writers, client, search):
    [first, *_] = search(client)
    client.get(f"/topics/{first['topicId']}/details")
    age(24)
    publish_step()
    assert Topic.objects.filter(status="draft").values_list("pk", flat=True).get() == first["topicId"]
    GenerationRequest.objects.update(finished_at=timezone.now() - timedelta(hours=24))
    publish_step()
    assert statuses() == {"published"}


def test_a_topic_that_staff_hid_stays_hidden_and_the_others_enter(writers, client, search):
    search(client)
    hidden = Topic.objects.first()
    hidden.hide()
    age(24)
    publish_step()
    assert Topic.objects.get(status="hidden") == hidden
    assert Topic.objects.filter(status="published").count() == 7


def test_drafts_that_no_search_asked_for_are_left_to_staff(model, tags):
    TopicFactory(status="draft", source="generated")
    age(24)
    assert publish_step() is False


def test_at_once_and_never(writers, client, search, settings):
    settings.GENERATION_PUBLISH_AFTER = None
    search(client)
    age(24 * 365)
    assert publish_step() is False
    settings.GENERATION_PUBLISH_AFTER = timedelta(0)
    search(client, {**SEARCH, "talkPurposes": ["일상"]})
    assert Topic.objects.filter(status="published", purposes=["일상"]).count() == 8
    search(client, TYPED)
    assert Topic.objects.filter(status="published").count() == 8


def test_a_draft_for_an_equal_search_comes_before_better_named_ones(writers, client, search):
    TopicFactory.create_batch(9, text="고양이 카페 단골끼리", purposes=["친목"])
    cards = search(client, TYPED)
    assert {card["topicId"] for card in cards[:8]} == set(
        Topic.objects.filter(source="generated").values_list("pk", flat=True)
    )
    assert len(cards) == 17


def test_what_reads_like_something_that_exists_is_not_stored_twice(writers, client, search):
    there = TopicFactory(title="집 데이트에서 들킨 나의 진짜 취향", status="hidden")
    twice = writers.title()

    def write(call):
        titles = [
            "집 데이트에서, 들킨 나의 진짜 취향!",
            "집데이트에서 들킨 진짜 취향",
            twice,
            f"{twice}…",
            "첫 월급으로 산 물건",
        ]
        return {"topics": [writers.topic(call, title=title) for title in titles]}

    writers.answers.append(write)
    assert {card["title"] for card in search(client)} == {twice, "첫 월급으로 산 물건"}
    items = GenerationRequest.objects.get().items.all()
    assert [item.outcome for item in items] == ["duplicate", "duplicate", "kept", "duplicate", "kept"]
    assert [item.nearest for item in items][:2] == [there, there]
    assert items[0].similarity == 1
    assert 0.6 <= items[1].similarity < 1
    assert items[3].nearest == items[2].topic
    assert items[4].similarity < 0.6
