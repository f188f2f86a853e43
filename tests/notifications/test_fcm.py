"""The connection to FCM and the credential: slow, flaky, dead and forbidding ones."""

import json
from dataclasses import replace
from queue import SimpleQueue
from socket import socket
from threading import Thread
from time import monotonic

import pytest

from notifications import credential, lines, sender
from notifications.credential import Credential, Refused, Unusable
from notifications.fcm import Fcm
from notifications.parcels import Parcel
from notifications.queue import LEASE
from notifications.verdicts import Verdict
from tests.factories import NotificationFactory, PhoneFactory
from tests.fcm import FakeFcm, Reply, refusal
from tests.notifications.conftest import at, due_at, log

SENT = ("sent", "")
SECONDS = 60


@pytest.fixture
def gateway(fcm, tmp_path):
    made = Fcm(credential=Credential(fcm.credentials(tmp_path)), url=fcm.url)
    yield made
    made.close()


def parcel(target="phone", seconds=10.0):
    message = {"message": {"token": target, "webpush": {"notification": {"tag": "1-0"}}}}
    return Parcel(None, 0, "session", target, message, monotonic() + seconds)


def test_a_lease_is_longer_than_a_push_may_take():
    longest = sender.LEAVE_SECONDS + sender.PUSH_SECONDS
    assert longest + 5 <= LEASE.total_seconds() <= 15
    assert lines.CONNECT_SECONDS < sender.PUSH_SECONDS
    assert lines.PACKET_SECONDS < sender.PUSH_SECONDS


def test_a_token_is_fetched_once_and_a_connection_is_kept(gateway, fcm):
    assert [gateway.deliver(parcel()).verdict for _ in range(5)] == [Verdict.SENT] * 5
    assert len(fcm.grants) == 1
    assert fcm.grants[0]["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert fcm.connections == 2, "one for the token, one for the pushes"


def test_one_that_the_server_has_closed_is_made_anew_and_the_push_is_not_late(gateway, fcm):
    assert gateway.deliver(parcel()).verdict is Verdict.SENT
    sock = gateway.lines[0].connection.sock
    fcm.loop.call_soon_threadsafe(lambda: [transport.close() for transport in list(fcm.transports)])
    while not gateway.lines[0].is_stale():
        assert sock.fileno() >= 0
    assert gateway.deliver(parcel()).verdict is Verdict.SENT
    assert len(fcm.pushes) == 2


def test_one_that_was_idle_for_long_is_not_trusted(gateway, fcm, monkeypatch):
    gateway.deliver(parcel())
    monkeypatch.setattr(lines, "IDLE_SECONDS", -1.0)
    gateway.deliver(parcel())
    assert fcm.connections == 3


def test_a_401_renews_the_token_and_the_push_goes_out(reminder, fcm, send):
    fcm.accepted.add("never")
    refused = []

    def refuse_the_first(message):
        if not refused:
            refused.append(message)
            return refusal(401, general="UNAUTHENTICATED")
        return None

    fcm.judge = refuse_the_first
    send("19:00")
    assert log() == [(0, *SENT)]
    assert len(fcm.grants) == 2
    reminder.refresh_from_db()
    assert reminder.tries == 0


def test_a_401_again_stops_the_sender(reminder, fcm, send, caplog):
    fcm.reply = refusal(401, general="UNAUTHENTICATED")
    with pytest.raises(Refused, match="401"):
        send("19:00")
    assert len(fcm.grants) == 2
    assert "The sender stops" in caplog.text
    assert log() == []
    fcm.reply = Reply()
    send("19:01")
    assert log() == [(0, *SENT)]


@pytest.mark.django_db
def test_of_many_401s_at_once_one_renews(fcm, send):
    for _ in range(30):
        PhoneFactory(user=NotificationFactory().scrap.user)
    fcm.judge = lambda message: refusal(401, seconds=0.3) if len(fcm.grants) == 1 else None
    send("19:00")
    assert len(fcm.grants) == 2
    assert [row[1] for row in log()] == ["sent"] * 30


def test_a_missing_permission_stops_the_sender(reminder, fcm, send):
    fcm.reply = refusal(403, general="PERMISSION_DENIED")
    with pytest.raises(Refused, match="does not allow"):
        send("19:00")
    assert log() == []
    assert due_at(reminder) <= at("19:00")


def test_a_refused_credential_stops_the_sender(reminder, fcm, send):
    fcm.grant_reply = Reply(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
    with pytest.raises(Refused, match=r"Google refuses the credential of push@"):
        send("19:00")
    assert (fcm.pushes, log()) == ([], [])
    fcm.grant_reply = None
    send("19:01")
    assert log() == [(0, *SENT)]


PASSING = {
    "500": Reply(500, b"down"),
    "502": Reply(502, b"<html>"),
    "429": Reply(429, b"{}"),
    "html": Reply(200, b"<html>"),
    "cut": Reply(cut=True),
    "torn": Reply(400, {"error": "invalid_grant"}, torn=True),
}


@pytest.mark.parametrize("reply", PASSING.values(), ids=PASSING)
def test_a_token_that_is_not_to_be_had_just_now_is_asked_for_later(reminder, fcm, send, reply):
    fcm.grant_reply = reply
    send("19:00")
    assert (fcm.pushes, log()) == ([], [])
    assert due_at(reminder) == at("19:00:02")
    fcm.grant_reply = None
    send("19:00:02")
    assert log() == [(0, *SENT)]


@pytest.mark.django_db
def test_it_is_not_asked_for_by_every_push(fcm, send):
    for _ in range(30):
        PhoneFactory(user=NotificationFactory().scrap.user)
    fcm.grant_reply = Reply(500, b"down")
    send("19:00")
    assert len(fcm.grants) <= 2


def test_a_slow_answer_is_waited_for(reminder, fcm, send):
    fcm.reply = Reply(seconds=1.5)
    send("19:00")
    assert log() == [(0, *SENT)]
    assert len(fcm.pushes) == 1


@pytest.mark.parametrize("reply", [Reply(seconds=30), Reply(drip=True)], ids=["silent", "dripping"])
def test_one_that_does_not_come_is_given_up_and_tried_again(reminder, fcm, send, monkeypatch, reply):
    monkeypatch.setattr(sender, "PUSH_SECONDS", 0.5)
    fcm.reply = reply
    began = monotonic()
    send("19:00")
    assert monotonic() - began < 20
    assert log() == []
    assert due_at(reminder) == at("19:00:02")
    fcm.reply = Reply()
    send("19:00:02")
    assert log() == [(0, *SENT)]


def test_a_token_that_drips_is_given_up_and_holds_up_no_later_push(reminder, fcm, send, monkeypatch):
    monkeypatch.setattr(sender, "PUSH_SECONDS", 0.5)
    fcm.grant_reply = Reply(drip=True)
    send("19:00")
    assert (fcm.pushes, due_at(reminder)) == ([], at("19:00:02"))
    fcm.grant_reply = None
    send("19:00:02")
    assert log() == [(0, *SENT)]


def test_the_thread_that_waited_for_it_is_free_again(gateway, fcm):
    """Else every later push would wait for its turn in vain."""
    fcm.grant_reply = Reply(drip=True)
    first, answers = parcel(), SimpleQueue()
    Thread(target=lambda: answers.put(gateway.deliver(first)), daemon=True).start()
    while not fcm.grants:
        assert answers.empty()
    first.cut()
    assert answers.get(timeout=SECONDS).verdict is Verdict.AGAIN
    assert not gateway.credential.turn.locked()


def test_many_that_hang_are_given_up_side_by_side_and_all_are_tried_again(fcm, send, monkeypatch, db):
    monkeypatch.setattr(sender, "PUSH_SECONDS", 0.5)
    made = [NotificationFactory() for _ in range(120)]
    for reminder in made:
        PhoneFactory(user=reminder.scrap.user)
    fcm.reply = Reply(seconds=30)
    began = monotonic()
    send("19:00")
    assert monotonic() - began < 20
    assert set(fcm.counts.values()) == {1}
    assert {due_at(reminder) for reminder in made} == {at("19:00:02")}
    fcm.reply = Reply()
    send("19:00:02")
    assert log() == [(0, *SENT)] * 120


@pytest.mark.parametrize("reply", [Reply(), refusal(401), refusal(403), refusal(404, "UNREGISTERED")], ids=repr)
def test_half_an_answer_is_none(gateway, fcm, reply):
    """A 403 without its code would stop the sender."""
    fcm.reply = replace(reply, torn=True)
    assert gateway.deliver(parcel()).verdict is Verdict.AGAIN
    fcm.reply = Reply()
    assert gateway.deliver(parcel()).verdict is Verdict.SENT


def test_a_longer_answer_than_anybody_reads_is_one(gateway, fcm):
    fcm.reply = Reply(200, {"name": "x" * 2 * lines.ANSWER_LONGEST})
    assert [gateway.deliver(parcel()).verdict for _ in range(2)] == [Verdict.SENT] * 2


def test_a_line_is_cut_while_its_own_thread_closes_it():
    """Its socket is there when it is looked at, and gone when it is looked at again."""

    class Closing:
        def __init__(self, sock):
            self.looks = iter([sock])

        @property
        def sock(self):
            return next(self.looks, None)

    line = lines.Line("http://127.0.0.1:9")
    with socket() as sock:
        line.connection = Closing(sock)
        line.cut()
        line.cut()


def test_a_dead_fcm_is_tried_again(reminder, send, monkeypatch):
    monkeypatch.setattr(Fcm, "line", lambda self: lines.Line("http://127.0.0.1:9"))
    send("19:00")
    assert due_at(reminder) == at("19:00:02")


def test_what_may_not_leave_any_more_does_not(gateway, fcm):
    gateway.deliver(parcel())
    assert gateway.deliver(parcel(seconds=0.0)).verdict is Verdict.NOT_SENT
    late = parcel()
    late.settled = True
    assert gateway.deliver(late).verdict is Verdict.NOT_SENT
    assert len(fcm.pushes) == 1


def test_a_redirect_is_not_followed(gateway, fcm):
    fcm.reply = Reply(307, b"", {"Location": f"{fcm.url}/token"})
    assert gateway.deliver(parcel()).verdict is Verdict.AGAIN
    assert len(fcm.grants) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "FileNotFoundError"),
        (b"", "is not a service account"),
        (b"[]", "is not a service account"),
        (b"{}", "is not a service account"),
        (b'{"private_key": "x", "client_email": "a@b", "token_uri": "u"}', "is not a service account"),
    ],
)
def test_a_file_that_is_no_service_account_is_said_in_a_sentence(tmp_path, content, why):
    file = tmp_path / "account.json"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Unusable, match=why):
        Credential(str(file))


def test_one_without_a_project_too(tmp_path):
    with FakeFcm() as fake:
        file = fake.credentials(tmp_path)
    account = json.loads((tmp_path / "service-account.json").read_text())
    (tmp_path / "service-account.json").write_text(json.dumps({**account, "project_id": None}))
    with pytest.raises(Unusable, match="project_id"):
        Credential(file)


def test_a_push_waits_for_another_that_fetches_the_token_but_not_for_ever(gateway):
    with gateway.credential.turn, pytest.raises(credential.Busy):
        gateway.credential.token(seconds=0.01)
    with gateway.credential.turn:
        assert gateway.deliver(parcel(seconds=0.01)).verdict is Verdict.NOT_SENT
