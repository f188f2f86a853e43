"""Reminders and their log in the console: to be looked at and filtered, and no push target anywhere."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from notifications import admin
from notifications.models import Push
from tests.factories import NotificationFactory, PhoneFactory, TopicFactory
from tests.fcm import refusal
from tests.notifications.conftest import SECOND, at
from topics.models import Topic


@pytest.fixture
def staff(db):
    client = Client()
    client.force_login(User.objects.create_staff(username="staff", password="x", is_superuser=True))
    return client


def page(staff, name, *args, query=""):
    answer = staff.get(reverse(f"admin:notifications_{name}", args=args) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(content):
    return len(re.findall(r'class="[^"]*\bfield-outcome\b', content))


def test_a_reminder_shows_its_history(staff, reminder, fcm, send):
    fcm.answers["phone"] = refusal(404, "UNREGISTERED")
    send("19:00")
    send("19:20")
    content = page(staff, "notification_change", reminder.pk)
    assert "기기 등록이 끝남" in content
    assert "받을 기기 없음" in content


def test_a_reminder_shows_its_topics_in_their_order_the_deleted_ones_by_number(staff):
    first, gone, last = TopicFactory.create_batch(3)
    reminder = NotificationFactory(topics=[last, gone, first])
    Topic.objects.filter(pk=gone.pk).delete()
    content = page(staff, "notification_change", reminder.pk)
    shown = [f"{last.pk} · {last.title}", f"{gone.pk} · (지워진 주제)", f"{first.pk} · {first.title}"]
    places = [content.index(each) for each in shown]
    assert places == sorted(places)


def test_what_nobody_changes_has_no_link_to_a_history_of_changes(staff, reminder):
    path = reverse("admin:notifications_notification_history", args=[reminder.pk])
    assert path not in page(staff, "notification_change", reminder.pk)


def test_what_nobody_changes_says_in_korean_that_it_is_looked_at(staff, reminder):
    assert "<title> 볼 알림 선택 |" in " ".join(page(staff, "notification_changelist").split())
    assert f"<title> {reminder.name} | 알림 보기 |" in " ".join(page(staff, "notification_change", reminder.pk).split())


def test_a_long_history_is_cut(staff, reminder, send, monkeypatch):
    monkeypatch.setattr(admin, "HISTORY_SHOWN", 2)
    send(at("12:00", day=20))
    content = page(staff, "notification_change", reminder.pk)
    assert rows(content) == 2


def test_it_is_in_the_order_of_slots_however_they_were_written(staff, reminder, send):
    for slot in (1, 2, 0):
        due_at = at("19:00") + slot * 1200 * SECOND
        Push.objects.create(notification=reminder, slot=slot, outcome="sent", due_at=due_at, done_at=due_at)
    clocks = ["19:40", "19:20", "19:00"]
    for content in (page(staff, "notification_change", reminder.pk), page(staff, "push_changelist")):
        places = [content.rindex(f"03-14 {clock}") for clock in clocks]
        assert places == sorted(places)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", 2),
        ("?outcome__exact=sent", 1),
        ("?outcome__exact=missed", 1),
        ("?reason__exact=no_phone", 1),
        ("?reason__exact=late", 0),
        ("?due_at__gte=2090-03-14 00:00:00%2B09:00", 2),
        ("?due_at__gte=2090-03-15 00:00:00%2B09:00", 0),
    ],
)
def test_the_log_is_filtered_by_outcome_reason_and_date(staff, reminder, send, query, shown):
    NotificationFactory()
    send("19:00")
    assert rows(page(staff, "push_changelist", query=query)) == shown


def test_push_targets_are_nowhere(staff, reminder, send):
    PhoneFactory(user=reminder.scrap.user, push_target="c2VjcmV0LXBob25l")
    send("19:00")
    push = Push.objects.first()
    pages = [page(staff, "push_changelist"), page(staff, "push_change", push.pk)]
    pages += [page(staff, "notification_changelist"), page(staff, "notification_change", reminder.pk)]
    assert not any("c2VjcmV0" in each for each in pages)


def test_nothing_is_written_there(staff, reminder, send):
    send("19:00")
    for model, pk in (("notification", reminder.pk), ("push", Push.objects.get().pk)):
        for action in ("change", "delete"):
            path = reverse(f"admin:notifications_{model}_{action}", args=[pk])
            assert staff.post(path, {"post": "yes"}).status_code == 403
        assert staff.get(reverse(f"admin:notifications_{model}_add")).status_code == 403
