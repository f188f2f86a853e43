"""GET /topics/{id}/details of a topic that has none, where a model writes some."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from django_redis import get_redis_connection

from tests.accounts.racing import race
from tests.factories import TopicDetailFactory, TopicFactory
from tests.openai import Reply
from tests.topics.generation.conftest import wait_until
from topics.details import DETAILS
from topics.generation.publishing import publish_step
from topics.models import GenerationRequest, ModelCall, ModelPause, Topic, TopicDetail

pytestmark = pytest.mark.django_db(transaction=True)
Status = GenerationRequest.Status
PLAIN = [{"itemTitle": "첫 데이트", "itemContent": "무엇을 물을까"}]
WRITTEN = [f"{number}번째로 이어 가는 방법" for number in range(1, 6)]


@pytest.fixture
def topic(db):
    return TopicFactory(title="첫 데이트", subtitle="무엇을 물을까", text="첫만남", purposes=["소개팅"])


def details(client, topic):
    answer = client.get(f"/topics/{topic.pk}/details")
    assert answer.status_code == 200, answer.content
    return answer.json()["details"]


def titles(client, topic):
    return [item["itemTitle"] for item in details(client, topic)]


def test_the_first_reader_waits_for_them_and_keeps_seeing_them(writers, client, topic):
    assert titles(client, topic) == WRITTEN
    assert titles(client, topic) == WRITTEN
    assert len(writers.calls) == 1
    assert writers.calls[0].data == {
        "제목": "첫 데이트", "부제": "무엇을 물을까", "주제": "사랑과 연애", "장소": "집", "상황": ["첫만남"],
        "목적": ["소개팅"],
    }  # fmt: skip
    call = ModelCall.objects.get()
    assert (call.why, call.prompt, call.outcome, call.user) == ("details", "details-1", "written", client.user)


def test_until_they_are_in_the_catalogue_others_get_the_plain_one_and_nobody_asks_again(
    writers, client, sign_in, topic
):
    details(client, topic)
    other = sign_in()
    assert details(other, topic) == details(other, topic) == PLAIN
    assert len(writers.calls) == 1
    assert not TopicDetail.objects.exists()
    assert GenerationRequest.objects.get().status == Status.WAITING


def test_after_a_day_they_are_in_the_catalogue(writers, client, sign_in, topic):
    details(client, topic)
    assert publish_step() is False
    GenerationRequest.objects.update(finished_at=timezone.now() - timedelta(hours=24))
    assert publish_step() is True
    assert publish_step() is False
    assert titles(sign_in(), topic) == WRITTEN
    assert GenerationRequest.objects.get().status == Status.DONE
    assert list(TopicDetail.objects.values_list("position", flat=True)) == [1, 2, 3, 4, 5]


def test_they_do_not_enter_beside_what_staff_wrote_meanwhile(writers, client, topic):
    details(client, topic)
    TopicDetailFactory(topic=topic)
    GenerationRequest.objects.update(finished_at=timezone.now() - timedelta(hours=24))
    publish_step()
    assert TopicDetail.objects.count() == 1
    assert GenerationRequest.objects.get().status == Status.DISCARDED


def test_what_staff_discard_is_not_written_again(writers, client, topic):
    details(client, topic)
    GenerationRequest.objects.update(status=Status.DISCARDED)
    assert details(client, topic) == PLAIN
    assert len(writers.calls) == 1


def test_a_draft_has_them_at_once(writers, client, tags):
    draft = TopicFactory(status=Topic.Status.DRAFT, made_for=client.user)
    assert titles(client, draft) == WRITTEN
    assert draft.details.count() == 5


def test_at_once_is_at_once(writers, client, sign_in, topic, settings):
    settings.GENERATION_PUBLISH_AFTER = timedelta(0)
    assert titles(client, topic) == WRITTEN
    assert titles(sign_in(), topic) == WRITTEN


def test_simultaneous_first_readers_cause_one_call_and_all_see_it(writers, sign_in, topic, settings):
    settings.WEB_THREADS = 32
    clients = [sign_in() for _ in range(8)]
    answers = race(*[lambda client=client: titles(client, topic) for client in clients])
    assert answers == [WRITTEN] * 8
    assert len(writers.calls) == 1


def test_whose_request_gave_up_waiting_sees_them_later(writers, client, sign_in, topic, settings):
    settings.GENERATION_BUDGET = 1
    writers.answers.append(Reply(hang=True))
    assert details(client, topic) == PLAIN
    writers.release.set()
    wait_until(GenerationRequest.objects.filter(status=Status.WAITING).exists)
    assert titles(client, topic) == WRITTEN
    assert details(sign_in(), topic) == PLAIN


def test_a_failure_is_the_plain_one_and_the_topic_pauses_a_minute(writers, client, topic):
    writers.answers.append(Reply(500))
    assert details(client, topic) == PLAIN
    ModelPause.objects.all().delete()
    assert details(client, topic) == PLAIN
    assert len(writers.calls) == 1
    # The one of another topic does not.
    assert titles(client, TopicFactory()) == WRITTEN
    GenerationRequest.objects.filter(topic=topic).update(finished_at=timezone.now() - timedelta(seconds=61))
    assert titles(client, topic) == WRITTEN


def test_a_topic_that_goes_while_its_details_are_written_is_404(writers, client, topic):
    def delete():
        topic.delete()
        connection.close()

    writers.meanwhile = delete
    assert client.get(f"/topics/{topic.pk}/details").status_code == 404
    wait_until(lambda: ModelCall.objects.get().outcome == "written")
    assert not GenerationRequest.objects.exists()


def test_neither_the_plain_one_nor_what_waits_is_cached(writers, client, sign_in, topic):
    other = TopicDetailFactory().topic
    for reader in (client, client, sign_in()):
        details(reader, topic)
        details(reader, other)
    cache = get_redis_connection("default")
    assert cache.exists(DETAILS.key(other.pk))
    assert not cache.exists(DETAILS.key(topic.pk))


def test_a_hidden_topic_has_none_written(writers, client):
    assert client.get(f"/topics/{TopicFactory(status='hidden').pk}/details").status_code == 404
    assert not writers.calls
