"""What is left of somebody who was deleted: nothing that names them, in any table or any key of the cache."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_redis import get_redis_connection
from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.unlinking import unlink_step
from tests.accounts.conftest import kakao as kakao_of_accounts
from tests.factories import PlaceTagFactory, TopicDetailFactory, TopicFactory, TopicTagFactory
from tests.notifications.conftest import fcm as fcm_of_notifications
from tests.notifications.conftest import send as send_of_notifications
from topics.models import Topic

pytestmark = pytest.mark.django_db(transaction=True)
KAKAO_ID = 4_815_162_342
ACCOUNT = {
    "email": "jieun@example.com",
    "is_email_valid": True,
    "is_email_verified": True,
    "profile": {"profile_image_url": "https://photos.example.com/jieun.jpg"},
}
PHONE, TEXT = "phone-of-jieun", "지은이만쓰는말"
kakao, fcm, send = kakao_of_accounts, fcm_of_notifications, send_of_notifications
COLUMNS = """
SELECT quote_ident(table_name), quote_ident(column_name) FROM information_schema.columns
WHERE table_schema = 'public' AND table_name NOT LIKE 'pg_%%'
"""


def in_tables(needle):
    """The columns of any type, of any table, in which it stands."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, column in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM {table} WHERE strpos({column}::text, %s) > 0", [needle])
            if cursor.fetchone()[0]:
                found.add(f"{table}.{column}")
    return found


def in_cache(needle):
    """The keys that hold it, in themselves or in what they stand for."""
    redis, readers = (
        get_redis_connection("default"),
        {b"zset": lambda r, k: r.zrange(k, 0, -1), b"string": lambda r, k: r.get(k)},
    )
    return {
        key
        for key in redis.scan_iter()
        if needle.encode() in key or needle in str(readers[redis.type(key)](redis, key))
    }


def live(kakao, fcm, send):
    """Does all that one can do; the client, and what names the one who did it."""
    client = APIClient(HTTP_USER_AGENT="Mozilla/5.0 (iPhone) Safari")
    topic, tag, place = TopicFactory(), TopicTagFactory(), PlaceTagFactory()
    code = kakao.grant({"id": KAKAO_ID, "kakao_account": ACCOUNT})
    pair = client.post("/login/kakao", {"code": code}, format="json").json()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['accessToken']}")

    def call(method, path, body=None):
        answer = getattr(client, method)(path, body, format="json")
        assert answer.status_code == 200, answer.content
        return answer

    pair = call("post", "/refresh", {"refreshToken": pair["refreshToken"]}).json()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {pair['accessToken']}")
    profile = {"birth": "1996-03-14", "gender": False, "topicTagIds": [tag.pk], "placeTagIds": [place.pk]}
    call("post", "/users/profiles", profile)
    call("put", "/users/notification-token", {"notificationToken": PHONE})
    call("post", "/topics", {"includeFilterCondition": True, "talkSituations": [TEXT], "talkPurposes": [TEXT]})
    scrap = call("post", "/users/scraps", {"scrapName": TEXT}).json()["scrapId"]
    call("post", f"/users/scraps/{scrap}/topics/{topic.pk}")
    call("get", f"/topics/{topic.pk}/related")
    tomorrow = timezone.localdate() + timezone.timedelta(days=1)
    reminder = {"notificationName": TEXT, "scrapId": scrap, "notificationTalkTopicIds": [topic.pk]}
    reminder |= {"noticeDate": tomorrow.isoformat(), "notificationStartTime": "10:00"}
    call("post", "/users/notifications", reminder | {"notificationEndTime": "11:00", "notificationIntervalMinutes": 10})
    send(timezone.make_aware(timezone.datetime.combine(tomorrow, timezone.datetime.min.time().replace(hour=10))))
    user = User.objects.get(kakao_id=KAKAO_ID)
    draft = TopicFactory(status=Topic.Status.DRAFT, made_for=user, title=TEXT)
    TopicDetailFactory(topic=draft, content=TEXT)
    published = TopicFactory(made_for=user)
    (session,) = Session.objects.filter(user=user)
    call("get", "/users/export")
    return client, published, [ACCOUNT["email"], str(KAKAO_ID), "photos.example.com", str(session.pk), PHONE, TEXT]


def test_nothing_names_them_in_any_table_or_cache_key(kakao, fcm, send, settings):
    settings.KAKAO_ADMIN_KEY = kakao.admin_key
    # What is typed into a search stands in what a model is asked to write.
    settings.OPENAI_API_KEY, settings.GENERATION_BUDGET = "made-up", 0
    call_command("seed", stdout=StringIO())
    client, published, needles = live(kakao, fcm, send)
    assert len(fcm.pushes) == 1
    assert "topics_generationrequest.search" in in_tables(TEXT)
    for needle in needles:
        assert in_tables(needle), needle
    assert client.delete("/users").status_code == 200
    assert {needle: in_tables(needle) for needle in needles if in_tables(needle)} == {
        str(KAKAO_ID): {"accounts_kakaounlink.kakao_id"}
    }
    assert {needle: in_cache(needle) for needle in needles if in_cache(needle)} == {}
    published.refresh_from_db()
    assert (published.status, published.made_for) == (Topic.Status.PUBLISHED, None)
    kakao.linked.add(KAKAO_ID)
    while unlink_step():
        pass
    assert in_tables(str(KAKAO_ID)) == set()
