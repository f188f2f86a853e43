"""What a browser on the client's origin may do and read, and one on another may not."""

import pytest

from scraps.views import ScrapViewSet

ORIGIN = "https://tokpik.example"
ALLOWED = "Access-Control-Allow-Origin"


@pytest.fixture(autouse=True)
def _origin(settings):
    settings.CORS_ALLOWED_ORIGINS = [ORIGIN]


def names(answer, header):
    return {word.strip().lower() for word in answer.get(header, "").split(",")} - {""}


@pytest.fixture
def answers(client, nobody, monkeypatch):
    def each(**extra):
        yield 200, client.get("/users/scraps", **extra)
        yield 200, nobody.get("/topic-tags", **extra)
        yield 400, client.post("/users/scraps", {}, format="json", **extra)
        yield 401, nobody.get("/users/scraps", **extra)
        yield 404, nobody.get("/nowhere", **extra)
        yield 404, client.delete("/users/scraps/NaN", **extra)
        yield 405, client.put("/users/scraps", **extra)
        yield 413, client.generic("POST", "/users/scraps", b" " * (2**20 + 1), "application/json", **extra)
        yield 415, client.generic("POST", "/users/scraps", b"a=b", "text/plain", **extra)
        yield 400, nobody.get("/topic-tags", HTTP_HOST="evil.example", **extra)
        monkeypatch.setattr(ScrapViewSet, "count", lambda self, request: 1 / 0)
        yield 500, client.get("/users/scraps/count", **extra)

    return each


def test_the_clients_origin_may_read_every_answer_and_error(answers):
    for status, answer in answers(HTTP_ORIGIN=ORIGIN):
        assert (answer.status_code, answer.get(ALLOWED)) == (status, ORIGIN)
        assert names(answer, "Access-Control-Expose-Headers") == {"retry-after", "x-request-id"}
        assert "origin" in names(answer, "Vary")
        assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.parametrize("origin", ["https://evil.example", "http://tokpik.example", f"{ORIGIN}.evil.example", "null"])
def test_no_other_origin_may(answers, origin):
    for status, answer in answers(HTTP_ORIGIN=origin):
        assert (answer.status_code, ALLOWED in answer) == (status, False)


@pytest.mark.parametrize("path", ["/users/scraps", "/login/kakao", "/topics/NaN/details", "/users/scraps/1/titles"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_preflight_needs_no_token(nobody, path, method):
    asked = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": method, "HTTP_ORIGIN": ORIGIN}
    answer = nobody.options(path, HTTP_ACCESS_CONTROL_REQUEST_HEADERS="authorization,content-type", **asked)
    assert (answer.status_code, answer[ALLOWED]) == (200, ORIGIN)
    assert method.lower() in names(answer, "Access-Control-Allow-Methods")
    assert names(answer, "Access-Control-Allow-Headers") >= {"authorization", "content-type"}


def test_a_preflight_from_elsewhere_is_promised_nothing(nobody):
    asked = {"HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST", "HTTP_ORIGIN": "https://evil.example"}
    assert ALLOWED not in nobody.options("/users/scraps", **asked)
