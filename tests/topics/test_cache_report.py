"""manage.py cache_report and drop_cache, and the page on which staff see and do the same"""

from collections import Counter
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_redis import get_redis_connection

from accounts.models import User
from tests.factories import TopicFactory
from tokpik import counting
from tokpik.models import HourlyCounts
from topics.cache_report import report

PAGE, DROP = "/admin/tokpik/hourlycounts/", "/admin/tokpik/hourlycounts/drop/"
NOW = timezone.now().replace(minute=30)


@pytest.fixture
def staff(db):
    client = Client()
    client.force_login(User.objects.create_staff(username="staff", password="x", is_superuser=True))
    return client


@pytest.fixture
def counts(db):
    """An hour with 8 hits in 10 looks, and one long ago."""
    hour = {"related.hit": 8, "related.miss": 1, "related.stale": 1, "related.fill": 2, "related.fill_ms": 7.0}
    hour |= {"related.age.60": 4, "related.age.1800": 3, "related.age.older": 1, "details.hit": 3}
    HourlyCounts.objects.create(hour=NOW.replace(minute=0, second=0, microsecond=0), counts=hour)
    HourlyCounts.objects.create(hour=NOW - timedelta(days=9), counts={"related.miss": 1000})


def entries():
    return {key.decode() for key in get_redis_connection("default").scan_iter("*:entry:*")}


def test_it_sums_up_the_hours_that_are_asked_for(counts):
    use = report(now=NOW, hours=24).use("related")
    assert (use.looks, use.hits, use.ratio, use.fill_ms) == (10, 8, 0.8, 3.5)
    assert report(now=NOW, hours=24 * 30).use("related").looks == 1010


def test_a_shorter_ttl_would_have_cost_at_most_the_hits_on_what_was_older(counts):
    use = report(now=NOW, hours=24).use("related")
    assert [use.ratio_with_ttl(seconds) for seconds in (60, 1200, 1800, 3000)] == [0.4, 0.4, 0.7, 0.7]


def test_without_a_look_there_is_no_ratio(db):
    use = report(now=NOW, hours=24).use("related")
    assert (use.ratio, use.fill_ms, use.ratio_with_ttl(60)) == (None, None, None)


def test_what_is_read_is_counted(client, db):
    topic = TopicFactory()
    for _ in range(4):
        client.get(f"/topics/{topic.pk}/related")
    topic.hide()
    topic.publish()
    client.get(f"/topics/{topic.pk}/related")
    counted = counting.tally.counts
    named = {name: counted[f"related.{name}"] for name in ("hit", "miss", "stale", "fill", "age.60")}
    assert named == {"hit": 3, "miss": 1, "stale": 1, "fill": 2, "age.60": 3}
    assert counted["related.fill_ms"] > 0
    counting.tally.store(NOW)
    assert report(now=NOW, hours=1).use("related").hits == 3
    assert counting.tally.counts == Counter()


def test_the_command_prints_a_table(counts):
    out = StringIO()
    call_command("cache_report", stdout=out)
    lines = out.getvalue().splitlines()
    [hour] = [line for line in lines if line.startswith(f"{timezone.localtime(NOW):%m-%d %H:00}")]
    assert hour.split()[2:] == ["10", "8", "80.0%", "1", "2", "3.5"]
    assert any("1800 s  70.0%" in line for line in lines)
    assert any(line.startswith("evicted_keys: ") for line in lines)


def test_the_command_says_when_the_cache_does_not_answer(db, settings):
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "unix:///nonexistent/socket?db=0"}}
    out = StringIO()
    call_command("cache_report", stdout=out)
    assert "The cache does not answer." in out.getvalue()
    with pytest.raises(CommandError, match="does not answer"):
        call_command("drop_cache")


def test_staff_see_the_page(staff, counts):
    answer = staff.get(PAGE)
    assert answer.status_code == 200
    content = answer.content.decode()
    for text in ("80.0%", "70.0%", "3.5 ms", "evicted_keys", "이 주제만 비우기", "더 오래된 것", "37.5%"):
        assert text in content


def test_the_page_opens_without_counts_and_without_the_cache(staff, settings):
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "unix:///nonexistent/socket?db=0"}}
    content = staff.get(PAGE).content.decode()
    assert "아직 기록이 없습니다" in content
    assert "캐시가 답하지 않습니다" in content
    assert "캐시가 답하지 않습니다" in staff.post(DROP, {"all": "1"}, follow=True).content.decode()


@pytest.fixture
def warm(client):
    """Two topics whose answers are cached."""
    topics = TopicFactory.create_batch(2)
    for topic in topics:
        client.get(f"/topics/{topic.pk}/related")
        client.get(f"/topics/{topic.pk}/details")
    return topics


def of(topic):
    return {f"related:entry:{topic.pk}", f"details:entry:{topic.pk}"}


def test_one_topics_entries_are_dropped(staff, warm):
    one, other = warm
    content = staff.post(DROP, {"topic": f" {one.pk} "}, follow=True).content.decode()
    assert f"{one.pk}번 주제의 캐시를 비웠습니다. (키 2개)" in content
    assert entries() == of(other)
    call_command("drop_cache", topic=other.pk, stdout=StringIO())
    assert entries() == set()


def test_everything_is_dropped(staff, warm):
    staff.post(DROP, {"all": "1"})
    assert entries() == set()


def test_the_command_drops_everything(warm):
    call_command("drop_cache", stdout=StringIO())
    assert not get_redis_connection("default").keys("*")


@pytest.mark.parametrize("bad", ["", "x", "-1", "1.5", "٣", "9" * 30])
def test_a_number_that_is_none_drops_nothing(staff, warm, bad):
    assert "주제 번호를 숫자로" in staff.post(DROP, {"topic": bad}, follow=True).content.decode()
    assert len(entries()) == 4


def test_only_who_may_does(warm, client):
    watcher = Client()
    watcher.force_login(User.objects.create_staff(username="watcher", password="x"))
    assert watcher.get(PAGE).status_code == 403
    assert watcher.post(DROP, {"all": "1"}).status_code == 403
    assert Client().post(DROP, {"all": "1"}).status_code == 302
    assert len(entries()) == 4


def test_looking_drops_nothing(staff, warm):
    assert staff.get(DROP, {"all": "1"}).status_code == 403
    assert len(entries()) == 4
