"""manage.py send_notifications, as processes of their own: several side by side, killed, stopped, misconfigured."""

import os
import re
import signal
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Session
from accounts.services import delete_user
from accounts.sessions import end_all_sessions
from notifications.models import Notification, Push
from notifications.sender import LEAVE_SECONDS, MOST
from notifications.slots import SEOUL
from scraps.models import Scrap
from tests import processes
from tests.factories import NotificationFactory, PhoneFactory, ScrapFactory, TopicFactory, UserFactory
from tests.fcm import Reply, refusal
from tests.notifications.conftest import at, log
from topics.models import Topic

SECONDS = 90
COMMAND = ("manage.py", "send_notifications")


@pytest.fixture
def start(fcm, tmp_path, monkeypatch):
    """Starts a sender; all are gone at the end."""
    with ExitStack() as stack:

        def started(*arguments, **variables):
            monkeypatch.setenv("FCM_CREDENTIALS", fcm.credentials(tmp_path))
            monkeypatch.setenv("FCM_URL", fcm.url)
            for name, value in variables.items():
                monkeypatch.setenv(name, value)
            process = stack.enter_context(processes.start(*COMMAND, *arguments))
            stack.callback(process.kill)
            return process

        yield started


def once(clock="19:00"):
    return ("--once", "--now", f"2090-03-14T{clock}+09:00")


def ended(process, status=0):
    said, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == status, said
    return said


def wait_for(condition):
    deadline = monotonic() + SECONDS
    while not condition():
        assert monotonic() < deadline
        sleep(0.02)


def hand_over(user):
    """Each phone of theirs is somebody else's, at the same push target."""
    other = UserFactory()
    for phone in Session.objects.filter(user=user):
        Session.objects.filter(pk=phone.pk).update(push_target="", push_target_hash=None)
        PhoneFactory(user=other, push_target=phone.push_target)


def people(count, phones=1, **fields):
    """So many reminders of as many people, quickly."""
    topic = TopicFactory()
    made = []
    for _ in range(count):
        user = UserFactory()
        made.append(NotificationFactory(scrap=ScrapFactory(user=user), topic_ids=[topic.pk], **fields))
        for _ in range(phones):
            PhoneFactory(user=user)
    return made


def now_due():
    """The window of a reminder that was due a moment ago."""
    now = timezone.now().astimezone(SEOUL)
    if now.hour == 23 and now.minute >= 58:
        pytest.skip("no slot before midnight that could be due now")
    start = now.replace(second=0, microsecond=0)
    return {
        "date": start.date(),
        "start": start.time(),
        "end": (start + timedelta(minutes=1)).time(),
        "interval_minutes": 20,
        "created_at": start - timedelta(days=1),
    }


@pytest.mark.django_db(transaction=True)
def test_once_pushes_what_is_due_tells_it_in_a_line_and_ends(start, fcm):
    people(3)
    assert ended(start(*once())) == "sent 3\n"
    assert ended(start(*once())) == ""
    assert len(fcm.pushes) == 3


@pytest.mark.django_db(transaction=True)
def test_two_race_over_300_reminders_and_push_each_slot_once(start, fcm):
    people(300)
    fcm.reply = Reply(seconds=0.03)
    senders = [start(*once()) for _ in range(2)]
    for sender in senders:
        ended(sender)
    assert len(fcm.counts) == 300
    assert set(fcm.counts.values()) == {1}
    assert Push.objects.filter(outcome="sent").count() == Push.objects.count() == 300


def heeds_sigterm(process):
    """Whether it has come so far as to handle the signal: one of two may push all before the other has started."""
    [caught] = re.findall(r"SigCgt:\s*(\w+)", Path(f"/proc/{process.pid}/status").read_text())
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.django_db(transaction=True)
def test_two_that_run_for_ever_do_so_too_and_stop_when_told(start, fcm):
    people(300, **now_due())
    fcm.reply = Reply(seconds=0.03)
    senders = [start() for _ in range(2)]
    wait_for(lambda: Push.objects.count() == 300 and all(map(heeds_sigterm, senders)))
    for sender, number in zip(senders, (signal.SIGTERM, signal.SIGINT), strict=True):
        sender.send_signal(number)
    said = [ended(sender) for sender in senders]
    assert "Traceback" not in "".join(said)
    assert sum(int(line.removeprefix("sent ")) for line in said if line) == 300
    assert set(fcm.counts.values()) == {1}
    assert Push.objects.filter(outcome="sent").count() == 300


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("pushes", "phones"), [(0, 1), (1, 1), (60, 1), (60, 20), (130, 1)])
def test_one_that_is_killed_loses_no_slot_and_repeats_few(start, fcm, pushes, phones):
    people(200 // phones, phones)
    expected = 200 // phones * phones
    fcm.reply = Reply(seconds=0.05)
    killed = start(*once())
    wait_for(lambda: len(fcm.pushes) >= pushes if pushes else len(fcm.grants) >= 1)
    killed.kill()
    killed.wait(SECONDS)
    written = Push.objects.count()
    before = len(fcm.pushes)
    assert before - written <= MOST
    # Leases count on the moment that was given: at the same one, what the killed one held is still its own.
    ended(start(*once()))
    ended(start(*once("19:00:16")))
    assert len(fcm.counts) == expected
    assert len(fcm.pushes) - expected <= MOST
    assert set(fcm.counts.values()) <= {1, 2}
    assert Push.objects.filter(outcome="sent").count() == Push.objects.count() == expected


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGTERM, signal.SIGINT, signal.SIGTERM]], ids=len)
def test_being_told_to_stop_it_finishes_what_is_under_way(start, fcm, signals):
    people(120, **now_due())
    fcm.reply = Reply(seconds=1.0)
    sender = start()
    assert fcm.received.wait(SECONDS)
    for number in signals:
        sender.send_signal(number)
    said = ended(sender)
    pushed = len(fcm.pushes)
    assert 1 <= pushed <= MOST
    assert set(fcm.counts.values()) == {1}
    assert Push.objects.count() == pushed
    assert said == f"sent {pushed}\n"
    # What it had claimed and not sent is due again at once.
    assert Notification.objects.filter(next_due_at__lte=timezone.now()).count() == 120 - pushed


@pytest.mark.django_db(transaction=True)
def test_idle_it_is_two_seconds_late_at_most(start, fcm):
    """The reminder is put into the queue late, as one that falls due is."""
    sender = start()
    wait_for(lambda: "push" in threads_of(sender.pid))
    made = people(1, **now_due())
    assert fcm.received.wait(2)
    wait_for(lambda: log(made[0]))
    sender.terminate()
    ended(sender)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_idle_it_says_nothing_and_ends_when_told(start, number):
    (reminder,) = people(1)
    sender = start()
    wait_for(lambda: "push" in threads_of(sender.pid))
    sender.send_signal(number)
    assert ended(sender) == ""
    assert Notification.objects.get().next_due_at == reminder.next_due_at


CHANGES = {
    "they sign out": lambda user: end_all_sessions(user=user, now=timezone.now()),
    "their phones go to somebody else": hand_over,
    "the reminder is deleted": lambda user: Notification.objects.owned_by(user).get().delete(),
    "the folder is deleted": lambda user: Scrap.objects.owned_by(user).get().delete(),
    "the user is deleted": lambda user: delete_user(user=user),
    "the topic is hidden": lambda user: Topic.objects.get().hide(),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", CHANGES)
def test_what_was_claimed_and_has_not_left_minds_what_happens_meanwhile(start, fcm, change):
    """Three people with twenty phones each, of which fifty are pushed at once and answer after the second within
    which a claimed push may leave."""
    made = people(3, phones=20)
    fcm.reply = Reply(seconds=2 * LEAVE_SECONDS)
    sender = start(*once())
    wait_for(lambda: len(fcm.pushes) == MOST)
    for reminder in made:
        CHANGES[change](reminder.scrap.user)
    ended(sender)
    assert len(fcm.pushes) == MOST
    outcomes = Counter((outcome, reason) for _, outcome, reason in log())
    kept = {} if "deleted" in change else {("sent", ""): MOST}
    assert outcomes == kept | ({("missed", "nothing_to_show"): 10} if "hidden" in change else {})


def threads_of(pid):
    """Its state: with 50 threads waiting for pushes it is up."""
    return "push" if len(os.listdir(f"/proc/{pid}/task")) > MOST else ""


@pytest.mark.django_db(transaction=True)
def test_users_are_deleted_while_their_reminders_are_pushed(start, fcm):
    made = people(60, phones=2)
    fcm.reply = Reply(seconds=0.05)
    users = [reminder.scrap.user for reminder in made]
    sender = start(*once())
    assert fcm.received.wait(SECONDS)
    for user in users[:30]:
        delete_user(user=user)
    for reminder in made[30:45]:
        reminder.scrap.delete()
    ended(sender)
    ended(start(*once("19:00:16")))
    assert Push.objects.values("notification").distinct().count() == 15
    assert set(fcm.counts.values()) == {1}
    assert not Push.objects.filter(notification__in=made[:45]).exists()


@pytest.mark.django_db(transaction=True)
def test_what_somebody_holds_when_it_is_to_be_written_down_is_written_later(start, fcm):
    (reminder,) = people(1)
    fcm.reply = Reply(seconds=0.2)
    sender = start(*once())
    assert fcm.received.wait(SECONDS)
    with transaction.atomic():
        Notification.objects.select_for_update().get(pk=reminder.pk)
        sleep(0.7)
        assert log() == []
        assert sender.poll() is None
    ended(sender)
    assert log() == [(0, "sent", "")]
    assert set(fcm.counts.values()) == {1}


@pytest.mark.django_db(transaction=True)
def test_it_goes_on_when_its_connection_to_the_database_was_cut(start, fcm):
    people(100, **now_due())
    fcm.reply = Reply(seconds=0.3)
    sender = start()
    assert fcm.received.wait(SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    wait_for(lambda: Push.objects.count() == 100)
    sender.terminate()
    ended(sender)
    assert set(fcm.counts.values()) == {1}
    assert Push.objects.filter(outcome="sent").count() == 100


@pytest.mark.django_db(transaction=True)
def test_a_wrong_project_stops_it_with_a_sentence(start, fcm):
    people(15)
    fcm.reply = refusal(403, "SENDER_ID_MISMATCH")
    said = ended(start(*once()), status=1)
    assert "another project" in said
    assert "Traceback" not in said
    assert Session.objects.exclude(push_target="").count() == 15


@pytest.mark.django_db(transaction=True)
def test_without_credentials_it_shows_what_it_would_push(start):
    (reminder,) = people(1)
    Session.objects.update(push_target="c2VjcmV0LXBob25lLXRhcmdldA")
    said = ended(start(*once(), FCM_CREDENTIALS="", PROFILE="development"))
    topic = Topic.objects.get(pk=reminder.topic_ids[0])
    assert said == f"push {reminder.pk}-0 to c2VjcmV0…: {reminder.name} · {topic.title}\nsent 1\n"
    assert log() == [(0, "sent", "")]


def test_in_production_it_refuses_to_start_without(settings):
    settings.DEVELOPMENT, settings.FCM_CREDENTIALS = False, ""
    with pytest.raises(CommandError, match="FCM_CREDENTIALS is not set"):
        call_command("send_notifications", once=True)


def test_it_refuses_to_start_with_a_file_that_is_none(settings, tmp_path):
    settings.FCM_CREDENTIALS = str(tmp_path / "nothing.json")
    with pytest.raises(CommandError, match=r"FCM_CREDENTIALS: .*is not a service account"):
        call_command("send_notifications", once=True)


@pytest.mark.parametrize("text", ["", "tomorrow", "19:00", "2090-13-01T00:00"])
def test_a_moment_that_is_none_is_refused(text):
    with pytest.raises(CommandError, match="--now is"):
        call_command("send_notifications", once=True, now=text or " ")


def test_a_moment_is_for_once_only():
    with pytest.raises(CommandError, match="--once only"):
        call_command("send_notifications", now="2090-03-14T19:00:00+09:00")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("text", ["2090-03-14T10:00:00Z", "2090-03-14T19:00", "2090-03-14T19:00:00.000001+09:00"])
def test_a_moment_is_any_of_iso_8601_and_seouls_without_an_offset(start, text):
    people(1)
    ended(start("--once", "--now", text))
    assert log() == [(0, "sent", "")]
    assert Push.objects.get().done_at.replace(microsecond=0) == at("19:00")
