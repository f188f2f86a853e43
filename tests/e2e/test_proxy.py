"""The proxy of compose.yaml, by the file that it ships: slow clients hold a connection there, never a thread."""

import json
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic, sleep

import pytest

from tests.e2e.conftest import SECONDS, answer, serving
from tests.e2e.proxy import ORIGINS, caddy, connect, free_port, open_tls

# Two workers of four threads each.
THREADS = 8
SERVED_WITHIN = 3.0


@pytest.fixture(scope="module")
def behind(environment, service, tmp_path_factory):
    """The service as it runs in production, one proxy in front."""
    variables = environment | {"TRUSTED_PROXY_HOPS": "1", "ALLOWED_HOSTS": "localhost", "PROFILE": "production"}
    del variables["THROTTLE"]
    variables["LOGINS_A_MINUTE"] = "3"
    with serving(variables, tmp_path_factory.mktemp("behind") / "log") as running:
        yield running


@pytest.fixture(scope="module")
def proxy(behind, tmp_path_factory):
    """The port of a Caddy that runs the shipped file."""
    with caddy(behind.port, tmp_path_factory.mktemp("caddy")) as port:
        yield port


def is_served(port):
    with closing(connect(port)) as connection:
        return answer(connection, "GET", "/livez")[0] == 200


UNFINISHED = {
    "header": b"GET /topic-tags HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
    "body": b"POST /login/kakao HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 1000\r\n\r\n{"code": "',
    "chunked body": b"POST /login/kakao HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Transfer-Encoding: chunked\r\n\r\n9\r\n{"code": \r\n',
}


@pytest.mark.parametrize("slow", UNFINISHED)
def test_as_many_slow_clients_as_threads_keep_nobody_waiting(proxy, slow):
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(open_tls(proxy))) for _ in range(2 * THREADS)]
        for client in clients:
            client.sendall(UNFINISHED[slow])
        for _ in range(20):
            with closing(connect(proxy)) as connection:
                began = monotonic()
                assert answer(connection, "GET", "/topic-tags")[0] == 200
                assert monotonic() - began < SERVED_WITHIN
            for client in clients:
                client.sendall(b"x" if slow != "chunked body" else b"1\r\nx\r\n")


def test_slow_readers_neither(proxy):
    """Whoever asks for the longest answer and does not read it."""
    asked = b"GET /schema HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with ExitStack() as stack:
        for _ in range(2 * THREADS):
            client = stack.enter_context(closing(open_tls(proxy)))
            client.sendall(asked * 20)
        for _ in range(10):
            with closing(connect(proxy)) as connection:
                began = monotonic()
                assert answer(connection, "GET", "/topic-tags")[0] == 200
                assert monotonic() - began < SERVED_WITHIN


def test_a_body_that_is_too_large_is_a_413_of_ours_however_it_is_sent(proxy):
    for length, chunked in ((2**20 + 1, False), (2**20 + 1, True)):
        body = (b" " * 2**16 for _ in range(17)) if chunked else b" " * length
        with closing(connect(proxy)) as connection:
            status, _, said = answer(
                connection,
                "POST",
                "/login/kakao",
                body=body,
                headers={"Content-Type": "application/json"},
                encode_chunked=chunked,
            )
        assert (status, json.loads(said)["code"]) == (413, "body_too_large")


@pytest.mark.parametrize("chunked", [False, True])
def test_twenty_megabytes_end_at_the_proxy(proxy, chunked):
    piece = b" " * 2**16
    with closing(open_tls(proxy)) as client:
        kind = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % (20 * 2**20)
        client.sendall(b"POST /login/kakao HTTP/1.1\r\nHost: localhost\r\n" + kind + b"\r\n\r\n")
        try:
            for _ in range(320):
                client.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        except OSError:
            pass  # it was refused before all was sent
        client.settimeout(SECONDS)
        try:
            said = client.recv(4096)
        except OSError:
            said = b""
    assert said == b"" or said.startswith(b"HTTP/1.1 413"), said
    assert is_served(proxy)


@pytest.mark.parametrize(
    ("path", "megabytes", "passes"),
    [
        ("/admin/topics/topic/import/", 10, True),
        ("/admin/topics/topic/import/", 13, False),
        ("/admin/login/", 2, False),
    ],
)
def test_sheets_of_the_console_may_be_larger_than_other_bodies(proxy, path, megabytes, passes):
    with closing(connect(proxy)) as connection:
        status, _, _ = answer(connection, "POST", path, body=b" " * (megabytes * 2**20))
    assert status == (403 if passes else 413)


def test_what_it_refuses_by_itself_is_worded_as_ours_and_readable_from_elsewhere(proxy):
    with closing(connect(proxy)) as connection:
        headers = {"Content-Type": "application/json", "Origin": ORIGINS[0]}
        status, headers, said = answer(connection, "POST", "/login/kakao", body=b" " * 1_600_000, headers=headers)
    assert (status, json.loads(said)["code"]) == (413, "body_too_large")
    assert headers.get_all("Access-Control-Allow-Origin") == [ORIGINS[0]]
    assert headers["X-Request-Id"]


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """One with nobody behind it, that refuses two paths by itself."""
    refusing = "error /bad 400\nerror /teapot 418\nerror /broken 500\n"
    with caddy(free_port(), tmp_path_factory.mktemp("alone"), patience="100ms", more=refusing) as port:
        yield port


def refused(port, path, **headers):
    with closing(connect(port)) as connection:
        status, headers, said = answer(connection, "GET", path, headers=headers)
    return status, headers, json.loads(said)


def test_without_a_web_server_it_says_so_as_we_would(alone):
    status, headers, said = refused(alone, "/topic-tags")
    assert status in (502, 503)
    assert said == {
        "message": "필요한 서비스가 지금 응답하지 않습니다. 잠시 뒤 다시 시도해 주세요.",
        "code": "upstream_unavailable",
    }
    assert headers["Retry-After"] == "5"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("origin", ORIGINS)
def test_the_clients_origins_may_read_what_it_says_by_itself(alone, origin):
    _, headers, _ = refused(alone, "/topic-tags", Origin=origin)
    assert headers.get_all("Access-Control-Allow-Origin") == [origin]
    assert headers["Access-Control-Expose-Headers"] == "Retry-After, X-Request-Id"
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://evil.example", f"{ORIGINS[1]}.evil.example", "null", "", None])
def test_no_other_origin_may(alone, origin):
    _, headers, _ = refused(alone, "/topic-tags", **({} if origin is None else {"Origin": origin}))
    assert not [name for name in headers if name.lower().startswith("access-control-")]
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("/bad", 400, "invalid"), ("/teapot", 418, "invalid"), ("/broken", 500, "internal_error")],
)
def test_what_a_client_did_wrong_is_not_called_a_fault_of_ours(alone, path, status, code):
    answered, headers, said = refused(alone, path)
    assert (answered, said["code"]) == (status, code)
    assert "Retry-After" not in headers


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_was_handed_over_is_not_sent_twice(method, tmp_path):
    """To one that takes a request and hangs up; that it was not done nobody knows."""
    taken = []

    class HangsUp(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/livez":
                self.send_response(200)
                self.end_headers()
            else:
                taken.append(self.path)

        do_POST = do_GET

        def log_message(self, *line):
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), HangsUp) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        with caddy(server.server_port, tmp_path, patience="2s") as port, closing(connect(port)) as connection:
            del taken[:]  # the look whether it listens
            status = answer(connection, method, "/users/scraps", body=b"{}" if method == "POST" else None)[0]
        server.shutdown()
    assert (status, len(taken)) == (502, 1)


def test_it_says_who_asks_and_by_which_scheme(proxy):
    """No redirect to HTTPS, HSTS, and an id that no client chooses."""
    with closing(connect(proxy)) as connection:
        status, headers, _ = answer(connection, "GET", "/topic-tags", headers={"X-Request-Id": "chosen-by-a-client"})
    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert headers["X-Request-Id"] not in (None, "chosen-by-a-client")


def test_nobody_chooses_the_address_that_limits_count(proxy):
    statuses = []
    for number in range(5):
        headers = {"Content-Type": "application/json", "X-Forwarded-For": f"192.0.2.{number}"}
        with closing(connect(proxy)) as connection:
            statuses.append(answer(connection, "POST", "/login/kakao", body=b'{"code": "x"}', headers=headers)[0])
    assert statuses == [401, 401, 401, 429, 429]


def test_plain_http_past_the_proxy_is_sent_to_https(behind):
    with closing(behind.connect()) as connection:
        status, headers, _ = answer(connection, "GET", "/topic-tags", headers={"Host": "localhost"})
    assert (status, headers["Location"]) == (301, "https://localhost/topic-tags")


def test_probes_and_prometheus_ask_past_the_proxy_by_plain_http(behind):
    with closing(behind.connect()) as connection:
        statuses = [answer(connection, "GET", path)[0] for path in ("/livez", "/readyz", "/metrics")]
    assert statuses == [200, 200, 401]


def test_its_own_log_names_no_client(proxy, tmp_path_factory):
    with closing(connect(proxy)) as connection:
        answer(connection, "GET", "/topic-tags", headers={"Authorization": "Bearer secret-of-somebody"})
    log = next(tmp_path_factory.getbasetemp().glob("caddy*/log"))
    deadline = monotonic() + SECONDS
    while "/topic-tags" not in log.read_text():
        assert monotonic() < deadline
        sleep(0.05)
    assert "secret-of-somebody" not in log.read_text()
    # Of somebody who has gone without reading, too.
    assert '"remote_ip"' not in log.read_text()
    assert '"X-Forwarded-For"' not in log.read_text()
