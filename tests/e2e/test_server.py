"""What only a real server shows: chunks, lengths, connections that are kept, and what it answers itself."""

import http.client
import json
import socket
import subprocess
import sys

import pytest

from tests.e2e.conftest import GUNICORN, ROOT, SECONDS, answer

LIMIT = 2**20
JSON = {"Content-Type": "application/json"}
LOGIN = "/login/kakao"
REFUSED_CODE = b'{"code": "unknown"}'


@pytest.fixture
def connection(service):
    opened = service.connect()
    yield opened
    opened.close()


def code(body):
    return json.loads(body)["code"]


def read_answer(opened):
    """One answer from a connection that was written to by hand."""
    response = http.client.HTTPResponse(opened)
    response.begin()
    return response.status, response.headers, response.read()


def next_answer(stream):
    """Status and body of one of several answers in a row."""
    status = int(stream.readline().split()[1])
    return status, stream.read(int(http.client.parse_headers(stream)["Content-Length"]))


def chunks(*pieces):
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def head(method="POST", path=LOGIN, **headers):
    named = {"Host": "127.0.0.1", "Content-Type": "application/json", **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name.replace('_', '-')}: {value}" for name, value in named.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def still_answers(connection):
    """The same connection, or where the server closed it a new one, gives the right answer to the next request."""
    status, _, body = answer(connection, "GET", "/livez")
    assert (status, json.loads(body)) == (200, {"status": "ok"})


def test_a_chunked_body_is_read(connection):
    pieces = iter([b'{"code": ', b'"unknown"}'])
    status, _, body = answer(connection, "POST", LOGIN, body=pieces, headers=JSON, encode_chunked=True)
    assert (status, code(body)) == (401, "kakao_code_rejected")
    still_answers(connection)


@pytest.mark.parametrize("length", [LIMIT + 1, 20 * LIMIT])
def test_a_chunked_body_that_is_too_large_is_refused(connection, length):
    pieces = (b" " * min(2**16, length - start) for start in range(0, length, 2**16))
    status, headers, body = answer(connection, "POST", LOGIN, body=pieces, headers=JSON, encode_chunked=True)
    assert (status, code(body), headers["Content-Type"]) == (413, "body_too_large", "application/json")
    still_answers(connection)


@pytest.mark.parametrize("path", [LOGIN, "/users/scraps", "/nowhere"])
def test_malformed_chunks_get_an_answer_and_spoil_nothing(service, path):
    expected = {
        LOGIN: (400, "parse_error"),
        "/users/scraps": (401, "not_authenticated"),
        "/nowhere": (404, "not_found"),
    }
    for body in (b"zz\r\n{}\r\n0\r\n\r\n", b"2\r\n{}garbage\r\n0\r\n\r\n", b"-2\r\n{}\r\n0\r\n\r\n"):
        with service.send(head(path=path, Transfer_Encoding="chunked") + body) as opened:
            status, _, body = read_answer(opened)
            assert (status, code(body)) == expected[path]
            # Where the next request begins nobody knows: nothing more may come over this connection.
            assert opened.recv(1) == b""


REFUSED_BY_THE_SERVER = {
    "a line that is too long": (b"GET /topics?" + b"x" * 9000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414),
    "no such line": (b"<script>alert(1)</script>\r\n\r\n", 400),
    "a header without a colon": (b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nquoted\r\n\r\n", 400),
    "a header that is too long": (head("GET", "/livez", X_Long="x" * 9000), 431),
    "too many headers": (head("GET", "/livez", **{f"X_{number}": "x" for number in range(200)}), 431),
    "two lengths": (head(Content_Length="2", **{"content-length": "3"}) + b"{}", 400),
    "a negative length": (head(Content_Length="-1"), 400),
    "a superscript length": (b"POST /login/kakao HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \xb2\r\n\r\n", 400),
}


@pytest.mark.parametrize("why", REFUSED_BY_THE_SERVER)
def test_what_never_reaches_the_service_is_refused_in_its_language_and_quoted_nowhere(service, connection, why):
    raw, expected = REFUSED_BY_THE_SERVER[why]
    with service.send(raw) as opened:
        status, headers, body = read_answer(opened)
        assert (status, code(body), headers["Content-Type"]) == (expected, "invalid", "application/json")
        assert json.loads(body)["message"] == "요청이 올바르지 않습니다."
        assert (headers["Cache-Control"], headers["Connection"]) == ("no-store", "close")
    still_answers(connection)


def test_raw_letters_in_a_path_harm_nobody(service, connection):
    with service.send("GET /주제 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()) as opened:
        assert read_answer(opened)[0] in (400, 404)
    still_answers(connection)


def test_a_line_of_eight_thousand_bytes_is_read(connection):
    assert answer(connection, "GET", f"/livez?{'x' * 8000}")[0] == 200


def test_chunks_that_end_early_harm_nobody(service, connection):
    with service.send(head(Transfer_Encoding="chunked") + b'9\r\n{"cod') as opened:
        opened.shutdown(socket.SHUT_WR)
        assert read_answer(opened)[0] == 400
    with service.send(head(Content_Length="50") + b'{"code": "unkn') as opened:
        opened.shutdown(socket.SHUT_WR)
        assert read_answer(opened)[0] == 400
    still_answers(connection)


@pytest.mark.parametrize("path", [LOGIN, "/users/scraps", "/nowhere"])
def test_a_large_body_is_refused_and_the_connection_stays_good(connection, path):
    expected = (404, "not_found") if path == "/nowhere" else (413, "body_too_large")
    status, headers, body = answer(connection, "POST", path, body=b" " * (20 * LIMIT), headers=JSON)
    assert (status, code(body), headers["Content-Type"]) == (*expected, "application/json")
    kept = connection.sock
    still_answers(connection)
    assert connection.sock is kept


@pytest.mark.parametrize("size", [10, 70_000, LIMIT])
def test_after_a_401_whose_body_nobody_read_the_connection_stays_good(connection, size):
    status, _, body = answer(connection, "POST", "/users/scraps", body=b"x" * size, headers=JSON)
    assert (status, code(body)) == (401, "not_authenticated")
    kept = connection.sock
    still_answers(connection)
    assert connection.sock is kept


def test_a_body_of_exactly_a_mebibyte_is_read(connection):
    status, _, body = answer(connection, "POST", LOGIN, body=REFUSED_CODE.ljust(LIMIT), headers=JSON)
    assert (status, code(body)) == (401, "kakao_code_rejected")


def test_pipelined_requests_are_answered_in_order(service):
    login = head(Content_Length=str(len(REFUSED_CODE))) + REFUSED_CODE
    chunked = head(Transfer_Encoding="chunked") + chunks(b'{"code": ', b"null}")
    refused = head(path="/users/scraps", Content_Length="5") + b"GET /"
    last = head("GET", "/livez", Connection="close")
    everything = login + chunked + refused + head("GET", "/nowhere") + last
    with service.send(everything) as opened, opened.makefile("rb") as stream:
        answers = [next_answer(stream) for _ in range(5)]
    assert [status for status, _ in answers] == [401, 400, 401, 404, 200]
    assert [code(body) for _, body in answers[:4]] == [
        "kakao_code_rejected",
        "invalid",
        "not_authenticated",
        "not_found",
    ]


def test_a_deeply_nested_body_is_a_parse_error(connection):
    for body in (b"[" * 200_000, b'{"a":' * 200_000):
        status, _, answered = answer(connection, "POST", LOGIN, body=body, headers=JSON)
        assert (status, code(answered)) == (400, "parse_error")


def test_head_sends_no_body(connection):
    for path, expected in [("/terms", 200), ("/users/scraps", 401), ("/nowhere", 404)]:
        status, _, body = answer(connection, "HEAD", path)
        assert (status, body) == (expected, b"")
    still_answers(connection)


def test_a_body_is_asked_for_when_the_client_waits_to_send_it(service):
    with service.send(head(Content_Length=str(len(REFUSED_CODE)), Expect="100-continue")) as opened:
        assert opened.recv(4096).startswith(b"HTTP/1.1 100")
        opened.sendall(REFUSED_CODE)
        assert read_answer(opened)[0] == 401


def test_browsers_may_read_what_the_server_answers(connection):
    headers = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    status, answered, _ = answer(connection, "OPTIONS", LOGIN, headers=headers)
    assert (status, answered["Access-Control-Allow-Origin"]) == (200, "http://localhost:3000")
    _, answered, _ = answer(connection, "POST", LOGIN, body=b" " * (LIMIT + 1), headers={**JSON, **headers})
    assert answered["Access-Control-Allow-Origin"] == "http://localhost:3000"


def test_nothing_of_this_is_a_crash(service, connection):
    answer(connection, "POST", LOGIN, body=b"[" * 200_000, headers=JSON)
    assert "Traceback" not in service.log.read_text()


def test_a_broken_configuration_ends_the_server_with_a_sentence(environment):
    broken = {**environment, "KAKAO_ADMIN_KEY": ""}
    outcome = subprocess.run(
        [sys.executable, *GUNICORN, "-b", "127.0.0.1:0"],
        cwd=ROOT,
        env=broken,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert outcome.returncode != 0
    assert "KAKAO_ADMIN_KEY is not set" in outcome.stderr


@pytest.mark.parametrize("charset", ["base64", "hex", "zip", "rot13", "idna", "utf-16", "euc-kr", "none"])
def test_a_charset_that_cannot_decode_the_query_does_no_harm(connection, charset):
    """Django decodes the query by the charset that the Content-Type names, before any middleware runs."""
    headers = {"Content-Type": f"application/json; charset={charset}"}
    assert answer(connection, "GET", "/livez?x=1", headers=headers)[0] == 200
    status, _, body = answer(connection, "POST", f"{LOGIN}?x=1", body='{"code": "글"}'.encode(), headers=headers)
    assert (status, code(body)) in [(401, "kakao_code_rejected"), (503, "upstream_unavailable")]
