"""The console's paginator: exact for few rows, bounded for many."""

import pytest
from django.db import connection

from tests.factories import TopicFactory
from tokpik import console
from topics.models import Topic


@pytest.fixture
def topics(db, monkeypatch):
    monkeypatch.setattr(console, "COUNTED_MOST", 3)
    with connection.cursor() as cursor:
        # As nobody has analysed it. An ANALYZE outlives its transaction, unless the table was made anew in it.
        cursor.execute("TRUNCATE topics_topic CASCADE")
    return TopicFactory.create_batch(5)


def count(rows):
    return console.BoundedPaginator(rows, 2).count


def test_few_rows_are_counted_exactly(topics):
    assert count(Topic.objects.filter(pk__in=[topic.pk for topic in topics[:2]])) == 2
    assert count(Topic.objects.filter(pk__in=[topic.pk for topic in topics[:3]])) == 3


def test_many_filtered_rows_are_counted_up_to_the_bound(topics):
    assert count(Topic.objects.filter(status="published")) == 3


def test_a_whole_table_is_estimated(topics):
    assert count(Topic.objects.all()) == 3
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE topics_topic")
    assert count(Topic.objects.all()) == 5
