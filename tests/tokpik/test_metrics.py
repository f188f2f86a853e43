"""GET /metrics"""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from prometheus_client import Counter
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import KakaoNotice, KakaoUnlink
from notifications.models import Notification
from scraps.views import ScrapViewSet
from tests.factories import NotificationFactory
from tokpik import counting
from tokpik.requests import OTHER, UNMATCHED

TOKEN = "metrics-" * 5
ROUTE = "users/scraps/count"


@pytest.fixture(autouse=True)
def _token(settings):
    settings.METRICS_TOKEN = TOKEN


def read(client=None):
    answer = (client or Client()).get("/metrics", HTTP_AUTHORIZATION=f"Bearer {TOKEN}")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert answer["Cache-Control"] == "no-store"
    families = text_string_to_metric_families(answer.content.decode())
    return {(each.name, *sorted(each.labels.items())): each.value for family in families for each in family.samples}


def series(name, **labels):
    return (name, *sorted(labels.items()))


@pytest.fixture(autouse=True)
def _database(db):
    """Whoever reads asks the database."""


def counted(since):
    """What was counted since a reading before, the readings themselves left out."""
    now = read()
    grown = {key: value - since.get(key, 0) for key, value in now.items() if value != since.get(key, 0)}
    return {key: value for key, value in grown.items() if ("route", "metrics") not in key}


def requests_counted(since):
    return {key: value for key, value in counted(since).items() if key[0] == "http_requests_total"}


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, f"Basic {TOKEN}", "토큰"],
)
@pytest.mark.parametrize("debug", [True, False])
def test_without_the_token_it_is_a_401(nobody, settings, header, debug):
    settings.DEBUG = debug
    shown = {} if header is None else {"HTTP_AUTHORIZATION": header.encode().decode("latin-1")}
    answer = nobody.get("/metrics", **shown)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", [None, "Bearer ", "Bearer", f"Bearer {TOKEN}"])
def test_while_none_is_set_nobody_may(nobody, settings, header):
    settings.METRICS_TOKEN = ""
    assert nobody.get("/metrics", **({"HTTP_AUTHORIZATION": header} if header else {})).status_code == 401


def test_a_users_token_is_not_the_one(client):
    assert client.get("/metrics").status_code == 401


def test_it_asks_the_database_little_and_only_whom_it_may_tell(nobody, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):
        read(nobody)
    with django_assert_max_num_queries(0):
        nobody.get("/metrics")


def test_without_the_database_it_tells_the_rest(nobody, monkeypatch):
    def away():
        raise OperationalError

    assert read(nobody)[series("database_up")] == 1
    monkeypatch.setattr("notifications.figures.figures", away)
    found = read(nobody)
    assert found[series("database_up")] == 0
    assert series("reminders_due") not in found
    assert [name for name, *_ in found if name == "http_requests_total"]


def test_it_tells_how_far_behind_the_senders_are(nobody):
    now = timezone.now()
    assert (read(nobody)[series("reminders_due")], read(nobody)[series("reminders_lag_seconds")]) == (0, 0)
    for seconds in (-300, -120, 15):
        NotificationFactory(next_due_at=now + timedelta(seconds=seconds))
    NotificationFactory()
    Notification.objects.filter(pk=NotificationFactory().pk).update(next_due_at=None)
    found = read(nobody)
    assert found[series("reminders_due")] == 2
    assert 300 <= found[series("reminders_lag_seconds")] < 330


def test_pushes_that_a_sender_counted_are_told_since_midnight(nobody):
    now = timezone.now()
    counting.tally.add({"push.sent.": 3, "push.failed.unregistered": 1})
    counting.tally.store(now)
    counting.tally.add({"push.sent.": 2, "related.hit": 7})
    counting.tally.store(now)
    counting.tally.add({"push.sent.": 100})
    counting.tally.store(now - timedelta(days=1))
    found = {key: value for key, value in read(nobody).items() if key[0] == "pushes_total"}
    assert found == {
        series("pushes_total", outcome="sent", reason=""): 5,
        series("pushes_total", outcome="failed", reason="unregistered"): 1,
    }


def test_it_tells_what_is_still_to_be_settled_with_kakao(nobody):
    now = timezone.now()
    KakaoUnlink.objects.create(kakao_id=1, due_at=now + timedelta(hours=1))
    KakaoUnlink.objects.update(created_at=now - timedelta(days=1))
    KakaoNotice.objects.create(kakao_id=2, due_at=now - timedelta(seconds=60))
    found = read(nobody)
    for kind in ("unlink", "notice"):
        assert found[series("kakao_errands", kind=kind)] == 1
    assert 86_400 <= found[series("kakao_errand_age_seconds", kind="unlink")] < 86_430
    assert found[series("kakao_errand_lag_seconds", kind="unlink")] == 0
    assert 60 <= found[series("kakao_errand_lag_seconds", kind="notice")] < 90


def test_statements_are_counted_by_route(client):
    name = series("http_request_statements_total", route=ROUTE)
    before = read().get(name, 0)
    for _ in range(3):
        assert client.get("/users/scraps/count").status_code == 200
    # One of the view, and the reading, which a thread takes in earnest.
    assert read()[name] - before == 3 * 2


def test_a_request_that_sends_none_counts_none(nobody):
    nobody.get("/livez")
    assert series("http_request_statements_total", route="livez") not in read()


def test_requests_are_counted_by_route_method_and_status(client, nobody):
    before = read()
    client.get("/topics/1/related?size=1")
    client.get("/topics/2/related")
    nobody.get("/topics/3/related")
    client.put("/topics/1/related")
    route = "topics/<str:topic_id>/related"
    assert requests_counted(before) == {
        series("http_requests_total", route=route, method="GET", status="404"): 2,
        series("http_requests_total", route=route, method="GET", status="401"): 1,
        series("http_requests_total", route=route, method="PUT", status="405"): 1,
    }
    grown = counted(before)
    assert grown[series("http_request_duration_seconds_count", route=route)] == 4
    assert grown[series("http_request_duration_seconds_bucket", route=route, le="+Inf")] == 4
    assert grown[series("http_request_duration_seconds_sum", route=route)] > 0


def test_so_are_crashes_probes_and_the_reading_itself(client, monkeypatch):
    monkeypatch.setattr(ScrapViewSet, "count", lambda *args: 1 / 0)
    before = read()
    client.get("/users/scraps/count")
    client.get("/livez")
    after = read()
    for route, status in [(ROUTE, "500"), ("livez", "200"), ("metrics", "200")]:
        key = series("http_requests_total", route=route, method="GET", status=status)
        assert after[key] - before.get(key, 0) == 1


def test_a_scanner_adds_no_series_after_its_first_request(nobody):
    nobody.get("/nowhere")
    nobody.generic("SCAN", "/nowhere")
    nobody.generic("SCAN", "/livez")
    before = read()
    for number in range(50):
        nobody.get(f"/nowhere/{number}")
        nobody.generic(f"SCAN{number}", f"/{number}")
        nobody.generic(f"SCAN{number}", "/livez")
        nobody.get("/nowhere", HTTP_X_REQUEST_ID=f"{number:08}", HTTP_HOST="127.0.0.1")
    assert set(read()) == set(before)
    assert requests_counted(before) == {
        series("http_requests_total", route=UNMATCHED, method="GET", status="404"): 100,
        series("http_requests_total", route=UNMATCHED, method=OTHER, status="404"): 50,
        series("http_requests_total", route="livez", method=OTHER, status="405"): 50,
    }


def test_an_apps_own_figures_are_there():
    plates = Counter("test_plates", "Plates washed.", ["kind"])
    plates.labels("deep").inc(3)
    assert read()[series("test_plates_total", kind="deep")] == 3
