"""DELETE /users/scraps/{scrapId}"""

from scraps.models import Scrap, ScrapTopic
from tests.factories import ScrapFactory, ScrapTopicFactory
from tests.scraps.conftest import NO_IDS, NOT_FOUND
from topics.models import Topic


def test_it_takes_the_folder_and_its_entries_and_leaves_the_topics(client, scrap):
    entry, kept = ScrapTopicFactory(scrap=scrap), ScrapTopicFactory(scrap__user=client.user)
    answer = client.delete(f"/users/scraps/{scrap.pk}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert list(Scrap.objects.all()) == [kept.scrap]
    assert list(ScrapTopic.objects.all()) == [kept]
    assert Topic.objects.filter(pk=entry.topic_id).exists()


def test_a_second_time_there_is_nothing(client, scrap):
    client.delete(f"/users/scraps/{scrap.pk}")
    assert client.delete(f"/users/scraps/{scrap.pk}").json() == NOT_FOUND


def test_a_strangers_folder_is_as_good_as_none(client):
    foreign = ScrapTopicFactory().scrap
    for scrap_id in (foreign.pk, foreign.pk + 10**6, *NO_IDS):
        answer = client.delete(f"/users/scraps/{scrap_id}")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert foreign.entries.count() == 1


def test_it_needs_a_token(nobody):
    scrap = ScrapFactory()
    assert nobody.delete(f"/users/scraps/{scrap.pk}").status_code == 401
    assert Scrap.objects.filter(pk=scrap.pk).exists()
