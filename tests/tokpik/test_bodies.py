"""What a body may be, of every call that takes one."""

import json
from io import BytesIO

import pytest

from scraps.models import Scrap
from tests.factories import ScrapFactory
from tests.tokpik.routes import CALLS_WITH_BODY, filled, name
from tokpik import middleware
from tokpik.middleware import DROPPED_BYTES

pytestmark = pytest.mark.django_db
LIMIT = 2**20
over_calls = pytest.mark.parametrize(("route", "method"), CALLS_WITH_BODY, ids=name)
MALFORMED = {
    "cut": b'{"code": "a"',
    "a comma too many": b'{"code": "a",}',
    "NaN": b'{"code": NaN}',
    "Infinity": b'{"code": -Infinity}',
    "single quotes": b"{'code': 'a'}",
    "blanks": b"   ",
    "two values": b"{} {}",
    "nested lists": b"[" * 200_000,
    "nested objects": b'{"a":' * 200_000,
    "nested and closed": b"[" * 200_000 + b"]" * 200_000,
    "a lone surrogate": rb'{"code": "\ud800"}',
    "surrogates in the wrong order": rb'{"scrapName": "\udc00\ud800"}',
    "a lone surrogate as a key": rb'{"\ud800": 1}',
    "a raw surrogate": b'{"code": "\xed\xa0\x80"}',
    "latin-1": '{"code": "é"}'.encode("latin-1"),
    "UTF-16": '{"code": "a"}'.encode("utf-16"),
    "a raw NUL": b'{"code": "\x00"}',
    "a form": b"code=a&scrapName=b",
}
NO_OBJECTS = [b"null", b"[]", b'[{"scrapName": "a"}]', b'"scrapName"', b"5", b"0", b"true", b"false", b"1e400", b'""']
OTHER_TYPES = [
    "text/plain",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "application/jsonp",
    "application/merge-patch+json",
    "application/*",
    "*/*",
    "nonsense",
    "",
]


@pytest.fixture
def send(client):
    scrap = ScrapFactory(user=client.user)

    def call(route, method, body, content_type="application/json", **extra):
        return client.generic(method, filled(route.template, scrap_id=scrap.pk), body, content_type, **extra)

    return call


@over_calls
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_json_is_a_parse_error(send, route, method, body):
    answer = send(route, method, body)
    assert (answer.status_code, answer.json()) == (
        400,
        {"message": "요청 본문이 올바른 JSON이 아닙니다.", "code": "parse_error"},
    )


@over_calls
@pytest.mark.parametrize("body", NO_OBJECTS)
def test_a_body_that_is_no_object_is_invalid(send, route, method, body):
    answer = send(route, method, body)
    assert answer.status_code == 400
    if answer.json()["code"] == "parse_error":
        assert body == b"1e400"
        return
    assert answer.json() == {"message": "요청 본문은 JSON 객체여야 합니다.", "code": "invalid"}


@over_calls
def test_an_empty_body_lacks_its_fields(send, route, method):
    required = [field for field, kind in route.body_of(method)().fields.items() if kind.required]
    for body, content_type in [(b"", "application/json"), (b"", ""), (b"{}", "application/json")]:
        answer = send(route, method, body, content_type)
        assert answer.status_code == (400 if required else 200)
        if required:
            assert answer.json() == {"message": dict.fromkeys(required, "필수 항목입니다."), "code": "invalid"}


@over_calls
@pytest.mark.parametrize("content_type", OTHER_TYPES)
def test_another_media_type_is_refused(send, route, method, content_type):
    answer = send(route, method, b"{}", content_type)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@over_calls
@pytest.mark.parametrize(
    "value", [None, 3.5, [], {}, "", " ", "\0", "a\0b", True, 2**63, -(2**63) - 1, 10**40, "글" * 5000]
)
def test_no_value_breaks_it(send, route, method, value):
    fields = route.body_of(method)().fields
    for field in fields:
        # A boolean may be right for one of them; then the others are missing, or it is all that was asked for.
        answer = send(route, method, json.dumps({field: value}))
        assert answer.status_code in (200, 400)
        answer = send(route, method, json.dumps({field: [value]}))
        assert answer.status_code in (200, 400)
        if answer.status_code == 400:
            assert set(answer.json()["message"]) <= set(fields)
            assert all(isinstance(sentence, str) for sentence in answer.json()["message"].values())


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON ;x=y"]
)
def test_json_may_name_its_charset(client, content_type):
    answer = client.generic("POST", "/users/scraps", '{"scrapName": "주말"}', content_type)
    assert answer.status_code == 200


def test_of_equal_keys_the_last_counts_and_unknown_ones_are_ignored(client):
    body = '{"scrapName": "먼저", "scrapName": "나중", "scrapId": 1, "user": 5}'
    answer = client.generic("POST", "/users/scraps", body, "application/json")
    assert Scrap.objects.get(pk=answer.json()["scrapId"]).name == "나중"
    assert Scrap.objects.get().user == client.user


def test_a_body_of_exactly_a_mebibyte_is_read(client):
    body = b'{"scrapName": "x"}'.ljust(LIMIT)
    assert client.generic("POST", "/users/scraps", body, "application/json").status_code == 200


@pytest.mark.parametrize("path", ["/users/scraps", "/login/kakao", "/users/scraps/1/topics/1", "/topic-tags"])
def test_one_byte_more_is_refused(client, path):
    body = b'{"scrapName": "x"}'.ljust(LIMIT + 1)
    answer = client.generic("POST", path, body, "application/json")
    assert (answer.status_code, answer.json()) == (
        413,
        {"message": "요청 본문은 1MiB를 넘을 수 없습니다.", "code": "body_too_large"},
    )


def chunked(body):
    """What a server hands on of a chunked body: its bytes, and no length."""
    return {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "Chunked"}


@pytest.mark.parametrize(("length", "status"), [(18, 200), (LIMIT, 200), (LIMIT + 1, 413), (3 * LIMIT, 413)])
def test_a_chunked_body_is_read_and_bounded_too(client, length, status):
    extra = chunked(b'{"scrapName": "x"}'.ljust(length))
    answer = client.generic("POST", "/users/scraps", b"", "application/json", **extra)
    assert answer.status_code == status
    assert extra["wsgi.input"].read() == b""


def test_an_empty_chunked_body_is_empty(client):
    answer = client.generic("POST", "/users/scraps", b"", "application/json", **chunked(b""))
    assert answer.json() == {"message": {"scrapName": "필수 항목입니다."}, "code": "invalid"}


class Broken(BytesIO):
    def read(self, size=-1):
        raise ValueError("invalid chunk size")


def test_malformed_chunks_are_a_parse_error_and_only_where_a_body_is_read(client, nobody):
    extra = {**chunked(b""), "wsgi.input": Broken()}
    answer = client.generic("POST", "/users/scraps", b"", "application/json", **extra)
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
    assert nobody.generic("POST", "/users/scraps", b"", "application/json", **extra).status_code == 401
    assert client.generic("GET", "/users/scraps", b"", "application/json", **extra).status_code == 200


def test_what_nobody_reads_of_a_body_is_read_and_dropped(nobody):
    for path in ("/users/scraps", "/nowhere", "/topic-tags"):
        unread = BytesIO(b" " * 5000)
        nobody.generic("POST", path, b"", "application/json", **{"wsgi.input": unread, "CONTENT_LENGTH": "5000"})
        assert unread.tell() == 5000


class Endless(BytesIO):
    """A body of which there is always more; it is never asked for all at once."""

    taken = 0

    def __init__(self, most):
        super().__init__()
        self.most = most

    def read(self, size=-1):
        assert 0 < size <= LIMIT + 1
        assert self.taken <= 2 * DROPPED_BYTES
        self.taken += min(size, self.most)
        return b" " * min(size, self.most)


def test_of_a_chunked_body_without_an_end_little_is_held_and_not_much_dropped(client, nobody):
    for who, path, status in ((client, "/users/scraps", 413), (nobody, "/nowhere", 404)):
        endless = Endless(most=LIMIT + 1)
        extra = {**chunked(b""), "wsgi.input": endless}
        assert who.generic("POST", path, b"", "application/json", **extra).status_code == status
        assert DROPPED_BYTES <= endless.taken <= DROPPED_BYTES + LIMIT + 1


def test_a_body_that_trickles_in_is_dropped_for_a_while_only(nobody, monkeypatch):
    monkeypatch.setattr(middleware, "DROPPED_SECONDS", 0)
    endless = Endless(most=1)
    nobody.generic("POST", "/nowhere", b"", "application/json", **{**chunked(b""), "wsgi.input": endless})
    assert endless.taken == 1
