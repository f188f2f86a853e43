"""POST /topics, where too few topics name what is asked for and a model writes others."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django_redis import get_redis_connection

from tests.accounts.racing import race
from tests.factories import TopicFactory, UserFactory
from tests.openai import Reply
from tests.topics.generation.conftest import SEARCH, TYPED, forget, wait_until
from topics.models import CallBudget, GenerationRequest, ModelCall, Topic

pytestmark = pytest.mark.django_db(transaction=True)
Status = GenerationRequest.Status


def test_what_is_written_in_time_stands_first_in_the_answer(writers, client, search):
    TopicFactory.create_batch(3)
    cards = search(client)
    drafts = Topic.objects.filter(source="generated")
    assert len(drafts) == 8
    assert {card["topicId"] for card in cards[:8]} == {draft.pk for draft in drafts}
    assert len(cards) == 11
    for draft in drafts:
        assert (draft.status, draft.made_for, draft.purposes) == ("draft", client.user, ["친목"])
        assert (draft.situation.text, draft.moods, draft.partner_gender) == ("친구", [], None)


def test_the_call_and_the_request_are_recorded(writers, client, search):
    search(client)
    call = ModelCall.objects.get()
    assert (call.user, call.why, call.prompt, call.model) == (client.user, "search", "topics-1", "gpt-4.1-mini")
    assert (call.outcome, call.input_tokens, call.output_tokens) == ("written", 700, 300)
    assert float(call.cost) == pytest.approx((700 * 0.4 + 300 * 1.6) / 1_000_000)
    assert call.latency_ms >= 0
    request = call.request
    assert (request.status, request.from_lists, request.user) == (Status.DONE, True, client.user)
    assert request.search["situations"] == ["친구"]
    assert set(CallBudget.objects.values_list("user", "calls")) == {(client.user.pk, 1), (None, 1)}


def test_others_see_none_of_the_drafts(writers, client, sign_in, search, settings):
    search(client)
    settings.GENERATION_CALLS_A_DAY = 1
    assert search(sign_in()) == []


def test_the_next_equal_search_has_them_first_and_asks_for_more_only_below_ten(writers, client, search):
    search(client)
    forget()
    assert len(search(client)) == 16
    assert len(writers.calls) == 2
    forget()
    assert len(search(client, {**SEARCH, "talkPurposes": ["친목", "친목"]})) == 16
    assert len(writers.calls) == 2


def test_ten_that_name_it_are_enough(writers, client, search):
    TopicFactory.create_batch(10, text="친구", purposes=["일상", "친목"])
    assert len(search(client)) == 10
    assert not writers.calls


def test_what_leaves_a_field_empty_suits_but_names_nothing(writers, client, search):
    TopicFactory.create_batch(9, text="친구", purposes=["친목"])
    TopicFactory.create_batch(30, text="친구")
    search(client)
    assert len(writers.calls) == 1


def test_a_search_whose_topics_were_nearly_all_shown_asks_for_more(writers, client, search):
    TopicFactory.create_batch(20, text="친구", purposes=["친목"])
    search(client)
    assert not writers.calls
    get_redis_connection("default").delete(*get_redis_connection("default").keys("choose:*"))
    cards = search(client)
    assert len(writers.calls) == 1
    assert len(cards) == 28


@pytest.mark.parametrize(("topics", "asked"), [(0, 0), (3, 1)])
def test_without_filters_only_what_was_shown_is_a_reason(writers, client, search, topics, asked):
    TopicFactory.create_batch(topics)
    body = {"includeFilterCondition": False}
    search(client, body)
    assert not writers.calls
    get_redis_connection("default").delete(*get_redis_connection("default").keys("choose:*") or ["none"])
    search(client, body)
    assert len(writers.calls) == asked


def test_twin_calls_share_one_row_and_one_answer(writers, client, search, sign_in):
    def call():
        return [card["topicId"] for card in search(client)]

    for number in range(5):
        first, second = race(call, call)
        assert first == second
        assert len(first) == 8
        assert len(writers.calls) == ModelCall.objects.count() == GenerationRequest.objects.count() == number + 1
        Topic.objects.all().delete()
        forget()


def test_twin_calls_share_an_answer_when_it_is_late_too(writers, client, search, settings):
    settings.GENERATION_BUDGET = 1
    TopicFactory.create_batch(30)
    writers.always = Reply(hang=True)
    first, second = race(lambda: search(client), lambda: search(client))
    assert first == second
    assert len(first) == 30
    assert len(writers.calls) == 1


def test_what_is_finished_later_is_there_for_the_next_search(writers, client, search, settings):
    settings.GENERATION_BUDGET = 0
    TopicFactory()
    assert len(search(client)) == 1
    wait_until(lambda: GenerationRequest.objects.get().status == Status.DONE)
    forget()
    settings.GENERATION_CALLS_A_USER = 1
    assert len(search(client)) == 9


def test_without_a_key_it_is_the_catalogue_alone(model, tags, client, search, settings, django_assert_num_queries):
    settings.OPENAI_API_KEY = ""
    TopicFactory()
    with django_assert_num_queries(4):
        answer = client.post("/topics", SEARCH, format="json")
    assert len(answer.json()["topics"]) == 1
    assert not GenerationRequest.objects.exists()


def test_a_search_that_finds_enough_takes_one_statement_more(model, tags, client, django_assert_num_queries):
    TopicFactory.create_batch(10, text="친구", purposes=["친목"])
    with django_assert_num_queries(4):
        client.post("/topics", SEARCH, format="json")


def test_twenty_at_once_against_a_budget_of_ten(writers, sign_in, search, settings):
    settings.GENERATION_CALLS_A_DAY, settings.WEB_THREADS = 10, 80
    clients = [sign_in() for _ in range(20)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda client: search(client), clients))
    assert sorted(map(len, answers)) == [0] * 10 + [8] * 10
    assert len(writers.calls) == ModelCall.objects.count() == 10
    assert CallBudget.objects.get(user=None).calls == 10


def test_one_user_has_a_budget_of_their_own(writers, client, search, settings):
    settings.GENERATION_CALLS_A_USER = 2
    for purpose in ("친목", "일상", "비즈니스", "소개팅"):
        search(client, {**SEARCH, "talkPurposes": [purpose]})
    assert len(writers.calls) == 2
    assert CallBudget.objects.get(user=None).calls == 2


def test_typed_words_are_in_the_record_and_in_no_field_of_a_topic(writers, client, search):
    cards = search(client, TYPED)
    assert len(cards) == 8
    request = GenerationRequest.objects.get()
    assert request.search["situations"] == TYPED["talkSituations"]
    assert request.from_lists is False
    assert writers.calls[0].data["상황"] == TYPED["talkSituations"]
    assert "situation" not in writers.calls[0].fields()
    for topic in Topic.objects.select_related("situation"):
        assert (topic.situation.text, topic.purposes) == ("", ["친목"])


def test_it_asks_for_men_and_ages_and_writes_them_down(writers, client, search):
    body = {**SEARCH, "talkPartnerGender": True, "talkPartnerAgeLowerBound": 20, "talkPartnerAgeUpperBound": 29}
    assert len(search(client, body)) == 8
    assert (writers.calls[0].data["상대의 성별"], writers.calls[0].data["상대의 나이"]) == ("남성", "20세부터 29세까지")
    topic = Topic.objects.first()
    assert (topic.partner_gender, topic.partner_age_lower, topic.partner_age_upper) == ("male", 20, 29)


def test_two_users_have_requests_of_their_own(writers, client, sign_in, search):
    search(client)
    search(sign_in(UserFactory()))
    assert GenerationRequest.objects.values("user").distinct().count() == 2
