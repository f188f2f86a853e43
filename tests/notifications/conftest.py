"""A sender in this process, on the test's own connection, and the FCM that it asks."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from notifications.clock import Clock
from notifications.credential import Credential
from notifications.fcm import Fcm
from notifications.models import Notification, Push
from notifications.sender import Sender
from notifications.slots import SEOUL
from tests.factories import NotificationFactory, PhoneFactory
from tests.fcm import FakeFcm

Send = Callable[..., list[str]]


def at(clock: str, day: int = 14) -> datetime:
    """This time of day on the day of `NotificationFactory`."""
    return datetime.fromisoformat(f"2090-03-{day}T{clock}").replace(tzinfo=SEOUL)


def log(reminder: Notification | None = None) -> list[tuple[int, str, str]]:
    """Slot, outcome and reason of each row, in order of slots."""
    rows = Push.objects.filter(notification=reminder) if reminder else Push.objects.all()
    return [(row.slot, row.outcome, row.reason) for row in rows.order_by("notification", "slot", "pk")]


def due_at(reminder: Notification) -> datetime | None:
    reminder.refresh_from_db()
    return reminder.next_due_at


@pytest.fixture
def fcm() -> Iterator[FakeFcm]:
    with FakeFcm() as fake:
        yield fake


@pytest.fixture
def send(fcm: FakeFcm, tmp_path: Path) -> Send:
    """Runs a sender until nothing is due at this moment (None: at the real one); what it told."""

    def run(now: datetime | str | None) -> list[str]:
        told: list[str] = []
        moment = at(now) if isinstance(now, str) else now
        gateway = Fcm(credential=Credential(fcm.credentials(tmp_path)), url=fcm.url)
        Sender(gateway=gateway, clock=Clock(moment), tell=told.append).run(once=True)
        return told

    return run


@pytest.fixture
def reminder(db: Any) -> Notification:
    """Of somebody with one phone, called "phone"."""
    made = NotificationFactory()
    PhoneFactory(user=made.scrap.user, push_target="phone")
    return made


SECOND = timedelta(seconds=1)
