"""Who may call what (contract, Authorisation): every view needs a token unless it names itself open."""

import pytest
from django.test import Client
from rest_framework.test import APIClient

from tests.tokpik.routes import CALLS_WITH_TOKEN, OPEN, ROUTES, name

pytestmark = pytest.mark.django_db
# These want keys of their own (tests/accounts/test_webhook.py, test_metrics.py).
WITH_A_KEY = {"/webhooks/kakao/unlink", "/metrics"}
OPEN_HERE = [route for route in ROUTES if route.open and "GET" in route.methods and route.template not in WITH_A_KEY]
BAD_BEARERS = [
    ("Bearer", "token_invalid"),
    ("Bearer nonsense", "token_invalid"),
    ("Bearer a.b.c", "token_invalid"),
    ("bearer 토큰", "token_invalid"),
    ("Bearer " + "x" * 7000, "token_invalid"),
    ("Basic dXNlcjpwYXNz", "not_authenticated"),
    ("", "not_authenticated"),
]


def refused(answer, code):
    assert (answer.status_code, answer.json()["code"]) == (401, code)
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize(("route", "method"), CALLS_WITH_TOKEN, ids=name)
def test_every_other_call_needs_a_token(nobody, route, method):
    refused(nobody.generic(method, route.path), "not_authenticated")


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.open], ids=name)
@pytest.mark.parametrize("bearer", BAD_BEARERS, ids=lambda pair: pair[0][:20])
def test_a_bad_token_is_refused_everywhere(route, bearer):
    header, code = bearer
    refused(
        APIClient().generic(route.methods[0], route.path, HTTP_AUTHORIZATION=header.encode().decode("latin-1")), code
    )


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.open], ids=name)
def test_without_a_token_a_wrong_method_is_a_401(nobody, route):
    for method in [*route.wrong_methods, "OPTIONS", "TRACE", "PROPFIND"]:
        refused(nobody.generic(method, route.path), "not_authenticated")


@pytest.mark.parametrize("route", OPEN_HERE, ids=name)
def test_open_views_need_none_and_ignore_a_bad_one(nobody, route):
    assert nobody.get(route.path).status_code == 200
    for header, _ in BAD_BEARERS:
        answer = nobody.get(route.path, HTTP_AUTHORIZATION=header.encode().decode("latin-1"))
        assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/login/kakao", "/refresh"])
def test_open_posts_look_at_their_body_and_not_at_the_bearer(nobody, path):
    answer = nobody.post(path, {}, format="json", HTTP_AUTHORIZATION="Bearer nonsense")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert answer["Cache-Control"] == "no-store"


def test_what_names_itself_open_is_open_in_the_contract():
    unlocked = {route.template for route in ROUTES if not getattr(route.view.cls, "authentication_classes", None)}
    assert unlocked <= OPEN
    assert {route.template for route in ROUTES if route.open} == unlocked


@pytest.mark.parametrize(("route", "method"), CALLS_WITH_TOKEN, ids=name)
def test_no_answer_to_a_token_is_stored(client, route, method):
    assert client.generic(method, route.path)["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("route", "method"), CALLS_WITH_TOKEN, ids=name)
def test_no_refusal_of_a_body_is_stored(client, route, method):
    answer = client.generic(method, route.path, b" " * (2**20 + 1), "application/json")
    assert (answer.status_code, answer["Cache-Control"]) == (413, "no-store")


def test_a_token_in_the_address_or_a_cookie_is_none(client):
    elsewhere = Client()
    elsewhere.cookies["Authorization"] = f"Bearer {client.pair.access}"
    refused(elsewhere.get(f"/users/scraps?access_token={client.pair.access}"), "not_authenticated")
