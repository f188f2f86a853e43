"""The bench's counters of statements and round trips."""

from threading import Thread

from django.db import connection, transaction
from django_redis import get_redis_connection

from bench.counting import counting


def test_begin_and_commit_count_as_statements(transactional_db):
    with counting() as count, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert count.statements == ["BEGIN", "SELECT 1", "COMMIT"]


def test_a_pipeline_is_one_round_trip(db):
    redis = get_redis_connection("default")
    redis.ping()
    redis.pipeline(transaction=False).ping().execute()  # over a connection of its own
    with counting() as count:
        redis.mget("a", "b")
        redis.pipeline(transaction=False).set("a", 1).get("a").execute()
    assert count.round_trips == 2


def test_what_other_threads_ask_is_not_counted(db):
    with counting() as count:
        thread = Thread(target=get_redis_connection("default").ping)
        thread.start()
        thread.join()
    assert count.round_trips == 0
