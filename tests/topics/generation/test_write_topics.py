"""manage.py write_topics: drafts for a pair of tags, in bulk"""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.openai import Reply
from tests.processes import start
from topics.models import CallBudget, GenerationRequest, ModelCall, ModelPause, PlaceTag, Topic

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 60


def write(count=30, topic_tag="인간관계", place_tag="카페"):
    out = StringIO()
    call_command("write_topics", topic_tag=topic_tag, place_tag=place_tag, count=count, stdout=out)
    return out.getvalue()


def test_it_writes_so_many_drafts_for_the_pair(model, tags):
    said = write()
    assert "30 of 30" in said
    topics = Topic.objects.select_related("topic_tag", "place_tag", "situation")
    assert len(topics) == 30
    for topic in topics:
        assert (topic.topic_tag.content, topic.place_tag.content) == ("인간관계", "카페")
        assert (topic.status, topic.source, topic.made_for, topic.situation.text) == ("draft", "generated", None, "")
    assert [call.data["개수"] for call in model.calls] == [20, 20]
    assert model.calls[0].fields()["topicTag"]["enum"] == ["인간관계"]
    assert len(model.calls[1].data["이미 있는 제목"]) == 20
    assert GenerationRequest.objects.get().status == "done"
    assert set(CallBudget.objects.values_list("user", "calls")) == {(None, 2)}


def test_a_finished_one_is_begun_anew_and_tags_may_be_named_by_id(model, tags):
    write(5)
    write(5, place_tag=str(PlaceTag.objects.get(content="카페").pk))
    assert Topic.objects.count() == 10
    assert GenerationRequest.objects.count() == 2


def test_after_a_failure_it_goes_on_where_it_ended(model, tags):
    model.answers.extend([None, Reply(500)])
    with pytest.raises(CommandError, match="Run the same command again"):
        write(50)
    assert Topic.objects.count() == 20
    ModelPause.objects.all().delete()
    assert "Going on with 50 topics" in write(7)
    assert Topic.objects.count() == 50
    assert GenerationRequest.objects.count() == 1


def test_one_that_was_killed_in_the_middle_of_a_call_is_gone_on_with(model, tags):
    model.answers.extend([None, Reply(hang=True)])
    environment = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.url}
    command = ["manage.py", "write_topics", "--topic-tag", "인간관계", "--place-tag", "카페", "--count", "30"]
    with start(*command, environment=environment) as process:
        while len(model.calls) < 2:
            assert process.poll() is None, process.stdout.read()
            model.received.wait(0.05)
        process.kill()
    assert Topic.objects.count() == 20
    with pytest.raises(CommandError, match="another is at work"):
        write()
    GenerationRequest.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    write()
    assert Topic.objects.count() == 30
    assert list(ModelCall.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "written",
        "interrupted",
        "written",
    ]
    assert CallBudget.objects.get().calls == 3


def test_three_calls_that_bring_nothing_are_enough(model, tags):
    model.always = {"topics": []}
    with pytest.raises(CommandError, match="nothing_fit, nothing_fit, nothing_fit"):
        write()
    assert len(model.calls) == 3


def test_a_spent_budget_stops_it(model, tags, settings):
    settings.GENERATION_CALLS_A_DAY = 1
    with pytest.raises(CommandError, match="budget"):
        write()
    assert Topic.objects.count() == 20


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"count": 0}, "--count"),
        ({"count": 1001}, "--count"),
        ({"topic_tag": "우주"}, "우주"),
        ({"place_tag": "99"}, "99"),
    ],
)
def test_what_cannot_be_is_said(model, tags, options, said):
    with pytest.raises(CommandError, match=said):
        write(**options)
    assert not GenerationRequest.objects.exists()


def test_without_a_key_it_says_so(tags):
    with pytest.raises(CommandError, match="OPENAI_API_KEY"):
        write()
