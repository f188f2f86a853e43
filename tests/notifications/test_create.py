"""POST /users/notifications"""

from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from notifications import services
from notifications.models import Notification
from notifications.serializers import a_year_after
from notifications.slots import SEOUL
from scraps.models import ScrapTopic
from tests.accounts.racing import race
from tests.factories import NotificationFactory, ScrapFactory, ScrapTopicFactory, TopicFactory
from topics.models import Topic

TODAY = timezone.localdate
DAY = timedelta(days=1)


@pytest.fixture
def body(client):
    """A sound one, of this user's folder with three topics."""
    scrap = ScrapFactory(user=client.user)
    topics = [ScrapTopicFactory(scrap=scrap).topic_id for _ in range(3)]
    return {
        "notificationName": "소개팅",
        "scrapId": scrap.pk,
        "notificationTalkTopicIds": [topics[2], topics[0], topics[1]],
        "noticeDate": (TODAY() + DAY).isoformat(),
        "notificationStartTime": "19:00",
        "notificationEndTime": "21:00",
        "notificationIntervalMinutes": 20,
    }


def create(client, body, **changed):
    return client.post("/users/notifications", {**body, **changed}, format="json")


def refused(answer, *fields):
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert set(answer.json()["message"]) == set(fields)
    assert not Notification.objects.exists()


def test_it_is_kept_as_it_was_sent(client, body):
    answer = create(client, body)
    assert (answer.status_code, answer.content) == (200, b"")
    made = Notification.objects.get()
    assert (made.name, made.scrap_id, made.topic_ids) == ("소개팅", body["scrapId"], body["notificationTalkTopicIds"])
    assert (made.date, made.start, made.end, made.interval_minutes) == (TODAY() + DAY, time(19), time(21), 20)
    first = datetime.combine(TODAY() + DAY, time(19), SEOUL)
    assert (made.next_slot, made.next_due_at, made.last_slot_at) == (0, first, first + timedelta(minutes=100))


def test_seconds_are_dropped(client, body):
    answer = create(client, body, notificationStartTime="19:00:59", notificationEndTime="19:30:01")
    assert answer.status_code == 200
    made = Notification.objects.get()
    assert (made.start, made.end) == (time(19), time(19, 30))


def test_a_row_made_by_hand_is_in_the_queue_too(db):
    made = NotificationFactory()
    assert made.next_due_at == datetime(2090, 3, 14, 19, tzinfo=SEOUL)
    (bulk,) = Notification.objects.bulk_create([NotificationFactory.build(scrap=made.scrap, topic_ids=[1])])
    bulk.refresh_from_db()
    assert (bulk.next_slot, bulk.next_due_at) == (0, made.next_due_at)


@pytest.mark.parametrize(
    ("made_at", "slot", "due"),
    [("18:59:59", 0, "19:00"), ("19:00", 1, "19:20"), ("19:39:59", 2, "19:40"), ("19:40", 3, None), ("23:00", 3, None)],
)
def test_a_slot_at_or_before_the_creation_is_none(db, made_at, slot, due):
    made = NotificationFactory(created_at=datetime.fromisoformat(f"2090-03-14T{made_at}+09:00"))
    assert made.next_slot == slot
    assert made.next_due_at == (due and datetime.fromisoformat(f"2090-03-14T{due}+09:00"))


BAD_NAMES: list[Any] = [None, "", " ", "\0", "글" * 101, 5, True, [], {}]
BAD_IDS: list[Any] = [None, "1", 1.0, 0, -1, 2**63, True, [], {}]
BAD_DATES: list[Any] = [
    None,
    "",
    "2027-3-14",
    "20270314",
    "2090-03-14T00:00",
    "2027-02-29",
    "2027-W10-7",
    20270314,
    "9999-12-31",
]
BAD_TIMES: list[Any] = [
    None,
    "",
    "7:00",
    "24:00",
    "19:60",
    "1900",
    "19:00Z",
    "19:00+09:00",
    "19:00:00.5",
    "19",
    "T19:00",
    "１９:00",
    19,
]


BAD: dict[str, list[Any]] = {
    "notificationName": BAD_NAMES,
    "scrapId": BAD_IDS,
    "notificationTalkTopicIds": [[], None, 1, "1", {}, [None], ["1"], [1.0], [0], [True], [[1]]],
    "noticeDate": BAD_DATES,
    "notificationStartTime": BAD_TIMES,
    "notificationEndTime": BAD_TIMES,
    "notificationIntervalMinutes": [None, 0, 241, -1, "20", 20.0, True],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field in BAD for value in BAD[field]], ids=repr)
def test_a_bad_value_is_refused_under_its_field(client, body, field, value):
    refused(create(client, body, **{field: value}), field)


def test_duplicate_topics_and_more_than_a_hundred_are_refused(client, body):
    ids = body["notificationTalkTopicIds"]
    refused(create(client, body, notificationTalkTopicIds=[*ids, ids[0]]), "notificationTalkTopicIds")
    refused(create(client, body, notificationTalkTopicIds=list(range(1, 102))), "notificationTalkTopicIds")


def test_a_hundred_topics_are_taken(client, body):
    more = [ScrapTopicFactory(scrap_id=body["scrapId"]).topic_id for _ in range(97)]
    ids = [*body["notificationTalkTopicIds"], *more]
    assert create(client, body, notificationTalkTopicIds=ids).status_code == 200
    assert Notification.objects.get().topic_ids == ids


def test_an_end_not_after_the_start_is_refused_under_the_end(client, body):
    for start, end in (("19:00", "19:00"), ("19:00", "18:59"), ("23:59", "00:00"), ("19:00:01", "19:00:59")):
        refused(create(client, body, notificationStartTime=start, notificationEndTime=end), "notificationEndTime")


def test_a_date_before_today_or_more_than_a_year_ahead_is_refused(client, body):
    today = TODAY()
    last = a_year_after(today)
    for day in (today - DAY, today - 400 * DAY, last + DAY):
        refused(create(client, body, noticeDate=day.isoformat()), "noticeDate")
    for day in (today, today + DAY, last):
        assert create(client, body, noticeDate=day.isoformat()).status_code == 200


def test_all_that_is_wrong_is_told_at_once(client, body):
    answer = create(client, body, notificationName="", noticeDate="x", notificationIntervalMinutes=0)
    refused(answer, "notificationName", "noticeDate", "notificationIntervalMinutes")


def test_another_persons_folder_and_one_that_is_not_there_are_refused_under_it(client, body):
    for scrap_id in (ScrapFactory().pk, 10**9, 2**63 - 1):
        refused(create(client, body, scrapId=scrap_id), "scrapId")


def test_topics_that_are_not_in_the_folder_are_refused_under_them(client, body):
    mine, elsewhere = body["notificationTalkTopicIds"], ScrapTopicFactory(scrap__user=client.user).topic_id
    for other in (elsewhere, TopicFactory().pk, 10**9, 2**63 - 1):
        refused(create(client, body, notificationTalkTopicIds=[*mine, other]), "notificationTalkTopicIds")


def test_a_hidden_topic_is_refused_and_a_draft_of_ones_own_is_taken(client, body):
    hidden, draft = (ScrapTopicFactory(scrap_id=body["scrapId"]).topic for _ in range(2))
    hidden.hide()
    refused(create(client, body, notificationTalkTopicIds=[hidden.pk]), "notificationTalkTopicIds")
    Topic.objects.filter(pk=draft.pk).update(status=Topic.Status.DRAFT, made_for=client.user)
    assert create(client, body, notificationTalkTopicIds=[draft.pk]).status_code == 200


def test_a_topic_taken_out_of_the_folder_later_stays(client, body):
    create(client, body)
    ScrapTopic.objects.all().delete()
    assert Notification.objects.get().topic_ids == body["notificationTalkTopicIds"]


def test_it_needs_a_token(nobody, body):
    assert create(nobody, body).status_code == 401
    assert not Notification.objects.exists()


# The client may send the same twice.


def age(**by):
    Notification.objects.update(created_at=timezone.now() - timedelta(**by))


def test_the_same_again_within_five_seconds_is_the_same(client, body):
    create(client, body)
    age(seconds=4)
    assert create(client, body, notificationName=" 소개팅 ", notificationStartTime="19:00:30").status_code == 200
    assert Notification.objects.count() == 1


def test_later_it_is_another(client, body):
    create(client, body)
    age(seconds=5, milliseconds=1)
    create(client, body)
    assert Notification.objects.count() == 2


@pytest.mark.parametrize(
    "changed",
    [
        {"notificationName": "다른 이름"},
        {"notificationIntervalMinutes": 21},
        {"notificationStartTime": "19:01"},
        {"notificationEndTime": "21:01"},
        {"noticeDate": (TODAY() + 2 * DAY).isoformat()},
    ],
    ids=repr,
)
def test_what_differs_is_another(client, body, changed):
    create(client, body)
    create(client, body, **changed)
    assert Notification.objects.count() == 2


def test_so_is_another_order_of_the_topics(client, body):
    create(client, body)
    create(client, body, notificationTalkTopicIds=body["notificationTalkTopicIds"][::-1])
    assert Notification.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_at_the_same_moment_is_one(client, body):
    answers = race(*[lambda: create(client, body).status_code] * 8)
    assert answers == [200] * 8
    assert Notification.objects.count() == 1


# At most a hundred are coming.


def full(answer):
    assert (answer.status_code, answer.json()["code"]) == (409, "quota_reached")


def test_the_limit_is_the_contracts():
    assert services.COMING_MOST == 100


def test_the_limit_counts_those_of_which_a_slot_lies_ahead(client, body, monkeypatch):
    monkeypatch.setattr(services, "COMING_MOST", 2)
    for name in ("하나", "둘"):
        assert create(client, body, notificationName=name).status_code == 200
    full(create(client, body, notificationName="셋"))
    assert create(client, body, notificationName="둘").status_code == 200, "the same one"
    first, second = Notification.objects.order_by("pk")
    # Its last slot has passed, though nobody has pushed it.
    Notification.objects.filter(pk=first.pk).update(last_slot_at=timezone.now())
    assert create(client, body, notificationName="셋").status_code == 200
    full(create(client, body, notificationName="넷"))
    client.delete(f"/users/notifications/{second.pk}")
    assert create(client, body, notificationName="넷").status_code == 200


def test_other_peoples_do_not_count(client, body, monkeypatch):
    monkeypatch.setattr(services, "COMING_MOST", 1)
    NotificationFactory(date=TODAY() + DAY)
    assert create(client, body).status_code == 200


def test_one_of_today_that_is_over_takes_no_place(db, monkeypatch):
    monkeypatch.setattr(services, "COMING_MOST", 0)
    entry = ScrapTopicFactory()
    made = services.create_notification(
        user=entry.scrap.user,
        scrap_id=entry.scrap_id,
        topic_ids=[entry.topic_id],
        now=datetime(2090, 3, 14, 8, 30, tzinfo=SEOUL),
        name="오늘",
        date=date(2090, 3, 14),
        start=time(8),
        end=time(9),
        interval_minutes=30,
    )
    assert made.next_due_at is None


@pytest.mark.django_db(transaction=True)
def test_the_limit_is_exact_at_the_same_moment_too(client, body, monkeypatch):
    monkeypatch.setattr(services, "COMING_MOST", 7)
    answers = race(*[partial(create, client, body, notificationName=f"알림 {n}") for n in range(16)])
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [409] * 9
    assert Notification.objects.count() == 7


@pytest.mark.django_db(transaction=True)
def test_while_the_folder_is_deleted_it_is_made_or_refused(client, body):
    for _ in range(5):
        scrap = ScrapFactory(user=client.user)
        topic = ScrapTopicFactory(scrap=scrap).topic_id
        sent = {**body, "scrapId": scrap.pk, "notificationTalkTopicIds": [topic]}
        made, deleted = race(partial(create, client, sent), partial(client.delete, f"/users/scraps/{scrap.pk}"))
        assert (made.status_code in (200, 400), deleted.status_code) == (True, 200)
    assert not Notification.objects.exists()
