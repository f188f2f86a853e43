"""The sender, one run at a given moment after the other: which slots are pushed, to whom, and what is written down."""

import re
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Session
from accounts.sessions import forget_push_target
from notifications import queue, sender
from notifications.credential import Refused
from notifications.models import Notification, Push
from notifications.sender import MOST
from tests.factories import NotificationFactory, PhoneFactory, TopicFactory, TopicTagFactory
from tests.fcm import Reply, refusal
from tests.notifications.conftest import SECOND, at, due_at, log
from tokpik import counting
from topics.models import Topic

pytestmark = pytest.mark.django_db
SENT = ("sent", "")


def bodies(fcm):
    return [message["webpush"]["notification"]["body"] for message in fcm.pushes]


def targets(fcm):
    return sorted(message["token"] for message in fcm.pushes)


# --- On time ---------------------------------------------------------------------------------------------------------


def test_nothing_is_pushed_before_its_time(reminder, fcm, send):
    assert send("18:59:59") == []
    assert (fcm.pushes, log()) == ([], [])


def test_each_slot_is_pushed_once_at_its_time(reminder, fcm, send):
    for clock in ("19:00", "19:00", "19:19:59", "19:20", "19:40", "19:59", "20:00", "23:59"):
        send(clock)
    assert log() == [(0, *SENT), (1, *SENT), (2, *SENT)]
    assert fcm.tags() == {f"{reminder.pk}-{slot}": 1 for slot in range(3)}
    assert due_at(reminder) is None


def test_what_is_pushed_is_what_the_contract_says(db, fcm, send, settings):
    settings.CLIENT_URL = "https://tokpik.example"
    tag = TopicTagFactory(pk=6, content="취미와 여가활동")
    topic = TopicFactory(title="첫 만남? 50 대 50 / 둘 다", topic_tag=tag)
    reminder = NotificationFactory(topics=[topic], name="소개팅 <b>")
    PhoneFactory(user=reminder.scrap.user, push_target="phone")
    send("19:00:03")
    link = (
        f"https://tokpik.example/detail/{topic.pk}?title="
        "%EC%B2%AB%20%EB%A7%8C%EB%82%A8%3F%2050%20%EB%8C%80%2050%20%2F%20%EB%91%98%20%EB%8B%A4&type=hobby"
    )
    assert fcm.pushes == [
        {
            "token": "phone",
            "webpush": {
                "headers": {"TTL": "1197", "Urgency": "high"},
                "notification": {"title": "소개팅 <b>", "body": topic.title, "tag": f"{reminder.pk}-0"},
                "data": {"topicId": str(topic.pk), "link": link},
                "fcm_options": {"link": link},
            },
        }
    ]
    assert fcm.paths == [f"/v1/projects/{fcm.project}/messages:send"]


def test_fcm_is_given_no_link_that_is_not_https(reminder, fcm, send, settings):
    settings.CLIENT_URL = "http://localhost:3000"
    send("19:00")
    assert "fcm_options" not in fcm.pushes[0]["webpush"]
    assert fcm.pushes[0]["webpush"]["data"]["link"].startswith("http://localhost:3000/detail/")


def test_how_late_it_was_is_written_down(reminder, send):
    send(at("19:20") + 1.5 * SECOND)
    row = Push.objects.get(slot=1)
    assert (row.due_at, row.done_at, row.latency_ms) == (at("19:20"), at("19:20") + 1.5 * SECOND, 1500)
    assert row.session_id == Session.objects.get().pk


def test_slots_are_right_at_midnight_and_in_a_leap_year(fcm, send):
    last = NotificationFactory(start=time(23, 58), end=time(23, 59), interval_minutes=1, date=date(2096, 2, 29))
    first = NotificationFactory(start=time(0), end=time(0, 1), interval_minutes=1, date=date(2096, 3, 1))
    for each in (last, first):
        PhoneFactory(user=each.scrap.user)
    moment = last.window.begins(0)
    send(moment - SECOND)
    assert log() == []
    send(moment)
    assert log(last) == [(0, *SENT)]
    send(moment + timedelta(minutes=2) - SECOND)
    assert log(first) == []
    send(moment + timedelta(minutes=2))
    assert log(first) == [(0, *SENT)]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.integers(0, 1437),
    length=st.integers(1, 300),
    minutes=st.integers(1, 240),
    day=st.dates(min_value=at("00:00").date(), max_value=at("00:00").date() + timedelta(days=366 * 4)),
    topics=st.integers(1, 4),
)
def test_the_pushes_are_exactly_what_details_lists(client, fcm, send, start, length, minutes, day, topics):
    end = min(start + length, 1439)
    Notification.objects.all().delete()
    Session.objects.filter(user=client.user).update(push_target="phone", push_target_hash="0" * 64)
    reminder = NotificationFactory(
        user=client.user,
        topics=TopicFactory.create_batch(topics),
        date=day,
        start=time(*divmod(start, 60)),
        end=time(*divmod(end, 60)),
        interval_minutes=minutes,
    )
    listed = client.get(f"/users/notifications/{reminder.pk}/details").json()["notificationTalkTopics"]
    fcm.pushes.clear()
    while due := due_at(reminder):
        send(due)
    assert bodies(fcm) == [slot["talkTopicTitle"] for slot in listed]
    done = Push.objects.filter(notification=reminder).order_by("slot")
    assert [f"{row.done_at.astimezone(at('00:00').tzinfo):%Y-%m-%d %H:%M}" for row in done] == [
        f"{day} {slot['noticeTime']}" for slot in listed
    ]


def test_at_a_given_moment_no_other_clock_is_read(reminder, fcm, send, monkeypatch):
    """For slots, leases, back-off and the log alike."""
    monkeypatch.setattr(timezone, "now", lambda: pytest.fail("the system's clock"))
    fcm.reply = refusal(503)
    with CaptureQueriesContext(connection) as statements:
        send("19:00")
        fcm.reply = Reply()
        send("19:00:02")
    said = " ".join(one["sql"].lower() for one in statements)
    assert not re.findall(r"now\(\)|_timestamp|current_(?:date|time)", said)
    row = Push.objects.get()
    assert (row.done_at, due_at(reminder)) == (at("19:00:02"), at("19:20"))
    assert counting.tally.counts == {}


def test_at_no_given_moment_it_is_the_databases(reminder, fcm, send):
    past = timezone.localtime() - timedelta(days=1)
    Notification.objects.update(date=past.date(), next_due_at=past)
    with CaptureQueriesContext(connection) as statements:
        send(None)
    assert "clock_timestamp()" in statements[0]["sql"]
    assert log() == [(slot, "missed", "late") for slot in range(3)]
    assert counting.tally.counts == {"push.missed.late": 3}


# --- Too late --------------------------------------------------------------------------------------------------------


def test_a_slot_may_be_almost_five_minutes_late(reminder, fcm, send):
    send("19:04:59")
    assert log() == [(0, *SENT)]


def test_after_five_minutes_it_is_missed(reminder, fcm, send):
    send("19:05")
    assert log() == [(0, "missed", "late")]
    assert (fcm.pushes, due_at(reminder)) == ([], at("19:20"))


def test_when_the_next_one_has_begun_it_is_missed(fcm, send):
    reminder = NotificationFactory(interval_minutes=1)
    PhoneFactory(user=reminder.scrap.user)
    send("19:01")
    assert log() == [(0, "missed", "late"), (1, *SENT)]


def test_what_was_missed_is_not_sent_in_a_burst(reminder, fcm, send):
    send("19:41")
    assert log() == [(0, "missed", "late"), (1, "missed", "late"), (2, *SENT)]
    assert len(fcm.pushes) == 1


def test_no_slot_is_without_a_row_however_late(reminder, fcm, send):
    PhoneFactory(user=reminder.scrap.user)
    send(at("12:00", day=20))
    assert log() == [(slot, "missed", "late") for slot in (0, 0, 1, 1, 2, 2)]
    assert due_at(reminder) is None


# --- To whom, and what ------------------------------------------------------------------------------------------------


def test_every_phone_of_the_user_is_pushed_and_nobody_elses(reminder, fcm, send):
    PhoneFactory(user=reminder.scrap.user, push_target="tablet")
    PhoneFactory(push_target="a strangers")
    send("19:00")
    assert targets(fcm) == ["phone", "tablet"]
    assert log() == [(0, *SENT), (0, *SENT)]
    assert fcm.tags() == {f"{reminder.pk}-0": 2}


def test_an_ended_session_is_not(reminder, fcm, send, sign_in):
    client = sign_in(reminder.scrap.user)
    client.put("/users/notification-token", {"notificationToken": "tablet"}, format="json")
    client.post("/logout")
    Session.objects.filter(push_target="phone").update(revoked_at=at("18:00"))
    send("19:00")
    assert fcm.pushes == []
    assert log() == [(0, "missed", "no_phone")]


def test_without_a_phone_the_slot_is_missed(reminder, fcm, send):
    Session.objects.all().delete()
    send("19:00")
    send("19:20")
    assert log() == [(0, "missed", "no_phone"), (1, "missed", "no_phone")]
    assert Push.objects.first().session_id is None


def test_a_deactivated_user_is_not_pushed(reminder, fcm, send):
    type(reminder.scrap.user).objects.update(is_active=False)
    send("19:00")
    assert log() == [(0, "missed", "no_phone")]


def test_a_hidden_topic_leaves_its_turn_to_the_next_and_takes_it_back(fcm, send):
    topics = [TopicFactory(title=title) for title in "ABC"]
    reminder = NotificationFactory(topics=topics)
    PhoneFactory(user=reminder.scrap.user)
    topics[0].hide()
    send("19:00")
    topics[0].publish()
    Topic.objects.filter(pk=topics[1].pk).delete()
    send("19:20")
    send("19:40")
    assert bodies(fcm) == ["B", "C", "C"]


def test_where_nothing_can_be_shown_the_slot_is_missed_and_later_ones_go_on(reminder, fcm, send):
    Topic.objects.update(status=Topic.Status.HIDDEN)
    send("19:00")
    Topic.objects.update(status=Topic.Status.PUBLISHED)
    send("19:20")
    assert log() == [(0, "missed", "nothing_to_show"), (1, *SENT)]


@pytest.mark.parametrize("status", Topic.Status.values)
@pytest.mark.parametrize("mine", [True, False, None])
def test_what_may_be_shown_is_what_its_user_may_open(reminder, send, status, mine):
    """The claim says in SQL what `Topic.objects.visible_to` says."""
    made_for = None if mine is None else reminder.scrap.user if mine else PhoneFactory().user
    Topic.objects.update(status=status, made_for=made_for)
    send("19:00")
    visible = Topic.objects.visible_to(reminder.scrap.user).exists()
    assert log(reminder) == [(0, *SENT) if visible else (0, "missed", "nothing_to_show")]


def test_a_topic_without_a_slug_has_a_link_all_the_same(reminder, fcm, send):
    Topic.objects.update(topic_tag=TopicTagFactory(pk=99, content="새 태그"))
    send("19:00")
    assert "type=" not in fcm.pushes[0]["webpush"]["data"]["link"]


# --- What FCM says ----------------------------------------------------------------------------------------------------


def test_an_unregistered_phone_is_forgotten(reminder, fcm, send):
    fcm.answers["phone"] = refusal(404, "UNREGISTERED")
    send("19:00")
    send("19:20")
    assert log() == [(0, "failed", "unregistered"), (1, "missed", "no_phone")]
    assert Session.objects.get().push_target_hash is None
    assert len(fcm.pushes) == 1


def test_one_that_was_registered_anew_meanwhile_stays(reminder):
    session = Session.objects.get()
    Session.objects.update(push_target="new", push_target_hash="1" * 64)
    forget_push_target(session_id=session.pk, target="phone")
    session.refresh_from_db()
    assert session.push_target == "new"


STRANGERS = {
    "mismatch": refusal(403, "SENDER_ID_MISMATCH", seconds=0.5),
    "bad_target": refusal(400, "INVALID_ARGUMENT", field="message.token", seconds=0.5),
}


@pytest.mark.parametrize("reason", STRANGERS)
def test_a_stranger_is_forgotten_when_another_phone_is_reached(reminder, fcm, send, reason):
    other = NotificationFactory()
    PhoneFactory(user=other.scrap.user, push_target="other")
    fcm.answers["phone"] = STRANGERS[reason]
    send("19:00")
    assert log(reminder) == [(0, "failed", reason)]
    assert list(Session.objects.exclude(push_target="").values_list("push_target", flat=True)) == ["other"]


@pytest.mark.parametrize("reason", STRANGERS)
def test_one_alone_is_not(reminder, fcm, send, reason):
    fcm.answers["phone"] = STRANGERS[reason]
    send("19:00")
    assert log(reminder) == [(0, "failed", reason)]
    assert Session.objects.get().push_target == "phone"


@pytest.mark.parametrize("reason", STRANGERS)
def test_the_credentials_of_another_project_stop_the_sender_and_forget_nobody(fcm, send, reason, caplog):
    for _ in range(30):
        PhoneFactory(user=NotificationFactory().scrap.user)
    fcm.reply = STRANGERS[reason]
    with pytest.raises(Refused):
        send("19:00")
    assert "The sender stops" in caplog.text
    assert Session.objects.exclude(push_target="").count() == 30
    assert Push.objects.filter(outcome="failed").count() <= 9
    # With the right ones, within the slot, whoever was given back is pushed.
    fcm.reply = Reply()
    send("19:01")
    assert Push.objects.filter(outcome="sent").count() >= 21
    assert Push.objects.count() == 30


def test_our_own_fault_forgets_nobody_and_is_not_tried_again(reminder, fcm, send, caplog):
    fcm.answers["phone"] = refusal(400, "INVALID_ARGUMENT", field="message.webpush.data")
    send("19:00")
    send("19:01")
    assert log() == [(0, "failed", "invalid")]
    assert Session.objects.get().push_target == "phone"
    assert "FCM refuses what we send" in caplog.text
    assert "phone" not in caplog.text


LATER = {
    "429": refusal(429, "QUOTA_EXCEEDED"),
    "500": refusal(500, "INTERNAL"),
    "503": refusal(503, "UNAVAILABLE"),
    "unknown": refusal(418, "SOMETHING_NEW"),
    "404 without a code": refusal(404),
    "html": Reply(502, b"<html>"),
    "cut": Reply(cut=True),
    "torn": Reply(torn=True),
    "redirect": Reply(307, b"", {"Location": "http://127.0.0.1:9/"}),
}


@pytest.mark.parametrize("reply", LATER.values(), ids=LATER)
def test_whatever_else_happens_is_tried_again_within_the_slot(reminder, fcm, send, reply):
    fcm.reply = reply
    send("19:00")
    assert log() == []
    assert due_at(reminder) == at("19:00:02")
    send("19:00:02")
    assert due_at(reminder) == at("19:00:06")
    fcm.reply = Reply()
    send("19:00:06")
    assert log() == [(0, *SENT)]
    assert due_at(reminder) == at("19:20")
    assert reminder.tries == 0


def test_the_pauses_grow_and_at_the_end_of_its_time_the_slot_is_missed(reminder, fcm, send):
    fcm.reply = refusal(503)
    pauses, now = [], at("19:00")
    while log() == []:
        send(now)
        pauses.append((due_at(reminder) - now).total_seconds())
        now = due_at(reminder)
    assert pauses[:6] == [2, 4, 8, 16, 32, 60]
    assert log() == [(0, "missed", "unavailable")]
    assert now == at("19:20")
    fcm.reply = Reply()
    send(now)
    assert log()[1:] == [(1, *SENT)]


def test_retry_after_is_heeded_within_the_slot(reminder, fcm, send):
    fcm.reply = refusal(429, headers={"Retry-After": "45"})
    send("19:00")
    assert due_at(reminder) == at("19:00:45")
    fcm.reply = refusal(503, headers={"Retry-After": "3000"})
    send("19:00:45")
    assert due_at(reminder) == at("19:05")
    send("19:05")
    assert log() == [(0, "missed", "unavailable")]


def test_what_one_phone_has_to_wait_holds_up_no_other(reminder, fcm, send):
    PhoneFactory(user=reminder.scrap.user, push_target="tablet")
    other = PhoneFactory(user=NotificationFactory().scrap.user)
    fcm.answers["phone"] = refusal(429, "QUOTA_EXCEEDED", headers={"Retry-After": "60"})
    send("19:00")
    assert sorted(message["token"] for message in fcm.pushes) == sorted(["phone", other.push_target, "tablet"])
    assert log() == [(0, *SENT)] * 2
    assert due_at(reminder) == at("19:01")


def test_of_two_that_have_to_wait_the_longer_counts(reminder, fcm, send):
    """Nobody is tried again before FCM allows it."""
    PhoneFactory(user=reminder.scrap.user, push_target="tablet")
    waits = {"phone": refusal(429, headers={"Retry-After": "30"}), "tablet": refusal(503)}
    for first in waits:
        fcm.answers = {name: replace(reply, seconds=0.1 * (name != first)) for name, reply in waits.items()}
        now = due_at(reminder)
        send(now)
        assert due_at(reminder) == now + 30 * SECOND


def test_of_several_phones_only_those_that_are_left_are_tried_again(reminder, fcm, send):
    PhoneFactory(user=reminder.scrap.user, push_target="tablet")
    PhoneFactory(user=reminder.scrap.user, push_target="gone")
    fcm.answers |= {"tablet": refusal(503), "gone": refusal(404, "UNREGISTERED")}
    send("19:00")
    assert sorted(log()) == [(0, "failed", "unregistered"), (0, *SENT)]
    send("19:00:02")
    fcm.answers.clear()
    send("19:01")
    assert targets(fcm) == ["gone", "phone", "tablet", "tablet", "tablet"]
    assert sorted(log()) == [(0, "failed", "unregistered"), (0, *SENT), (0, *SENT)]


def test_one_that_signs_out_between_two_tries_is_not_tried_again(reminder, fcm, send):
    PhoneFactory(user=reminder.scrap.user, push_target="tablet")
    fcm.answers["tablet"] = refusal(503)
    send("19:00")
    Session.objects.filter(push_target="tablet").update(push_target="", push_target_hash=None)
    send("19:01")
    assert targets(fcm) == ["phone", "tablet"]
    assert log() == [(0, *SENT)]
    assert due_at(reminder) == at("19:20")


# --- The queue --------------------------------------------------------------------------------------------------------


def test_a_leased_reminder_is_left_alone_until_its_lease_ends(reminder, fcm, send):
    assert [claimed.pk for claimed in queue.claim(10, at("19:00"))] == [reminder.pk]
    assert queue.LEASE <= 15 * SECOND
    send(at("19:00") + queue.LEASE - SECOND)
    assert (fcm.pushes, log()) == ([], [])
    send(at("19:00") + queue.LEASE)
    assert log() == [(0, *SENT)]


def test_more_phones_than_may_be_under_way_at_once_are_all_pushed(fcm, send):
    for _ in range(8):
        reminder = NotificationFactory()
        for _ in range(20):
            PhoneFactory(user=reminder.scrap.user)
    assert send("19:00") == ["sent 160"]
    assert Push.objects.filter(outcome="sent").count() == 160
    assert set(fcm.counts.values()) == {1}
    assert fcm.connections <= MOST + 1


def test_many_take_few_statements(fcm, send, django_assert_max_num_queries):
    for _ in range(60):
        PhoneFactory(user=NotificationFactory().scrap.user)
    with django_assert_max_num_queries(24):
        send("19:00")
    assert Push.objects.count() == 60


@pytest.mark.parametrize(("seconds", "lines"), [(60, {1}), (0, set(range(2, 61)))], ids=["within it", "over it"])
def test_busy_it_sums_up_in_a_line_a_minute(fcm, send, monkeypatch, seconds, lines):
    assert sender.SUMMARY_SECONDS == 60
    monkeypatch.setattr(sender, "SUMMARY_SECONDS", seconds)
    for _ in range(60):
        PhoneFactory(user=NotificationFactory().scrap.user)
    said = send("19:00")
    assert len(said) in lines
    assert sum(int(line.removeprefix("sent ")) for line in said) == 60


def test_nothing_due_is_one_statement_and_not_a_word(reminder, send, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert send("18:00") == []
