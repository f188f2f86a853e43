"""Which failure is told when several apply: unknown path 404, 413, 401, 429, 405, 415, path's 404, 400, 409."""

import pytest
from rest_framework.exceptions import Throttled

from scraps import services
from tests.factories import ScrapFactory
from tokpik.viewsets import ApiViewSet

TOO_LARGE = b" " * (2**20 + 1)


@pytest.fixture
def foreign(db):
    return f"/users/scraps/{ScrapFactory().pk}/titles"


@pytest.fixture
def throttled(monkeypatch):
    def refuse(self, request):
        raise Throttled(wait=2.2)

    monkeypatch.setattr(ApiViewSet, "check_throttles", refuse)


def outcome(answer):
    return answer.status_code, answer.json()["code"]


def test_first_an_unknown_path(nobody):
    answer = nobody.generic("POST", "/users/scrap", TOO_LARGE, "text/plain")
    assert outcome(answer) == (404, "not_found")


def test_then_a_body_that_is_too_large(nobody, foreign):
    assert outcome(nobody.generic("POST", foreign, TOO_LARGE, "text/plain")) == (413, "body_too_large")


@pytest.mark.usefixtures("throttled")
def test_then_the_token(nobody, foreign):
    assert outcome(nobody.generic("POST", foreign, b"{", "text/plain")) == (401, "not_authenticated")


@pytest.mark.usefixtures("throttled")
def test_then_the_rate(client, foreign):
    answer = client.generic("POST", foreign, b"{", "text/plain")
    assert outcome(answer) == (429, "throttled")
    assert answer["Retry-After"] == "3"


def test_then_the_method(client, foreign):
    assert outcome(client.generic("POST", foreign, b"{", "text/plain")) == (405, "method_not_allowed")


def test_then_the_media_type(client, foreign):
    assert outcome(client.generic("PATCH", foreign, b"{", "text/plain")) == (415, "unsupported_media_type")


def test_then_what_the_path_names(client, foreign):
    for body in (b"{", b"{}", b"[]", b""):
        assert outcome(client.generic("PATCH", foreign, body, "application/json")) == (404, "not_found")


def test_then_the_body_and_last_what_the_user_may_own(client, monkeypatch):
    monkeypatch.setattr(services, "SCRAPS_MOST", 0)
    assert outcome(client.generic("POST", "/users/scraps", b"{", "application/json")) == (400, "parse_error")
    assert outcome(client.post("/users/scraps", {"scrapName": ""}, format="json")) == (400, "invalid")
    assert outcome(client.post("/users/scraps", {"scrapName": "주말"}, format="json")) == (409, "quota_reached")


def test_the_path_comes_before_the_query(client, foreign):
    path = foreign.replace("titles", "topics?size=0")
    assert outcome(client.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    "bad", ["NaN", "0", "-1", "1.5", "٣", "１", "9223372036854775808", "1" * 60, "%00", "%FF", "a%0Ab"]
)
def test_a_malformed_id_is_a_known_path(client, nobody, bad):
    for method, path in [
        ("GET", f"/users/scraps/{bad}/topics"),
        ("PATCH", f"/users/scraps/{bad}/titles"),
        ("DELETE", f"/users/scraps/{bad}"),
        ("POST", f"/users/scraps/{bad}/topics/1"),
        ("DELETE", f"/users/scraps/{bad}/topics/1"),
        ("GET", f"/topics/{bad}/details"),
        ("GET", f"/topics/{bad}/related"),
    ]:
        assert outcome(nobody.generic(method, path)) == (401, "not_authenticated")
        assert outcome(client.generic(method, path)) == (404, "not_found")
