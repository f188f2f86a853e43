"""405, HEAD and OPTIONS."""

import pytest

from tests.tokpik.routes import ROUTES, name

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_a_wrong_method_is_a_405_that_names_the_right_ones(client, route):
    for method in [*route.wrong_methods, "OPTIONS", "TRACE", "PROPFIND"]:
        answer = client.generic(method, route.path)
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert answer.json()["message"] == "이 주소에서 쓸 수 없는 메서드입니다."
        allowed = {word.strip() for word in answer["Allow"].split(",")}
        assert allowed == {*route.methods, *({"HEAD"} if "GET" in route.methods else ())}


@pytest.mark.parametrize("route", [route for route in ROUTES if "GET" in route.methods], ids=name)
def test_head_answers_as_get_does_without_a_body(client, route):
    head, get = client.head(route.path), client.get(route.path)
    assert head.status_code == get.status_code
    assert head.content == b""
    assert head["Content-Type"] == get["Content-Type"]


@pytest.mark.parametrize("route", [route for route in ROUTES if "GET" not in route.methods], ids=name)
def test_head_is_a_405_where_get_is(client, route):
    answer = client.head(route.path)
    assert (answer.status_code, "GET" in answer["Allow"]) == (405, False)
