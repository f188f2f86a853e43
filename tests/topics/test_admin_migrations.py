"""The migrations of searching and history go back and forth."""

import pytest
from django.core.management import call_command
from django.db import connection

from tests.factories import TopicFactory
from topics.models import Topic

pytestmark = pytest.mark.django_db(transaction=True)


def triggers():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = 'topics_topic'::regclass AND NOT tgisinternal")
        return {name for (name,) in cursor.fetchall()}


def test_they_are_reversed_and_applied_again_over_rows():
    before = triggers()
    TopicFactory()
    try:
        call_command("migrate", "topics", "0005", verbosity=0)
        assert not any(name.startswith("pgtrigger_") for name in triggers())
        assert "topic_updated" in triggers()
    finally:
        call_command("migrate", verbosity=0)
    assert triggers() == before
    Topic.objects.update(title="둘째 제목")
    assert Topic.objects.get().events.count() == 1


def test_new_titles_wait_in_no_list_of_the_index():
    with connection.cursor() as cursor:
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'topic_title_trigrams'")
        assert cursor.fetchone() == (["fastupdate=off"],)


def test_history_is_kept_under_an_empty_search_path():
    TopicFactory()
    with connection.cursor() as cursor:
        try:
            cursor.execute("SET search_path = ''")
            cursor.execute("UPDATE public.topics_topic SET title = '둘째 제목'")
        finally:
            cursor.execute("RESET search_path")
    assert Topic.objects.get().events.count() == 1
