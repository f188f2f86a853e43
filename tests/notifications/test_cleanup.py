"""What is long past goes: clear_expired, and the same from the background"""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications import background
from notifications.cleanup import clear_expired
from notifications.models import Notification, Push
from tests.factories import NotificationFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = timezone.localdate


def pushed(reminder, due_at, **fields):
    return Push.objects.create(notification=reminder, outcome="sent", due_at=due_at, done_at=due_at, **fields)


def test_reminders_and_their_log_stay_for_thirty_days():
    now = timezone.now()
    made = {days: NotificationFactory(date=TODAY() - days * DAY) for days in (31, 30, 0, -5)}
    for days, reminder in made.items():
        pushed(reminder, now - days * DAY, slot=0)
    assert dict(clear_expired(now=now)) == {"pushes": 1, "reminders": 1}
    assert set(Notification.objects.all()) == {made[days] for days in (30, 0, -5)}
    assert Push.objects.count() == 3


def test_it_takes_no_more_than_a_batch_at_a_time(monkeypatch):
    monkeypatch.setattr("tokpik.cleanup.BATCH", 3)
    now = timezone.now()
    reminder = NotificationFactory(date=TODAY() - 40 * DAY)
    for slot in range(7):
        pushed(reminder, now - 40 * DAY, slot=slot)
    with CaptureQueriesContext(connection) as statements:
        assert dict(clear_expired(now=now)) == {"pushes": 7, "reminders": 1}
    assert len([one for one in statements if "LIMIT 3" in one["sql"]]) == 4


def test_the_command_says_how_many():
    NotificationFactory(date=TODAY() - 40 * DAY)
    out = StringIO()
    call_command("clear_expired", stdout=out)
    assert "reminders: 1 deleted" in out.getvalue()


def test_so_does_the_background_hourly():
    NotificationFactory(date=TODAY() - 40 * DAY)
    work = {each.name: each for each in background.work()}["clean-up of reminders"]
    assert (work.seconds, work.step()) == (3600, False)
    assert not Notification.objects.exists()
