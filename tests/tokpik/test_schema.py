"""GET /schema, GET /swagger-ui: what they say is true of every call, and complete."""

import json
import re

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command

from tests.tokpik.routes import CALLS, CALLS_WITH_BODY, ROUTES, name

PAGES = ("/schema", "/swagger-ui", "/metrics")
BEARER = {"not_authenticated", "token_invalid", "token_expired", "session_revoked"}
# Beside what follows from a call's kind.
OF_THEIR_OWN = {
    ("POST", "/login/kakao"): {401: {"kakao_code_rejected", "session_revoked"}},
    ("POST", "/refresh"): {401: {"token_invalid", "token_expired", "session_revoked", "refresh_reused"}},
    ("GET", "/webhooks/kakao/unlink"): {401: {"not_authenticated"}},
    ("POST", "/webhooks/kakao/unlink"): {401: {"not_authenticated"}},
    ("POST", "/users/scraps"): {409: {"quota_reached"}},
    ("POST", "/users/scraps/{scrap_id}/topics/{topic_id}"): {409: {"quota_reached"}},
    ("GET", "/users/scraps/{scrap_id}/topics"): {400: {"invalid"}},
    ("POST", "/users/notifications"): {409: {"quota_reached"}},
    ("GET", "/users/notifications"): {400: {"invalid"}},
}
DOCUMENTED = [(route, method) for route, method in CALLS if route.template not in PAGES]


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    file = tmp_path_factory.mktemp("schema") / "schema.json"
    call_command("spectacular", validate=True, fail_on_warn=True, format="openapi-json", file=str(file))
    return json.loads(file.read_text("utf-8"))


@pytest.fixture
def operation(schema):
    return lambda route, method: schema["paths"][route.template][method.lower()]


def test_it_is_valid_and_raises_no_warning(schema, capsys, tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))
    assert capsys.readouterr().err == ""
    assert schema["openapi"].startswith("3.1")


def test_it_names_every_route_and_method_and_no_other(schema):
    named = {(path, method.upper()) for path, methods in schema["paths"].items() for method in methods}
    assert named == {(route.template, method) for route, method in DOCUMENTED}


@pytest.mark.parametrize(("route", "method"), DOCUMENTED, ids=name)
def test_each_call_has_a_korean_summary_and_a_group(schema, operation, route, method):
    call = operation(route, method)
    assert re.search("[가-힣]", call["summary"])
    assert re.fullmatch("[가-힣 ]+", call["tags"][0])
    assert call["tags"][0] in {tag["name"] for tag in schema["tags"]}
    assert not re.search("[A-Za-z]{3}", call.get("description", "")), "a docstring for developers"


@pytest.mark.parametrize(("route", "method"), DOCUMENTED, ids=name)
def test_security_is_named_where_it_is_needed_and_only_there(operation, route, method):
    assert operation(route, method).get("security") == (None if route.open else [{"accessToken": []}])


SAME_FOR_EVERYBODY = {"/topic-tags", "/place-tags", "/terms", "/policies"}


@pytest.mark.parametrize(("route", "method"), DOCUMENTED, ids=name)
def test_it_names_every_status_and_code(operation, route, method):
    expected: dict[int, set[str]] = {
        200: set(),
        413: {"body_too_large"},
        429: {"throttled"},
        500: {"internal_error"},
        503: {"upstream_unavailable"},
    }
    if not route.open:
        expected[401] = BEARER
    if "{" in route.template:
        expected[404] = {"not_found"}
    if route.body_of(method):
        expected |= {400: {"invalid", "parse_error"}, 415: {"unsupported_media_type"}}
    if route.template in SAME_FOR_EVERYBODY:
        expected[304] = set()
    expected |= OF_THEIR_OWN.get((method, route.template), {})
    found = {int(status): codes(answer) for status, answer in operation(route, method)["responses"].items()}
    assert found == expected


def codes(answer):
    examples = answer.get("content", {}).get("application/json", {}).get("examples", {})
    return {example["value"]["code"] for example in examples.values()}


@pytest.mark.parametrize(("route", "method"), DOCUMENTED, ids=name)
def test_every_failure_is_of_the_one_shape(operation, route, method):
    for status, answer in operation(route, method)["responses"].items():
        if int(status) >= 400:
            media = answer["content"]["application/json"]
            assert media["schema"] == {"$ref": "#/components/schemas/Failure"}
            assert all(set(example["value"]) == {"message", "code"} for example in media["examples"].values())


@pytest.mark.parametrize(("route", "method"), CALLS_WITH_BODY, ids=name)
def test_each_body_is_described_with_the_fields_that_it_takes(schema, operation, route, method):
    body = operation(route, method)["requestBody"]
    assert list(body["content"]) == ["application/json"]
    required = {field for field, kind in route.body_of(method)().fields.items() if kind.required}
    assert body.get("required", False) is bool(required)
    component = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    fields = route.body_of(method)().fields
    assert set(schema["components"]["schemas"][component]["properties"]) == set(fields)
    assert set(schema["components"]["schemas"][component].get("required", [])) == required


@pytest.mark.parametrize(("route", "method"), DOCUMENTED, ids=name)
def test_calls_without_a_body_name_none(operation, route, method):
    assert ("requestBody" in operation(route, method)) == bool(route.body_of(method))


def without_example(schema, part, where):
    """The places under `part` that hold a plain value and no example of it."""
    if "$ref" in part:
        component = part["$ref"].rpartition("/")[2]
        yield from without_example(schema, schema["components"]["schemas"][component], component)
    elif "allOf" in part:
        for each in part["allOf"]:
            yield from without_example(schema, each, where)
    elif "example" in part or "examples" in part:
        return
    elif "properties" in part:
        for field, each in part["properties"].items():
            yield from without_example(schema, each, f"{where}.{field}")
    elif "items" in part:
        yield from without_example(schema, part["items"], f"{where}[]")
    else:
        yield where


@pytest.mark.parametrize(("route", "method"), DOCUMENTED, ids=name)
def test_every_field_and_parameter_has_an_example(schema, operation, route, method):
    call = operation(route, method)
    parts = [media["schema"] for media in call.get("requestBody", {}).get("content", {}).values()]
    for answer in call["responses"].values():
        parts += [media["schema"] for media in answer.get("content", {}).values()]
    missing = [place for part in parts for place in without_example(schema, part, "body")]
    for parameter in call.get("parameters", []):
        missing += [] if "example" in parameter else without_example(schema, parameter["schema"], parameter["name"])
    assert missing == []


def test_an_example_missing_somewhere_is_found():
    schema = {"components": {"schemas": {"A": {"properties": {"list": {"items": {"type": "string"}}}}}}}
    assert list(without_example(schema, {"$ref": "#/components/schemas/A"}, "")) == ["A.list[]"]


def test_a_list_is_one_where_the_answer_is_one(schema):
    def answer(path):
        return schema["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]

    assert answer("/terms")["type"] == "array"
    assert answer("/users/scraps") == {"$ref": "#/components/schemas/ScrapsAnswer"}


def test_void_answers_are_described_as_empty(schema):
    for path, method in [("/users/scraps/{scrap_id}", "delete"), ("/users", "delete"), ("/users/profiles", "post")]:
        assert schema["paths"][path][method]["responses"]["200"] == {"description": "빈 본문"}


def test_it_is_served_to_anybody(nobody):
    answer = nobody.get("/schema")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/vnd.oai.openapi+json")
    assert len(answer.json()["paths"]) == len({route.template for route in ROUTES} - set(PAGES))


@pytest.mark.parametrize("accept", ["text/html", "application/yaml", "nonsense"])
def test_it_is_json_whatever_accept_says(nobody, accept):
    assert nobody.get("/schema?format=yaml", HTTP_ACCEPT=accept).json()["openapi"]


def test_swagger_ui_loads_nothing_from_elsewhere(nobody):
    answer = nobody.get("/swagger-ui")
    page = answer.content.decode()
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    assets = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(assets) >= 4
    assert all(asset.startswith(("/static/drf_spectacular_sidecar/", "/swagger-ui?script")) for asset in assets)
    # Whatever the page's script names beside its tags.
    assert re.findall(r"https?://(?!www\.w3\.org)[^\s\"'<]+", page) == []


def test_the_assets_are_there():
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "swagger-ui-standalone-preset.js", "favicon-32x32.png"):
        assert finders.find(f"drf_spectacular_sidecar/swagger-ui-dist/{asset}")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", ["OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
def test_both_are_only_read(nobody, path, method):
    answer = nobody.generic(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer["Allow"] == "GET, HEAD"
