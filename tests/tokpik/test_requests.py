"""What is seen of every request: an id on the answer and in each line of the log, a line when it fails or is slow."""

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import httpx2
import pytest
from django.db import DataError, IntegrityError, OperationalError
from django.http import HttpResponse
from django.middleware.common import CommonMiddleware
from django.test import Client

from accounts.authentication import AccessTokenAuthentication
from accounts.models import User
from scraps.views import ScrapViewSet
from tests.tokpik.routes import ROUTES, name
from tokpik import logs, middleware, requests
from tokpik.errors import UpstreamUnavailable
from tokpik.json import Renderer

PATH, ROUTE = "/users/scraps/count", "users/scraps/count"
ELSEWHERE = logging.getLogger("elsewhere")
GIVEN = "0b7f6f3e-3f43-4c62-9d6f-0e6d1c7a2b11"
E_MAIL = "minji@example.com"


def raising(error):
    def broken(*args, **kwargs):
        raise error

    return broken


def has_id(answer):
    assert requests.WELL_FORMED.fullmatch(answer["X-Request-Id"]), answer
    return answer["X-Request-Id"]


@pytest.fixture(params=[True, False], ids=["debug", "no debug"])
def debug(request, settings):
    settings.DEBUG = request.param


@pytest.fixture
def staff(db):
    client = Client()
    client.force_login(User.objects.create_staff(username="staff", password="x", is_superuser=True))
    return client


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_every_answer_carries_an_id(client, nobody, route):
    for method in ("GET", "POST", "OPTIONS", "PROPFIND"):
        assert has_id(client.generic(method, route.path)) != has_id(nobody.generic(method, route.path))


@pytest.mark.usefixtures("debug")
def test_so_do_the_answers_of_every_layer(client, nobody, staff, monkeypatch, settings):
    settings.WHITENOISE_USE_FINDERS, settings.CORS_ALLOWED_ORIGINS = True, ["https://tokpik.example"]
    preflight = {"HTTP_ORIGIN": "https://tokpik.example", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "POST"}
    client.raise_request_exception = False
    answers = [
        (404, nobody.get("/nowhere")),
        (413, client.generic("POST", "/users/scraps", b" " * (2**20 + 1), "application/json")),
        (415, client.generic("POST", "/users/scraps", b"a=b", "text/plain")),
        (400, nobody.get("/topic-tags", HTTP_HOST="evil.example")),
        (200, nobody.options("/login/kakao", **preflight)),
        (200, Client().head("/static/admin/css/base.css")),
        (405, Client().post("/static/admin/css/base.css")),
        (200, staff.get("/admin/topics/topic/")),
        (404, staff.get("/admin/nowhere/")),
        (403, Client(enforce_csrf_checks=True).post("/admin/login/")),
    ]
    monkeypatch.setattr(ScrapViewSet, "count", raising(RuntimeError()))
    answers.append((500, client.get(PATH)))
    monkeypatch.setattr(CommonMiddleware, "process_request", raising(RuntimeError()))
    answers.append((500, client.get(PATH)))
    assert [answer.status_code for _, answer in answers] == [status for status, _ in answers]
    assert len({has_id(answer) for _, answer in answers}) == len(answers)


def test_an_id_is_taken_from_a_proxy_of_ours(nobody, settings):
    settings.TRUSTED_PROXY_HOPS = 1
    for given in (GIVEN, "a" * 8, "Z" * 64):
        assert nobody.get("/livez", HTTP_X_REQUEST_ID=given)["X-Request-Id"] == given


def test_and_from_nobody_else(nobody):
    assert nobody.get("/livez", HTTP_X_REQUEST_ID=GIVEN)["X-Request-Id"] != GIVEN


@pytest.mark.parametrize(
    "given", ["", "a" * 7, "a" * 65, f"{GIVEN}\n", f"{GIVEN}\nforged", "with space", "under_score", "１２３４５６７８"]
)
def test_a_malformed_one_is_replaced(nobody, settings, given):
    settings.TRUSTED_PROXY_HOPS = 1
    assert has_id(nobody.get("/livez", HTTP_X_REQUEST_ID=given)) != given


def test_it_stands_in_every_line_of_the_request_and_in_no_other(client, lines, monkeypatch):
    def crash(*args):
        ELSEWHERE.warning("Within")
        raise RuntimeError

    monkeypatch.setattr(ScrapViewSet, "count", crash)
    ELSEWHERE.warning("Before")
    one, other = has_id(client.get(PATH)), has_id(client.get(PATH))
    ELSEWHERE.warning("After")
    assert [(line["event"], line.get("request_id")) for line in lines()] == [
        ("Before", None),
        ("Within", one),
        ("Failed request", one),
        ("Within", other),
        ("Failed request", other),
        ("After", None),
    ]


@pytest.mark.parametrize("outcome", [HttpResponse, raising(SystemExit())], ids=["an answer", "an end"])
def test_nothing_of_a_request_is_left_on_its_thread(rf, lines, outcome):
    def serve():
        with suppress(SystemExit):
            requests.RequestLog(lambda request: outcome())(rf.get("/"))
        ELSEWHERE.warning("Between")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(serve).result()
        pool.submit(serve).result()
    assert ["request_id" in line for line in lines()] == [False, False]


def test_each_of_several_threads_knows_its_own(rf, lines):
    together = Barrier(8, timeout=60)

    def inner(request):
        together.wait()
        ELSEWHERE.warning(request.path)
        return HttpResponse()

    with ThreadPoolExecutor(8) as pool:
        paths = [f"/{number}" for number in range(8)]
        answers = list(pool.map(lambda path: requests.RequestLog(inner)(rf.get(path)), paths))
    ids = {path: answer["X-Request-Id"] for path, answer in zip(paths, answers, strict=True)}
    assert len(set(ids.values())) == 8
    assert {line["event"]: line["request_id"] for line in lines()} == ids


@pytest.mark.usefixtures("debug")
@pytest.mark.parametrize(
    ("where", "attribute", "route"),
    [
        (ScrapViewSet, "count", ROUTE),
        (AccessTokenAuthentication, "living_user", ROUTE),
        (Renderer, "render", ROUTE),
        (CommonMiddleware, "process_request", requests.UNMATCHED),
    ],
)
def test_a_crash_is_one_line_that_says_where_wherever_it_is(client, lines, monkeypatch, where, attribute, route):
    monkeypatch.setattr(where, attribute, raising(RuntimeError(E_MAIL)))
    client.raise_request_exception = False
    answer = client.get(f"{PATH}?token=s3cret")
    (line,) = lines()
    assert line["request_id"] == answer["X-Request-Id"]
    assert (line["level"], line["method"], line["route"], line["status"]) == ("error", "GET", route, 500)
    assert line["ms"] >= 0
    assert line["error"] == "RuntimeError"
    assert line["exception"].endswith("in broken\n    raise error\nRuntimeError")
    assert not [sent for sent in ("s3cret", E_MAIL, answer.wsgi_request.path) if sent in str(line)]


def test_so_is_one_in_the_words_for_errors(nobody, lines, monkeypatch):
    monkeypatch.setattr(middleware, "in_our_shape", raising(RuntimeError()))
    nobody.raise_request_exception = False
    answer = nobody.get("/nowhere")
    assert [(line["request_id"], line["status"]) for line in lines()] == [(answer["X-Request-Id"], 500)]


def test_a_crash_in_the_console_is_one_line_too(staff, lines, monkeypatch):
    monkeypatch.setattr(User, "has_module_perms", raising(RuntimeError()))
    staff.raise_request_exception = False
    assert staff.get("/admin/").status_code == 500
    (line,) = lines()
    assert (line["route"], line["status"]) == ("admin/", 500)


def test_what_we_need_being_away_is_one_line_without_a_traceback(client, lines, monkeypatch):
    gone = UpstreamUnavailable()
    gone.__cause__ = httpx2.ConnectError("code=s3cret")
    for error, said in [
        (OperationalError("gone"), "OperationalError"),
        (gone, "UpstreamUnavailable from ConnectError"),
    ]:
        monkeypatch.setattr(ScrapViewSet, "count", raising(error))
        assert client.get(PATH).status_code == 503
        line = lines()[-1]
        assert (line["status"], line["error"], "exception" in line) == (503, said, False)
    assert len(lines()) == 2


def test_a_slow_request_is_one_line(client, lines, monkeypatch):
    monkeypatch.setattr(requests, "SLOW_SECONDS", -1)
    topic = "/topics/999999999/related?size=s3cret"
    assert client.get(topic).status_code == 404
    monkeypatch.setattr(ScrapViewSet, "count", raising(RuntimeError()))
    client.get(PATH)
    slow, failed = lines()
    assert (slow["event"], slow["level"]) == ("Slow request", "warning")
    assert (slow["method"], slow["route"], slow["status"]) == ("GET", "topics/<str:topic_id>/related", 404)
    assert failed["event"] == "Failed request"
    assert not [each for each in ("999999999", "s3cret") if each in str(slow)]


@pytest.mark.usefixtures("debug")
def test_an_ordinary_request_leaves_no_line(client, nobody, staff, lines):
    answers = [
        client.get("/users/scraps"),
        client.post("/users/scraps", {}, format="json"),
        nobody.get("/users/scraps"),
        nobody.get("/nowhere?token=s3cret"),
        client.put("/users/scraps"),
        nobody.get("/topic-tags", HTTP_HOST="evil.example"),
        client.get(f"/users/scraps/1/topics?{'a&' * 1001}a=1"),
        Client(enforce_csrf_checks=True).post("/admin/login/"),
        staff.get("/admin/nowhere/"),
    ]
    assert [answer.status_code for answer in answers] == [200, 400, 401, 404, 405, 400, 404, 403, 404]
    assert lines() == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError(f"invalid literal: '{E_MAIL}'"), "ValueError"),
        (KeyError(E_MAIL), "KeyError"),
        (
            IntegrityError(f'violates "unique_email"\nDETAIL:  Key (email)=({E_MAIL}) already exists.'),
            'IntegrityError: violates "unique_email"',
        ),
        (DataError(f'invalid input syntax for type integer: "{E_MAIL}"'), "DataError"),
        (AttributeError("'NoneType' object has no attribute 'pk'"), None),
    ],
)
def test_an_exception_says_nothing_that_was_sent(lines, error, said):
    try:
        try:
            raise error
        except Exception as first:
            raise RuntimeError(E_MAIL) from first
    except RuntimeError:
        ELSEWHERE.exception("It failed")
    (line,) = lines()
    assert E_MAIL not in str(line)
    ends = [part.splitlines()[-1] for part in line["exception"].split("\n\n")]
    assert ends == [said or f"AttributeError: {error}", "RuntimeError"]


def test_exceptions_without_end_are_cut(lines):
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    ELSEWHERE.error("Round and round", exc_info=first)
    assert lines()[0]["exception"].count("Error") == logs.CHAIN_LONGEST


@pytest.mark.parametrize("readable", [True, False])
def test_a_message_stays_on_its_line(readable):
    for breaking in ("\n", "\r", "\x1b[2K", "\u2028", "\x85", "\v"):
        record = logging.LogRecord("elsewhere", logging.INFO, "", 0, "Said: %s", (f"a{breaking}Failed request",), None)
        written = logs.formatter(readable=readable).format(record)
        assert len(written.splitlines()) == 1
        assert breaking not in written


def test_the_readable_form_has_it_all_on_the_line_and_the_traceback_below():
    form = logs.formatter(readable=True)
    extra = {"method": "GET", "route": ROUTE, "status": 500, "ms": 12, "error": "RuntimeError", "request": object()}
    try:
        raise RuntimeError("It went wrong")
    except RuntimeError as error:
        record = ELSEWHERE.makeRecord("elsewhere", 40, "", 0, "Failed", (), (type(error), error, None), extra=extra)
    first, *below = form.format(record).splitlines()
    assert all(part in first for part in ("Failed", "elsewhere", "method=GET", f"route={ROUTE}", "status=500", "ms=12"))
    assert "object at" not in first
    assert below[-1] == "RuntimeError: It went wrong"


@pytest.mark.parametrize(
    ("message", "args", "written"),
    [
        ("Invalid request from ip=10.0.0.1: Invalid HTTP request line: 'GET /?token=s3cret'", (), []),
        ("Error handling request %s %s", ("GET", "/?token=s3cret"), ["Error handling request"]),
        ("Booting worker with pid: %s", (7,), ["Booting worker with pid: 7"]),
        (ValueError("broken"), (), ["broken"]),
    ],
)
def test_the_servers_own_lines_quote_no_request(lines, message, args, written):
    logging.getLogger("gunicorn.error").error(message, *args)
    assert [line["event"] for line in lines()] == written
