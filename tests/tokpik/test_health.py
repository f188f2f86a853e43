"""GET /livez, GET /readyz"""

import pytest
from django.db import connection

from tokpik import health


def test_it_is_ready_with_the_database_and_the_cache(nobody):
    answer = nobody.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "cache": True})
    assert answer["Cache-Control"] == "no-store"


def test_without_the_cache_it_is_ready_and_says_so(nobody, settings):
    caches = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9"}}
    settings.CACHES = caches
    answer = nobody.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "cache": False})


@pytest.fixture
def _no_database(transactional_db):
    closed_port = {"HOST": "127.0.0.1", "PORT": "9", "OPTIONS": {"connect_timeout": 5}}
    connection.close()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in closed_port.items():
            patch.setitem(connection.settings_dict, name, value)
        yield
    connection.close()


@pytest.mark.usefixtures("_no_database")
def test_without_the_database_it_lives_and_is_not_ready(nobody):
    answer = nobody.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")
    assert int(answer["Retry-After"]) >= 1
    assert nobody.get("/livez").json() == {"status": "ok"}


def test_living_asks_nobody(nobody, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert nobody.get("/livez").status_code == 200


def test_one_that_is_to_be_replaced_says_that_it_does_not_live(nobody, monkeypatch, tmp_path):
    monkeypatch.setattr(health, "LEAVING", tmp_path / "leaving")
    assert nobody.get("/livez").status_code == 200
    health.LEAVING.touch()
    answer = nobody.get("/livez")
    assert (answer.status_code, answer.json()["code"]) == (503, "upstream_unavailable")
    # All else it still answers, until nobody asks any more.
    assert nobody.get("/readyz").status_code == 200


def test_being_ready_takes_one_statement(nobody, django_assert_num_queries):
    with django_assert_num_queries(1):
        nobody.get("/readyz")
