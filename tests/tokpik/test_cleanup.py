"""manage.py clear_expired, and the same from the background: counts and back-ups"""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from tokpik import cleanup
from tokpik.models import HourlyCounts

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
OLD = "tokpik-20260101T000000Z.dump"


@pytest.fixture
def folder(settings, tmp_path):
    settings.BACKUP_DIR = str(tmp_path)
    (tmp_path / OLD).write_text("")
    return tmp_path


def test_counts_stay_for_thirteen_months():
    now = timezone.now()
    for days in (0, 399, 401):
        HourlyCounts.objects.create(hour=now - days * DAY)
    assert dict(cleanup.clear_expired(now=now)) == {"hourly counts": 1}
    assert HourlyCounts.objects.count() == 2


def test_the_command_says_how_many(folder):
    out = StringIO()
    call_command("clear_expired", stdout=out)
    for said in ("hourly counts: 0 deleted", "back-ups: 1 deleted", "restorations: 0 deleted", "deletions: 0 deleted"):
        assert said in out.getvalue()
    assert list(folder.iterdir()) == []


def test_so_does_the_background_hourly(folder):
    (work,) = cleanup.work()
    assert (work.seconds, work.step()) == (3600, False)
    assert list(folder.iterdir()) == []
