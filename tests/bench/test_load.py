"""The bench's client: what it sends, and what it makes of the answers."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench import load

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
REFUSED = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"


@pytest.fixture
def server():
    """Answers each connection's requests from a list of answers, in pieces; gives the port and what was received."""
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:

        def serve(answers):
            with listener.accept()[0] as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                received = []
                for answer in answers:
                    received.append(connection.recv(65536))
                    for start in range(0, len(answer), 7):
                        connection.sendall(answer[start : start + 7])
                return received

        yield listener.getsockname()[1], lambda answers: pool.submit(serve, answers)


def test_it_waits_for_each_answer_and_counts_what_was_refused(server):
    port, serve = server
    received = serve([OK, REFUSED, OK])
    requests = [load.request(f"/{number}", token="t") for number in range(3)]
    outcome = load.run(port, requests, connections=1)
    assert (len(outcome.latencies), outcome.failed) == (2, 1)
    assert received.result() == requests


def test_a_body_makes_it_a_post():
    sent = load.request("/topics", token="t", body=b"{}")
    assert sent.startswith(b"POST /topics HTTP/1.1\r\n")
    assert sent.endswith(b"Content-Length: 2\r\n\r\n{}")


def test_nothing_is_sent_before_its_time(server):
    port, serve = server
    serve([OK] * 5)
    outcome = load.run(port, [load.request("/", token="t")] * 5, connections=1, rate=10)
    assert outcome.seconds >= 4 / 10


def test_a_server_that_hangs_up_is_no_answer(server):
    port, serve = server
    serve([b"HTTP/1.1 200 OK\r\n"])
    with pytest.raises(ConnectionError):
        load.run(port, [load.request("/", token="t")], connections=1)


def test_percentiles():
    outcome = load.Outcome([float(ms) for ms in range(100, 0, -1)], 0, 1.0)
    assert (outcome.p50, outcome.p95) == (50.5, 96.0)
