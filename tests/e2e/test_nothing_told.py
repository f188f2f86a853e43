"""A whole run in production, of web, background and sender, with faults: no line of their logs tells of anybody."""

import json
import subprocess
import sys
from contextlib import contextmanager
from time import monotonic, sleep

import psycopg
import pytest
from django.utils import timezone

from notifications.slots import SEOUL
from tests.e2e.conftest import ROOT, SECONDS
from tests.e2e.test_requests_seen import TOKEN_OF_METRICS, call, production, written
from tests.fcm import FakeFcm, Reply, refusal
from tests.kakao import ME, UNLINK
from tests.openai import FakeOpenAI, completion
from tests.openai import Reply as Answer

KAKAO_ID = 6_180_339_887
ACCOUNT = {
    "email": "haneul@example.com",
    "is_email_valid": True,
    "is_email_verified": True,
    "profile": {"nickname": "하늘이", "profile_image_url": "https://photos.example.com/haneul.jpg"},
}
PHONE, LOST_PHONE, TEXT, PATH = "phone-of-haneul", "lost-phone-of-haneul", "하늘이만쓰는말", "path-of-haneul"


@pytest.fixture(scope="module")
def fcm():
    with FakeFcm() as fake:
        yield fake


@contextmanager
def command(environment, log, *words):
    """A process that is told to stop at the block's end, and does."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
        try:
            yield process
            process.terminate()
            assert process.wait(SECONDS) == 0, log.read_text()
        finally:
            process.kill()
            process.wait()


def wait_for(condition):
    deadline = monotonic() + SECONDS
    while not condition():
        assert monotonic() < deadline
        sleep(0.05)


@contextmanager
def without(database_url, table):
    with psycopg.connect(database_url, autocommit=True) as database:
        database.execute(f"ALTER TABLE {table} RENAME TO mislaid")
        yield
        database.execute(f"ALTER TABLE mislaid RENAME TO {table}")


@contextmanager
def refusing(database_url, table):
    """No row may be written, and the database quotes each that it refuses."""
    with psycopg.connect(database_url, autocommit=True) as database:
        database.execute(f"ALTER TABLE {table} ADD CONSTRAINT refusing CHECK (false) NOT VALID")
        yield
        database.execute(f"ALTER TABLE {table} DROP CONSTRAINT refusing")


def sign_in(server, kakao):
    status, _, raw = call(
        server, "POST", "/login/kakao", {"code": kakao.grant({"id": KAKAO_ID, "kakao_account": ACCOUNT})}
    )
    assert status == 200
    return json.loads(raw)


def told_in(log):
    """What the lines say. JSON may write Hangul in escapes; what a command prints is no JSON."""
    lines = log.read_text().splitlines()
    return "\n".join(str(json.loads(line)) if line.startswith("{") else line for line in lines)


def now_due():
    """From this minute on, every ten minutes; a day's last minutes are too few."""
    now = timezone.now().astimezone(SEOUL)
    if now.hour == 23 and now.minute >= 50:
        pytest.skip("too near midnight")
    return {
        "noticeDate": now.date().isoformat(),
        "notificationStartTime": f"{now:%H:%M}",
        "notificationEndTime": "23:59",
        "notificationIntervalMinutes": 10,
    }


AGAIN = """
DELETE FROM notifications_push;
UPDATE notifications_notification SET next_due_at = now(), next_slot = 0, tries = 0
"""


def test_no_log_names_anybody_or_repeats_what_they_sent(environment, service, kakao, fcm, tmp_path, database_url):
    credentials = fcm.credentials(tmp_path)
    live = environment | {"PROFILE": "production", "THROTTLE": "on", "FCM_CREDENTIALS": credentials, "FCM_URL": fcm.url}
    logs = {name: tmp_path / name for name in ("background", "sender")}
    (tmp_path / "web").mkdir()
    kakao.linked.add(KAKAO_ID)
    fcm.answers[LOST_PHONE] = refusal(404, "UNREGISTERED")
    with (
        production(live, tmp_path / "web") as server,
        command(live, logs["background"], "run_background"),
        command(live, logs["sender"], "send_notifications"),
    ):
        lost, pair = sign_in(server, kakao), sign_in(server, kakao)
        access = pair["accessToken"]

        def send(method, path, body=None, status=200, token=access):
            got, _, raw = call(server, method, path, body, token=token)
            assert got == status, raw
            return json.loads(raw) if raw else None

        send("POST", "/users/profiles", {"birth": "1996-03-14", "gender": True, "topicTagIds": [1], "placeTagIds": [1]})
        send("PUT", "/users/notification-token", {"notificationToken": PHONE})
        send("PUT", "/users/notification-token", {"notificationToken": LOST_PHONE}, token=lost["accessToken"])
        send("POST", "/topics", {"includeFilterCondition": True, "talkSituations": [TEXT], "talkMoods": [TEXT]})
        send("POST", "/topics", {"includeFilterCondition": TEXT}, 400)
        send("GET", f"/{PATH}", status=404)
        scrap = send("POST", "/users/scraps", {"scrapName": TEXT})["scrapId"]
        send("POST", f"/users/scraps/{scrap}/topics/1")
        reminder = {"notificationName": TEXT, "scrapId": scrap, "notificationTalkTopicIds": [1], **now_due()}
        send("POST", "/users/notifications", reminder)
        with psycopg.connect(database_url, autocommit=True) as database:
            database.execute(AGAIN)
            wait_for(lambda: {push["token"] for push in fcm.pushes} == {PHONE, LOST_PHONE})
            wait_for(lambda: database.execute("SELECT count(*) FROM notifications_push").fetchone()[0] == 2)
            # One that fails on its way, of which nothing is written down that may come late; then what FCM quotes of
            # one that it refuses.
            for reply in (Reply(cut=True), refusal(400, "INVALID_ARGUMENT", field=f"message.{PHONE}")):
                fcm.answers[PHONE], pushed = reply, len(fcm.pushes)
                database.execute(AGAIN)
                wait_for(lambda pushed=pushed: len(fcm.pushes) > pushed)
        with without(database_url, "notifications_push"):
            wait_for(lambda: "Traceback" in logs["sender"].read_text() or "exception" in logs["sender"].read_text())
        for broken in (without, refusing):
            with broken(database_url, "scraps_scrap"):
                send("POST", "/users/scraps", {"scrapName": f"{TEXT} {broken.__name__}"}, 500)
        send("GET", "/users/export")
        refreshed = send("POST", "/refresh", {"refreshToken": pair["refreshToken"]}, token="")
        send("POST", "/refresh", {"refreshToken": pair["refreshToken"] + "x"}, 401, token="")
        kakao.answers[ME] = (500, {"msg": f"no {KAKAO_ID}"})
        status, _, _ = call(server, "POST", "/login/kakao", {"code": kakao.grant({"id": KAKAO_ID})})
        assert status == 503
        kakao.answers[UNLINK] = (500, {"msg": f"no {KAKAO_ID}"})
        send("DELETE", "/users", token=refreshed["accessToken"])
        wait_for(lambda: kakao.calls_of(UNLINK))
        with without(database_url, "accounts_kakaounlink"):
            wait_for(lambda: "unlinking failed" in logs["background"].read_text())
        kakao.answers.clear()
        with psycopg.connect(database_url, autocommit=True) as database:
            database.execute("UPDATE accounts_kakaounlink SET due_at = now()")
            wait_for(lambda: database.execute("SELECT count(*) FROM accounts_kakaounlink").fetchone()[0] == 0)
        web = written(server)

    told = {"web": told_in(server.log)} | {name: told_in(log) for name, log in logs.items()}
    assert "Failed request" in told["web"]
    secrets = [access, refreshed["accessToken"], pair["refreshToken"], refreshed["refreshToken"], lost["accessToken"]]
    secrets += [secret[-20:] for secret in secrets]
    secrets += [ACCOUNT["email"], "photos.example.com", "하늘이", str(KAKAO_ID), PHONE, LOST_PHONE, TEXT, PATH]
    secrets += ["1996-03-14", TOKEN_OF_METRICS, "s3cret-", "Bearer", "PRIVATE KEY"]
    found = {name: [secret for secret in secrets if secret in text] for name, text in told.items()}
    assert found == {"web": [], "background": [], "sender": []}
    assert all(line["request_id"] for line in web if line["logger"] == "tokpik.requests")


ECHOES = {
    "refused": lambda words: Answer(400, {"error": {"message": words}}),
    "failed": lambda words: Answer(500, words.encode()),
    "no JSON": lambda words: Answer(body=words.encode()),
    "half of it": lambda words: completion(words[:-1]),
    "declined": lambda words: completion("", refusal=words),
    "of no form": lambda words: {"topics": [{"title": words}]},
    "stored": lambda words: completion({"topics": [{"title": words}]}),
}
CALLS_ENDED = "SELECT count(*) FROM topics_modelcall WHERE outcome <> 'under_way'"


def test_nor_what_was_searched_for_or_what_a_model_makes_of_it(environment, service, kakao, tmp_path, database_url):
    log = tmp_path / "background"
    with FakeOpenAI() as model, psycopg.connect(database_url, autocommit=True) as database:
        key, url = "made-up-key-of-the-model", model.url
        own = {"PROFILE": "production", "THROTTLE": "on", "OPENAI_API_KEY": key, "OPENAI_BASE_URL": url}
        live = environment | own
        with production(live, tmp_path) as server, command(live, log, "run_background"):
            access = sign_in(server, kakao)["accessToken"]

            def search(number):
                """Of each time something else, for which nobody waits."""
                database.execute("DELETE FROM topics_modelpause")
                ended = database.execute(CALLS_ENDED).fetchone()[0]
                filters = {"talkSituations": [f"{TEXT} {number}"], "talkPurposes": [f"{number} {TEXT}"]}
                body = {"includeFilterCondition": True, **filters}
                status, _, _ = call(server, "POST", "/topics", body, token=access)
                assert status == 200
                wait_for(lambda: database.execute(CALLS_ENDED).fetchone()[0] > ended)

            for number, echo in enumerate(ECHOES.values()):
                model.always = lambda asked, echo=echo: echo(json.dumps(asked.data, ensure_ascii=False))
                search(number)
            model.always = lambda asked: {"topics": [model.topic(asked, subtitle=f"{TEXT} 이야기를 꺼내 보세요")]}
            search(len(ECHOES))
            assert TEXT in str(database.execute("SELECT * FROM topics_generateditem").fetchall())
            with refusing(database_url, "topics_generateditem"):
                calls = len(model.calls)
                database.execute("UPDATE topics_generationrequest SET status = 'open', due_at = now(), tries = 0")
                wait_for(lambda: len(model.calls) > calls and "IntegrityError" in log.read_text())
    told = told_in(server.log) + told_in(log)
    assert "The model's server refused a call: status 400" in told
    assert [secret for secret in (access, TEXT, key, str(KAKAO_ID), ACCOUNT["email"]) if secret in told] == []
