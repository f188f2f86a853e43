"""POST /users/scraps/{scrapId}/topics/{topicId}"""

from functools import partial

import pytest
from django.db import transaction

from scraps import services
from scraps.models import ScrapTopic
from tests.accounts.racing import race
from tests.factories import ScrapFactory, TopicFactory
from tests.scraps.conftest import NO_IDS, NOT_FOUND
from topics.models import Topic


def add(client, scrap_id, topic_id):
    return client.post(f"/users/scraps/{scrap_id}/topics/{topic_id}")


def not_found(answer):
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    return True


def full(answer):
    assert (answer.status_code, answer.json()["code"]) == (409, "quota_reached")
    return True


def test_it_puts_the_topic_into_the_folder(client, scrap):
    topic = TopicFactory()
    answer = add(client, scrap.pk, topic.pk)
    assert (answer.status_code, answer.content) == (200, b"")
    assert ScrapTopic.objects.get(scrap=scrap).topic == topic


def test_twice_keeps_one_entry_in_its_place(client, scrap):
    first, second = TopicFactory(), TopicFactory()
    for topic in (first, second, first):
        assert add(client, scrap.pk, topic.pk).status_code == 200
    assert list(scrap.entries.values_list("topic", flat=True)) == [first.pk, second.pk]


def test_a_topic_may_be_in_several_folders(client):
    topic = TopicFactory()
    for scrap in (ScrapFactory(user=client.user), ScrapFactory(user=client.user)):
        assert add(client, scrap.pk, topic.pk).status_code == 200
    assert ScrapTopic.objects.count() == 2


def test_a_body_is_not_looked_at(client, scrap):
    answer = client.generic("POST", f"/users/scraps/{scrap.pk}/topics/{TopicFactory().pk}", b"{", "text/plain")
    assert answer.status_code == 200


def test_a_strangers_folder_is_as_good_as_none(client):
    foreign, topic = ScrapFactory(), TopicFactory()
    for scrap_id in (foreign.pk, foreign.pk + 10**6, *NO_IDS):
        assert not_found(add(client, scrap_id, topic.pk))
    assert not ScrapTopic.objects.exists()


def test_a_topic_that_is_not_there_cannot_be_put_in(client, scrap):
    hidden = TopicFactory(status=Topic.Status.HIDDEN, made_for=client.user)
    drafts = [TopicFactory(status=Topic.Status.DRAFT, made_for=whose) for whose in (None, ScrapFactory().user)]
    for topic_id in (hidden.pk, drafts[0].pk, drafts[1].pk, drafts[1].pk + 10**6, *NO_IDS):
        assert not_found(add(client, scrap.pk, topic_id))
    assert not ScrapTopic.objects.exists()


def test_a_draft_can_be_put_in_by_whom_it_was_written_for(client, scrap):
    topic = TopicFactory(status=Topic.Status.DRAFT, made_for=client.user)
    assert add(client, scrap.pk, topic.pk).status_code == 200


def test_it_needs_a_token(nobody):
    assert add(nobody, ScrapFactory().pk, TopicFactory().pk).status_code == 401
    assert not ScrapTopic.objects.exists()


def test_the_limits_are_the_contracts():
    assert (services.ENTRIES_MOST, services.ENTRIES_IN_ALL_MOST) == (1000, 5000)


@pytest.mark.parametrize("limit", ["ENTRIES_MOST", "ENTRIES_IN_ALL_MOST"])
def test_a_full_folder_takes_no_more_but_what_it_has(client, scrap, fill, monkeypatch, limit):
    monkeypatch.setattr(services, limit, 3)
    entries = fill(scrap, 2)
    assert add(client, scrap.pk, TopicFactory().pk).status_code == 200
    assert full(add(client, scrap.pk, TopicFactory().pk))
    assert add(client, scrap.pk, entries[0].topic_id).status_code == 200
    client.delete(f"/users/scraps/{scrap.pk}/topics/{entries[0].pk}")
    assert add(client, scrap.pk, TopicFactory().pk).status_code == 200


def test_one_limit_is_a_folders_and_one_of_all_of_them(client, scrap, fill, monkeypatch):
    monkeypatch.setattr(services, "ENTRIES_MOST", 3)
    monkeypatch.setattr(services, "ENTRIES_IN_ALL_MOST", 5)
    other = ScrapFactory(user=client.user)
    fill(scrap, 3)
    fill(other, 1)
    fill(ScrapFactory(), 9)
    assert full(add(client, scrap.pk, TopicFactory().pk))
    assert add(client, other.pk, TopicFactory().pk).status_code == 200
    assert full(add(client, other.pk, TopicFactory().pk))


@pytest.mark.parametrize("limit", ["ENTRIES_MOST", "ENTRIES_IN_ALL_MOST"])
def test_hidden_topics_count_towards_the_limits(client, scrap, fill, monkeypatch, limit):
    monkeypatch.setattr(services, limit, 2)
    for entry in fill(scrap, 2):
        entry.topic.hide()
    assert full(add(client, scrap.pk, TopicFactory().pk))


@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_keeps_one_too(client, scrap):
    topic = TopicFactory()
    answers = race(*[lambda: add(client, scrap.pk, topic.pk).status_code] * 8)
    assert answers == [200] * 8
    assert ScrapTopic.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", ["ENTRIES_MOST", "ENTRIES_IN_ALL_MOST"])
def test_the_limits_are_exact_at_the_same_moment_too(client, scrap, monkeypatch, limit):
    monkeypatch.setattr(services, limit, 7)
    # The limit on all holds over several folders.
    folders = [scrap, ScrapFactory(user=client.user) if limit == "ENTRIES_IN_ALL_MOST" else scrap]
    topics = [TopicFactory() for _ in range(16)]
    answers = race(*[partial(add, client, folders[n % 2].pk, topic.pk) for n, topic in enumerate(topics)])
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [409] * 9
    assert ScrapTopic.objects.count() == 7


@pytest.mark.django_db(transaction=True)
def test_while_the_folder_is_deleted_it_is_put_in_or_not_found(client, fill):
    for _ in range(5):
        scrap, topic = ScrapFactory(user=client.user), TopicFactory()
        path = f"/users/scraps/{scrap.pk}"
        added, deleted = race(partial(add, client, scrap.pk, topic.pk), partial(client.delete, path))
        assert added.status_code in (200, 404)
        assert deleted.status_code == 200
    assert not ScrapTopic.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_while_the_topic_is_deleted_it_is_put_in_or_not_found(client, scrap):
    for _ in range(5):
        topic = TopicFactory()
        added, _ = race(partial(add, client, scrap.pk, topic.pk), partial(delete_as_staff_do, topic))
        assert added.status_code in (200, 404)
    assert not ScrapTopic.objects.exists()


def delete_as_staff_do(topic):
    """With the topic's row held, without the console's look at who has it in a folder."""
    with transaction.atomic():
        Topic.objects.select_for_update().get(pk=topic.pk)
        topic.delete()
