"""Our own faults, and those of what we need."""

import logging

import pytest
from django.db import InterfaceError, OperationalError
from django.middleware.common import CommonMiddleware
from redis.exceptions import ConnectionError as CacheGone
from rest_framework.exceptions import NotAcceptable, PermissionDenied

from accounts.authentication import AccessTokenAuthentication
from scraps.views import ScrapViewSet
from tokpik.json import Renderer

CRASH = {"message": "서버에 문제가 생겼습니다.", "code": "internal_error"}
UNAVAILABLE = "upstream_unavailable"
PATH = "/users/scraps/count"


def raising(error):
    def broken(*args, **kwargs):
        raise error

    return broken


@pytest.fixture(params=[True, False], ids=["debug", "no debug"])
def debug(request, settings):
    settings.DEBUG = request.param


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize(
    ("where", "attribute"),
    [(ScrapViewSet, "count"), (ScrapViewSet, "get_queryset"), (AccessTokenAuthentication, "living_user")],
)
def test_a_crash_in_a_view_is_a_500_in_json_and_logged(client, monkeypatch, caplog, where, attribute):
    monkeypatch.setattr(where, attribute, raising(RuntimeError("비밀 번호")))
    answer = client.get(PATH)
    assert (answer.status_code, answer.json()) == (500, CRASH)
    assert answer["Cache-Control"] == "no-store"
    logged = [record for record in caplog.records if record.levelno >= logging.ERROR and record.exc_info]
    assert [str(record.exc_info[1]) for record in logged] == ["비밀 번호"]


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize(("where", "attribute"), [(Renderer, "render"), (CommonMiddleware, "process_request")])
def test_so_is_one_outside_of_any_view(client, monkeypatch, caplog, where, attribute):
    monkeypatch.setattr(where, attribute, raising(RuntimeError("비밀 번호")))
    client.raise_request_exception = False
    answer = client.get(PATH)
    assert (answer.status_code, answer.json()) == (500, CRASH)
    assert answer["Content-Type"] == "application/json"
    assert any(record.exc_info for record in caplog.records if record.levelno >= logging.ERROR)


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed"), CacheGone("gone")])
@pytest.mark.parametrize(("where", "attribute"), [(ScrapViewSet, "count"), (AccessTokenAuthentication, "living_user")])
def test_what_we_need_being_away_is_a_503_that_says_when_to_come_again(client, monkeypatch, error, where, attribute):
    monkeypatch.setattr(where, attribute, raising(error))
    answer = client.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (503, UNAVAILABLE)
    assert int(answer["Retry-After"]) >= 1
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("error", "status", "code"), [(PermissionDenied(), 403, "forbidden"), (NotAcceptable(), 400, "invalid")]
)
def test_the_frameworks_own_errors_have_our_shape(client, monkeypatch, error, status, code):
    monkeypatch.setattr(ScrapViewSet, "count", raising(error))
    answer = client.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "", "a b", "localhost@evil.example"])
def test_a_host_that_is_not_ours_is_refused_in_json(nobody, settings, host):
    settings.ALLOWED_HOSTS = ["tokpik.example"]
    answer = nobody.get("/topic-tags", HTTP_HOST=host)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer["Content-Type"] == "application/json"
