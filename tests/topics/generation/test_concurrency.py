"""A model that takes its time holds up nobody else; whoever dies or goes meanwhile leaves nothing wrong."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from signal import SIGTERM
from threading import Event

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from accounts.services import delete_user
from tests.accounts.racing import in_a_connection_of_its_own, race
from tests.factories import TopicDetailFactory, TopicFactory
from tests.openai import Reply
from tests.processes import start
from tests.topics.generation.conftest import SEARCH, SECONDS, TYPED, wait_until
from topics.generation import budget, waiting, writing
from topics.models import CallBudget, GenerationRequest, ModelCall, Topic

pytestmark = pytest.mark.django_db(transaction=True)
Status = GenerationRequest.Status
OPEN_CONNECTIONS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
AND backend_type = 'client backend'
"""


def connections():
    with connection.cursor() as cursor:
        cursor.execute(OPEN_CONNECTIONS)
        [count] = cursor.fetchone()
    connection.close()
    return count


def posting(client, body=SEARCH):
    return lambda: in_a_connection_of_its_own(lambda: client.post("/topics", body, format="json"))


def test_at_most_a_quarter_of_the_threads_wait_and_the_others_go_on(model, tags, sign_in, settings):
    """Nobody writes: what waits, waits as long as it may."""
    settings.WEB_THREADS = 8
    TopicFactory()
    clients = [sign_in() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(posting(client)) for client in clients]
        wait_until(lambda: sum(each.done() for each in asked) == 6)
        assert {each.result().status_code for each in asked if each.done()} == {200}
        GenerationRequest.objects.update(status=Status.FAILED)
        connection.close()
        assert all(len(each.result(SECONDS).json()["topics"]) == 1 for each in asked)


def test_cached_reads_never_queue_behind_a_model(model, tags, client, sign_in, settings):
    """One thread may wait, and the topic that it waits for has other readers."""
    settings.WEB_THREADS = 4
    slow, cached = TopicFactory(), TopicDetailFactory().topic
    client.get(f"/topics/{cached.pk}/details")
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(in_a_connection_of_its_own, lambda: client.get(f"/topics/{slow.pk}/details"))
        wait_until(GenerationRequest.objects.open().exists)
        for _ in range(5):
            assert client.get(f"/topics/{cached.pk}/details").status_code == 200
            assert client.get(f"/topics/{slow.pk}/related").status_code == 200
            assert sign_in().get(f"/topics/{slow.pk}/details").status_code == 200
        assert not held.done()
        GenerationRequest.objects.update(status=Status.FAILED)
        connection.close()
        assert held.result(SECONDS).status_code == 200


def test_no_connection_is_held_while_it_waits_or_while_the_model_writes(model, tags, client, monkeypatch):
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.5)
    seen = []
    model.meanwhile = lambda: wait_until(lambda: seen.append(connections()) or 0 in seen)
    connection.close()
    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(posting(client))
        wait_until(GenerationRequest.objects.open().exists)
        connection.close()
        pool.submit(in_a_connection_of_its_own, writing.step).result(SECONDS)
        assert len(answer.result(SECONDS).json()["topics"]) == 8
    assert 0 in seen


def test_a_background_killed_in_the_middle_of_a_call(model, tags, client, settings):
    """The row is done later, by another; the call that was cut short counts, and once."""
    settings.GENERATION_BUDGET = 0
    model.answers.append(Reply(hang=True))
    client.post("/topics", SEARCH, format="json")
    connection.close()
    environment = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.url}
    with start("manage.py", "run_background", environment=environment) as process:
        assert model.received.wait(SECONDS), process.stdout.read()
        process.kill()
    assert ModelCall.objects.get().outcome == "under_way"
    # Not before the lease is over.
    assert writing.step() is False
    GenerationRequest.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    connection.close()
    with start("manage.py", "run_background", environment=environment) as process:
        try:
            wait_until(lambda: GenerationRequest.objects.get().status == Status.DONE)
        finally:
            process.send_signal(SIGTERM)
            said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, said
    assert Topic.objects.count() == 8
    assert list(ModelCall.objects.order_by("pk").values_list("outcome", flat=True)) == ["interrupted", "written"]
    assert set(CallBudget.objects.values_list("user", "calls")) == {(client.user.pk, 2), (None, 2)}


def test_one_that_is_always_died_over_is_given_up(model, tags, client, settings):
    settings.GENERATION_BUDGET = 0
    client.post("/topics", SEARCH, format="json")
    GenerationRequest.objects.update(tries=writing.TRIES_MOST)
    assert writing.step() is True
    assert GenerationRequest.objects.get().status == Status.FAILED
    assert not model.calls


def test_what_nobody_wrote_for_an_hour_is_not_written_any_more(model, tags, client, settings):
    settings.GENERATION_BUDGET = 0
    client.post("/topics", SEARCH, format="json")
    GenerationRequest.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    assert writing.step() is True
    assert GenerationRequest.objects.get().status == Status.REFUSED
    assert not model.calls
    assert not CallBudget.objects.exists()


def test_whoever_comes_back_after_the_lease_changes_nothing(model, tags, client, settings):
    settings.GENERATION_BUDGET = 0
    client.post("/topics", SEARCH, format="json")

    def let_it_be_claimed_again():
        model.meanwhile = lambda: None
        GenerationRequest.objects.update(due_at=timezone.now() - timedelta(seconds=1))
        writing.step()
        connection.close()

    model.meanwhile = let_it_be_claimed_again
    writing.step()
    assert Topic.objects.count() == 8
    assert len(model.calls) == 2
    assert set(ModelCall.objects.values_list("outcome", flat=True)) == {"written"}


def test_a_budget_is_exact_with_sixteen_threads(client, settings):
    settings.GENERATION_CALLS_A_DAY, settings.GENERATION_CALLS_A_USER = 9, 5
    now = timezone.now()

    def take(user_id):
        try:
            budget.take(user_id, now)
        except budget.Refused:
            return 0
        return 1

    calls = [lambda: take(client.user.pk)] * 8 + [lambda: take(None)] * 8
    assert sum(race(*calls)) == 9
    assert CallBudget.objects.get(user=None).calls == 9
    assert CallBudget.objects.filter(user=client.user, calls__gt=5).count() == 0


def test_a_user_who_goes_while_the_model_writes_leaves_nothing(model, tags, client, rows_about):
    model.meanwhile = lambda: in_a_connection_of_its_own(lambda: delete_user(user=client.user))
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(posting(client, TYPED))
        wait_until(GenerationRequest.objects.open().exists)
        writing.step()
        assert answer.result(SECONDS).status_code in (200, 401)
    assert rows_about() == {}
    call = ModelCall.objects.get()
    assert (call.user, call.request, call.outcome, call.output_tokens) == (None, None, "written", 300)


@pytest.fixture
def rows_about():
    """Rows that could still tell what somebody asked for."""

    def count():
        counts = {
            "requests": GenerationRequest.objects.count(),
            "topics": Topic.objects.count(),
            "budgets": CallBudget.objects.exclude(user=None).count(),
            "users": User.objects.count(),
        }
        return {name: number for name, number in counts.items() if number}

    return count


def test_a_user_may_go_at_any_moment(writers, sign_in, rows_about):
    """The deletion comes before, while and after the request is made, claimed, written and stored."""
    for number in range(12):
        client = sign_in()
        delay = number * 0.02

        def go(user=client.user, delay=delay):
            Event().wait(delay)
            delete_user(user=user)

        answer, _ = race(lambda client=client: client.post("/topics", TYPED, format="json"), go)
        assert answer.status_code in (200, 401)
    wait_until(lambda: not ModelCall.objects.filter(outcome="under_way").exists())
    wait_until(lambda: rows_about() == {})


def test_the_details_that_somebody_had_written_outlive_them(writers, client, sign_in, tags):
    topic = TopicFactory()
    client.get(f"/topics/{topic.pk}/details")
    delete_user(user=client.user)
    request = GenerationRequest.objects.get()
    assert (request.status, request.user, request.readers.count()) == (Status.WAITING, None, 0)
    assert sign_in().get(f"/topics/{topic.pk}/details").json()["details"][0]["itemTitle"] == topic.title
    assert len(writers.calls) == 1


def test_a_reader_who_goes_while_details_are_written_costs_the_others_nothing(model, client, sign_in, tags):
    topic, other = TopicFactory(), sign_in()
    model.meanwhile = lambda: in_a_connection_of_its_own(lambda: delete_user(user=client.user))
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(in_a_connection_of_its_own, lambda: client.get(f"/topics/{topic.pk}/details"))
        wait_until(GenerationRequest.objects.open().exists)
        second = pool.submit(in_a_connection_of_its_own, lambda: other.get(f"/topics/{topic.pk}/details"))
        writing.step()
        assert first.result(SECONDS).status_code in (200, 401)
        assert len(second.result(SECONDS).json()["details"]) == 5
    assert not User.objects.filter(pk=client.user.pk).exists()


def test_somebody_without_a_session_is_not_written_for(model, tags):
    assert APIClient().post("/topics", SEARCH, format="json").status_code == 401
    assert not GenerationRequest.objects.exists()


def test_what_was_asked_for_longer_ago_is_not_waited_for_again(model, tags, client, settings, monkeypatch):
    settings.GENERATION_BUDGET = 0
    client.post("/topics", SEARCH, format="json")
    GenerationRequest.objects.update(created_at=timezone.now() - timedelta(seconds=SECONDS))
    settings.GENERATION_BUDGET, looks = SECONDS, []
    monkeypatch.setattr(waiting, "is_open", lambda request: looks.append(request))
    assert client.post("/topics", {**SEARCH, "talkPurposes": ["친목"] * 2}, format="json").status_code == 200
    assert (looks, GenerationRequest.objects.count()) == ([], 1)


def test_who_queues_for_a_place_to_wait_holds_no_connection(model, tags, client, monkeypatch):
    held = []

    def full(places, seconds):
        held.append(connection.connection is not None)
        return False

    monkeypatch.setattr(waiting.Places, "take", full)
    assert client.post("/topics", SEARCH, format="json").status_code == 200
    assert held == [False]
