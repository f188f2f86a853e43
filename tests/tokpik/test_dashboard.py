"""The console's first page: counted beside the web server, drawn from hourly rows and rollups alone."""

import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts import dashboard as accounts
from accounts.models import User
from notifications import dashboard as notifications
from notifications.models import Push
from scraps import dashboard as scraps
from scraps.models import ScrapTopic
from tests.factories import NotificationFactory, ScrapFactory, ScrapTopicFactory, TopicFactory, UserFactory
from tokpik import counting, dashboard, rollups
from tokpik.models import HourlyCounts, Rollup
from topics import dashboard as topics
from topics.models import ModelCall, PlaceTag, TopicTag

# Half past midnight in Seoul: still the day before in UTC.
NOW = datetime(2027, 3, 14, 15, 30, tzinfo=UTC)
TODAY = date(2027, 3, 15)


@pytest.fixture
def staff(db):
    client = Client()
    client.force_login(User.objects.create_staff(username="staff", password="x", is_superuser=True))
    return client


def figures(now=NOW, days=3):
    return rollups.Figures(now=now, days=days)


def hour(later=0):
    return rollups.beginning_of_hour(NOW) + timedelta(hours=later)


def counts(later=0):
    return HourlyCounts.objects.get(hour=hour(later)).counts


def test_spending_is_counted_by_the_hour_and_again_when_a_call_is_over(db):
    for cost in ("0.25", "0.5", None):
        ModelCall.objects.create(why="search", model="m", day=TODAY, began_at=NOW, cost=cost)
    topics.count(NOW)
    assert counts()[topics.DOLLARS] == 0.75
    ModelCall.objects.filter(cost=None).update(cost="1.25")
    topics.count(NOW)
    assert counts()[topics.DOLLARS] == 2.0
    assert figures().sum(topics.DOLLARS)[-1] == 2.0


class TestSetting:
    def test_it_sets_and_leaves_what_others_count(self, db):
        HourlyCounts.objects.create(hour=hour(), counts={"related.hit": 7, "scraps.added": 1})
        for number in (5, 3):
            rollups.set_counts({hour(): {"scraps.added": number}})
        assert counts() == {"related.hit": 7, "scraps.added": 3}

    def test_the_workers_go_on_adding(self, db):
        rollups.set_counts({hour(): {"scraps.added": 5}})
        counting.tally.add({"searches": 2})
        counting.tally.store(NOW)
        assert counts() == {"scraps.added": 5, "searches": 2}

    def test_it_begins_with_what_may_have_changed_since(self, db):
        assert rollups.to_count_from("scraps.added", NOW) == hour() - timedelta(days=7)
        rollups.set_counts({hour(-9): {"scraps.added": 5}, hour(): {"other": 1}})
        assert rollups.to_count_from("scraps.added", NOW) == hour(-15)


class TestDays:
    def test_a_day_is_one_in_seoul(self, db):
        rollups.set_counts({hour(-1): {"searches": 4}, hour(): {"searches": 1}})
        found = figures()
        assert found.days == [TODAY - timedelta(days=2), TODAY - timedelta(days=1), TODAY]
        assert found.sum("searches") == [0, 4, 1]

    def test_of_a_level_the_last_of_the_day_counts(self, db):
        rollups.set_counts({hour(-5): {"topics.published": 9}, hour(-1): {"topics.published": 7}})
        assert figures().last("topics.published") == [None, 7, None]


class TestCounting:
    def test_a_search_counts_once_however_often_it_is_sent(self, client, db):
        TopicFactory()
        for _ in range(2):
            client.post("/topics", {"includeFilterCondition": False}, format="json")
        assert counting.tally.counts["searches"] == 1

    def test_new_scraps_by_the_hour(self, db):
        scrap = ScrapFactory()
        for later in (-30, -1, 0, 0):
            entry = ScrapTopicFactory(scrap=scrap)
            ScrapTopic.objects.filter(pk=entry.pk).update(created_at=hour(later) + timedelta(minutes=5))
        for _ in range(2):
            scraps.count(NOW)
        assert [counts(later)["scraps.added"] for later in (-30, -2, -1, 0)] == [1, 0, 1, 2]

    def test_a_scrap_taken_back_within_hours_is_counted_no_more(self, db):
        entry = ScrapTopicFactory()
        ScrapTopic.objects.filter(pk=entry.pk).update(created_at=NOW)
        scraps.count(NOW)
        entry.delete()
        scraps.count(NOW)
        assert counts()["scraps.added"] == 0

    def test_pushes_by_outcome(self, db):
        reminder = NotificationFactory()
        for slot, (outcome, later) in enumerate([("sent", 0), ("sent", 0), ("failed", 0), ("missed", -4)]):
            Push.objects.create(notification=reminder, slot=slot, outcome=outcome, due_at=hour(later), done_at=NOW)
        notifications.count(NOW)
        assert [counts()[f"pushes.{outcome}"] for outcome in ("sent", "failed", "missed")] == [2, 1, 0]
        assert counts(-4)["pushes.missed"] == 1

    def test_who_signed_in_or_refreshed_counts_once_a_day(self, db):
        first, second = UserFactory.create_batch(2)
        for number, (user, later) in enumerate([(first, 0), (first, 0), (second, 0), (first, -1), (first, -40)]):
            OutstandingToken.objects.create(
                user=user, jti=str(number), token=str(number), created_at=hour(later), expires_at=hour(later)
            )
        for _ in range(2):
            accounts.count(NOW)
        assert figures().sum("users.active") == [0, 1, 2]

    def test_a_sign_in_is_one(self, client):
        accounts.count()
        assert figures(timezone.now(), 1).sum("users.active") == [1]

    def test_published_topics_in_all_and_by_pair(self, db):
        TopicFactory.create_batch(2, tag="사랑과 연애", place="카페")
        TopicFactory(tag="유머와 웃음", place="집")
        TopicFactory(tag="유머와 웃음", place="집", status="draft")
        topics.count(NOW)
        assert counts()["topics.published"] == 3
        [heat] = [panel for panel in topics.panels(figures()) if panel.template == "console/heat_map.html"]
        by_name = {name: dict(zip(heat.columns, cells, strict=True)) for name, cells in heat.rows}
        assert by_name["사랑과 연애"]["카페"].count == 2
        assert by_name["사랑과 연애"]["집"].count == by_name["사랑과 연애"]["집"].shade == 0
        assert by_name["유머와 웃음"]["집"].count == 1
        assert by_name["사랑과 연애"]["카페"].shade > by_name["유머와 웃음"]["집"].shade > 0

    def test_what_is_kept_most_and_least(self, db):
        never, often, once = TopicFactory.create_batch(3)
        hidden = TopicFactory(status="hidden")
        for topic, times in ((often, 3), (once, 1), (hidden, 5)):
            for _ in range(times):
                ScrapTopicFactory(topic=topic)
        scraps.rank(NOW)
        _, most, least = scraps.panels(figures())
        assert [(name, n) for name, _, n in most.rows][:2] == [(often.title, 3), (once.title, 1)]
        assert [(name, n) for name, _, n in least.rows] == [(never.title, 0), (once.title, 1), (often.title, 3)]

    def test_run_background_counts_it_all(self, client):
        TopicFactory()
        call_command("run_background", once=True, stdout=StringIO())
        today = rollups.Figures(now=timezone.now(), days=1)
        names = {name for _, name in today.sums}
        assert {"users.active", "scraps.added", "topics.published", "pushes.sent"} <= names
        assert set(today.rollups) == {"topics.pairs", "scraps.most", "scraps.least"}


class TestPage:
    @pytest.fixture
    def counted(self, db):
        """Every tag and place, topics, and a month of everything."""
        for number in range(8):
            TopicTag.objects.create(content=f"태그 {number}")
        for number in range(5):
            PlaceTag.objects.create(content=f"장소 {number}")
        ScrapTopicFactory.create_batch(12)
        now = timezone.now()
        topics.count(now)
        scraps.rank(now)
        some = {"searches": 9, "scraps.added": 4, "users.active": 3, "pushes.sent": 2, "pushes.failed": 1}
        some |= {"topics.published": 12, "related.hit": 3, "details.miss": 1}
        start = rollups.beginning_of_hour(now)
        rollups.set_counts({start - timedelta(hours=number): some for number in range(24 * 31)})

    def test_it_opens_before_anything_was_counted(self, staff):
        answer = staff.get("/admin/")
        assert answer.status_code == 200
        assert "아직 기록이 없습니다." in answer.content.decode()

    def test_it_draws_every_figure(self, staff, counted):
        content = staff.get("/admin/").content.decode()
        assert "아직 기록이 없습니다." not in content
        for title in (
            "주제 × 장소",
            "게시된 주제",
            "검색",
            "캐시 적중률",
            "스크랩",
            "가장 많이",
            "가장 적게",
            "활동한 사용자",
            "알림 푸시",
        ):
            assert title in content
        assert content.count('<rect class="chart-bad"') >= dashboard.DAYS
        assert "75%" in content

    def test_it_asks_at_most_twenty_statements_and_no_table_that_grows(self, staff, counted):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            staff.get("/admin/")
        assert len(asked) <= 20
        sql = " ".join(query["sql"] for query in asked)
        assert not re.search(r'FROM "?(scraps_scraptopic|notifications_push|token_blacklist_outstandingtoken)', sql)
        assert not re.search(r"COUNT\(", sql, re.IGNORECASE)

    def test_spending_is_shown_where_there_is_any(self, staff, counted):
        assert "AI 작성 비용" not in staff.get("/admin/").content.decode()
        rollups.set_counts({rollups.beginning_of_hour(timezone.now()): {topics.DOLLARS: 1.25}})
        content = staff.get("/admin/").content.decode()
        assert "AI 작성 비용" in content
        assert "1.25달러" in content

    def test_a_hidden_title_cannot_break_out(self, staff, db):
        topic = TopicFactory(title="<script>alert(1)</script>")
        Rollup.objects.create(name=scraps.MOST, value=[[topic.pk, 1]], taken_at=NOW)
        assert "<script>alert" not in staff.get("/admin/").content.decode()
