"""What was typed, written and spent is kept for 30 days."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.factories import TopicFactory, UserFactory
from topics.cleanup import clear_expired
from topics.models import CallBudget, GeneratedItem, GenerationRequest, ModelCall, Topic


@pytest.fixture
def written(db):
    """One of everything, made so many days ago."""

    def write(days):
        then = timezone.now() - timedelta(days=days)
        user, day = UserFactory(), timezone.localdate(then)
        request = GenerationRequest.objects.create(why="search", user=user, search={"situations": ["몰래"]})
        GenerationRequest.objects.filter(pk=request.pk).update(created_at=then)
        request.readers.add(user)
        GeneratedItem.objects.create(request=request, outcome="kept", topic=TopicFactory(source="generated"))
        CallBudget.objects.create(day=day, user=user, calls=1)
        ModelCall.objects.create(request=request, user=user, why="search", day=day, began_at=then)

    return write


def counts():
    kinds = (GenerationRequest, GeneratedItem, GenerationRequest.readers.through, CallBudget, ModelCall)
    return [kind.objects.count() for kind in kinds]


def test_after_thirty_days_all_of_it_is_gone_and_the_topics_stay(written):
    written(29)
    written(31)
    assert dict(clear_expired(now=timezone.now())) == {
        "model calls": 1,
        "written items": 1,
        "waiting readers": 1,
        "generation requests": 1,
        "call budgets": 1,
    }
    assert counts() == [1] * 5
    assert Topic.objects.count() == 2


def test_the_command_does_it_too(written, capsys):
    written(31)
    call_command("clear_expired")
    assert "generation requests: 1 deleted" in capsys.readouterr().out
    assert counts() == [0] * 5


def test_a_late_call_of_an_old_request_goes_with_it(written):
    written(31)
    ModelCall.objects.update(day=timezone.localdate())
    list(clear_expired(now=timezone.now()))
    assert counts() == [0] * 5
