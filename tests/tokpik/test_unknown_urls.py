"""URLs that lead nowhere, and what is asked for in headers and parameters that the service does not heed."""

from typing import Any

import pytest
from django.http import StreamingHttpResponse

from tests.tokpik.routes import ROUTES, name
from tokpik.middleware import ErrorLanguage

NOT_FOUND = {"message": "요청하신 것을 찾을 수 없습니다.", "code": "not_found"}
ACCEPTS = ["text/html", "application/xml", "*/*", "image/png;q=0.1", "nonsense", ""]


def is_not_found(answer):
    assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    assert answer["Content-Type"] == "application/json"


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/nowhere/", "/users/scrap", "/admin", "/static/none.css", "/%FF%00"]
)
def test_an_unknown_url_is_not_found_in_json(nobody, settings, debug, path):
    settings.DEBUG = debug
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
        is_not_found(nobody.generic(method, path))


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_no_path_ends_with_a_slash(client, route):
    for method in ("GET", *route.methods):
        is_not_found(client.generic(method, f"{route.path}/"))


@pytest.mark.parametrize("accept", ACCEPTS)
def test_it_is_json_whatever_accept_says(client, nobody, accept):
    for answer in (
        nobody.get("/nowhere", HTTP_ACCEPT=accept),
        nobody.get("/users/scraps", HTTP_ACCEPT=accept),
        nobody.get("/terms", HTTP_ACCEPT=accept),
        client.get("/users/scraps", HTTP_ACCEPT=accept),
        client.put("/users/scraps", HTTP_ACCEPT=accept),
    ):
        assert answer["Content-Type"] == "application/json"
        assert answer.status_code != 406
        answer.json()


@pytest.mark.parametrize("query", ["format=xml", "format=api", "format=html", "format=json", "format="])
def test_the_format_parameter_means_nothing(client, nobody, query):
    assert client.get(f"/users/scraps?{query}").json() == {"scraps": []}
    assert client.get(f"/users/scraps/1/topics?{query}").status_code == 404
    assert nobody.get(f"/topic-tags?{query}").status_code == 200
    is_not_found(nobody.get(f"/nowhere?{query}"))


def test_errors_stay_korean_whatever_language_is_asked_for(nobody):
    assert nobody.get("/users", HTTP_ACCEPT_LANGUAGE="en").json()["message"] == "로그인이 필요합니다."


def test_too_many_parameters_are_the_clients_own_fault(client):
    scrap = client.post("/users/scraps", {"scrapName": "주말"}, format="json").json()["scrapId"]
    answer = client.get(f"/users/scraps/{scrap}/topics?{'a&' * 1001}a=1")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_stream_that_failed_is_replaced_and_keeps_its_headers(rf):
    """As WhiteNoise answers a POST to a static file."""
    refused: Any = StreamingHttpResponse([], status=405, headers={"Allow": "GET, HEAD"})
    answer = ErrorLanguage(lambda request: refused)(rf.post("/static/app.css"))
    assert (answer.status_code, answer["Allow"], answer["Content-Type"]) == (405, "GET, HEAD", "application/json")
    assert b"method_not_allowed" in answer.content
    assert int(answer["Content-Length"]) == len(answer.content)
