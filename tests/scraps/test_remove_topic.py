"""DELETE /users/scraps/{scrapId}/topics/{scrapTopicId}"""

from scraps.models import ScrapTopic
from tests.factories import ScrapTopicFactory, TopicFactory
from tests.scraps.conftest import NO_IDS, NOT_FOUND
from topics.models import Topic


def remove(client, scrap_id, entry_id):
    return client.delete(f"/users/scraps/{scrap_id}/topics/{entry_id}")


def test_it_takes_one_topic_out_of_the_folder(client, scrap, fill):
    entries = fill(scrap, 3)
    answer = remove(client, scrap.pk, entries[1].pk)
    assert (answer.status_code, answer.content) == (200, b"")
    assert list(scrap.entries.all()) == [entries[0], entries[2]]
    assert Topic.objects.filter(pk=entries[1].topic_id).exists()
    assert remove(client, scrap.pk, entries[1].pk).json() == NOT_FOUND


def test_put_in_again_it_is_the_newest(client, scrap, fill):
    entries = fill(scrap, 2)
    remove(client, scrap.pk, entries[0].pk)
    client.post(f"/users/scraps/{scrap.pk}/topics/{entries[0].topic_id}")
    assert list(scrap.entries.values_list("topic", flat=True)) == [entries[1].topic_id, entries[0].topic_id]


def test_an_entry_of_another_folder_is_not_in_this_one(client, scrap):
    elsewhere = ScrapTopicFactory(scrap__user=client.user)
    assert remove(client, scrap.pk, elsewhere.pk).json() == NOT_FOUND
    assert ScrapTopic.objects.filter(pk=elsewhere.pk).exists()


def test_the_id_is_the_entrys_and_not_the_topics(client, scrap):
    entry = ScrapTopicFactory(scrap=scrap, topic=TopicFactory(pk=10**15))
    assert remove(client, scrap.pk, entry.topic_id).status_code == 404
    assert remove(client, scrap.pk, entry.pk).status_code == 200


def test_what_is_a_strangers_is_as_good_as_nothing(client, scrap, fill):
    foreign, mine = ScrapTopicFactory(), fill(scrap, 1)[0]
    for scrap_id, entry_id in [
        (foreign.scrap_id, foreign.pk),
        (scrap.pk, foreign.pk),
        (foreign.scrap_id, mine.pk),
        *((bad, mine.pk) for bad in NO_IDS),
        *((scrap.pk, bad) for bad in NO_IDS),
    ]:
        answer = remove(client, scrap_id, entry_id)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert ScrapTopic.objects.count() == 2


def test_it_needs_a_token(nobody):
    entry = ScrapTopicFactory()
    assert remove(nobody, entry.scrap_id, entry.pk).status_code == 401
    assert ScrapTopic.objects.filter(pk=entry.pk).exists()
