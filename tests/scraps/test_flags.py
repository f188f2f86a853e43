"""`scraped`, wherever a topic is shown: this user has it in any of their folders."""

import pytest

from tests.factories import ScrapFactory, ScrapTopicFactory, TopicFactory


@pytest.fixture
def flags(client):
    """What each call says of a topic; another topic of the same kind stands beside it."""

    def of(topic, asker=client):
        base = TopicFactory()
        cards = asker.post("/topics", {"includeFilterCondition": False}, format="json").json()["topics"]
        related = asker.get(f"/topics/{base.pk}/related").json()["talkTopics"]
        detail = asker.get(f"/topics/{topic.pk}/details").json()["scraped"]
        found = [detail, *(card["scraped"] for card in cards + related if card["topicId"] == topic.pk)]
        assert len(found) == 3
        assert not any(card["scraped"] for card in cards + related if card["topicId"] == base.pk)
        (flag,) = set(found)
        return flag

    return of


def test_it_is_false_until_the_topic_is_in_a_folder(client, scrap, flags):
    topic = TopicFactory()
    assert flags(topic) is False
    client.post(f"/users/scraps/{scrap.pk}/topics/{topic.pk}")
    assert flags(topic) is True


def test_it_is_true_as_long_as_it_is_in_any_of_them(client, flags):
    topic = TopicFactory()
    entries = [ScrapTopicFactory(scrap=ScrapFactory(user=client.user), topic=topic) for _ in range(3)]
    client.delete(f"/users/scraps/{entries[0].scrap_id}/topics/{entries[0].pk}")
    assert flags(topic) is True
    client.delete(f"/users/scraps/{entries[1].scrap_id}")
    assert flags(topic) is True
    client.delete(f"/users/scraps/{entries[2].scrap_id}/topics/{entries[2].pk}")
    assert flags(topic) is False


def test_it_is_each_users_own(client, sign_in, flags):
    topic = ScrapTopicFactory(scrap__user=client.user).topic
    assert flags(topic, asker=sign_in()) is False


def test_it_comes_back_with_a_topic_that_was_hidden(client, flags):
    topic = ScrapTopicFactory(scrap__user=client.user).topic
    topic.hide()
    assert client.get(f"/topics/{topic.pk}/details").status_code == 404
    topic.publish()
    assert flags(topic) is True
