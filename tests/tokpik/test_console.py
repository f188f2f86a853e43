"""The console at /admin/: every page of every model opens for staff, and none for anybody else."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.models import KakaoNotice, KakaoUnlink, Policy, Session, Term, User
from notifications.models import Notification, Push
from scraps.models import Scrap
from tests.factories import NotificationFactory, ScrapTopicFactory, TopicDetailFactory, UserFactory
from topics.models import Topic
from topics.versions import version_of

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)


def page(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.fixture
def staff(db):
    client = Client()
    client.force_login(User.objects.create_staff(username="staff", password="x", is_superuser=True))
    return client


@pytest.fixture
def rows(sign_in):
    """One row at least of every model that has a page."""
    sign_in()
    TopicDetailFactory(topic=ScrapTopicFactory().topic)
    KakaoUnlink.objects.create(kakao_id=1)
    KakaoNotice.objects.create(kakao_id=1)
    Term.objects.create(title="이용약관")
    Policy.objects.create(title="1. 목적", content="내용")
    now = timezone.now()
    reminder = NotificationFactory()
    Push.objects.create(notification=reminder, slot=0, outcome="missed", reason="no_phone", due_at=now, done_at=now)


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_the_list_of_every_model_opens(staff, rows, model):
    assert staff.get(page(model, "changelist")).status_code == 200


@pytest.mark.parametrize("model", [Topic, Scrap, User, Session, Term, Policy, KakaoUnlink, Notification, Push], ids=str)
def test_a_row_of_every_model_opens(staff, rows, model):
    assert staff.get(page(model, "change", model.objects.first().pk)).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_nobody_else_gets_in(rows, model):
    person = Client()
    person.force_login(UserFactory())
    for client in (Client(), person):
        answer = client.get(page(model, "changelist"))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


def test_tokens_and_push_targets_are_nowhere(staff, rows):
    assert not {OutstandingToken, BlacklistedToken} & set(MODELS)
    session = Session.objects.get()
    Session.objects.update(push_target="phone-of-somebody", push_target_hash="0" * 64)
    for path in (page(Session, "changelist"), page(Session, "change", session.pk)):
        assert "phone-of-somebody" not in staff.get(path).content.decode()


def test_e_mails_are_masked(staff):
    user = UserFactory(email="somebody@example.com")
    for path in (page(User, "changelist"), page(User, "change", user.pk)):
        content = staff.get(path).content.decode()
        assert "somebody@example.com" not in content
        assert "s*******@example.com" in content


def test_staff_end_sessions(staff, client):
    session = Session.objects.get()
    staff.post(page(Session, "changelist"), {"action": "end", "_selected_action": [str(session.pk)]})
    session.refresh_from_db()
    assert session.revoked_why == Session.Ending.STAFF
    assert client.get("/users/profiles").json()["code"] == "session_revoked"


def test_staff_make_another_of_them(staff, roles):
    form = {"username": "second", "role": "curator"}
    form |= dict.fromkeys(("password1", "password2"), "a quiet place to think")
    assert staff.post(page(User, "add"), form).status_code == 302
    second = User.objects.get(username="second")
    assert second.is_staff
    assert second.check_password("a quiet place to think")
    assert [group.name for group in second.groups.all()] == ["curator"]


def test_staff_deactivate_a_person_whose_tokens_stop(staff, client):
    user = client.user
    assert staff.post(page(User, "change", user.pk), {"username": ""}).status_code == 302
    user.refresh_from_db()
    assert (user.is_active, user.username) == (False, None)
    assert client.get("/users/profiles").json()["code"] == "session_revoked"


def test_a_topic_is_written_with_its_details_and_shown(staff, client):
    topic = TopicDetailFactory().topic
    form = {
        "title": "새 제목",
        "subtitle": "새 부제",
        "situation": topic.situation_id,
        "purposes": "친목,일상",
        "moods": "",
        "topic_tag": topic.topic_tag_id,
        "place_tag": topic.place_tag_id,
        "status": "published",
        "version": version_of(topic),
        "details-TOTAL_FORMS": 1,
        "details-INITIAL_FORMS": 1,
        "details-0-id": topic.details.get().pk,
        "details-0-topic": topic.pk,
        "details-0-position": 1,
        "details-0-title": "이렇게 물어요",
        "details-0-content": "무엇을 좋아하세요?",
    }
    assert staff.post(page(Topic, "change", topic.pk), form).status_code == 302
    answer = client.get(f"/topics/{topic.pk}/details").json()
    assert answer["details"] == [{"itemTitle": "이렇게 물어요", "itemContent": "무엇을 좋아하세요?"}]
    topic.refresh_from_db()
    assert (topic.title, topic.purposes) == ("새 제목", ["친목", "일상"])


@pytest.mark.parametrize("bad", ["사랑 & 우정", "100% 진심", "질문 #1", "너 + 나"])
def test_a_title_that_would_break_the_clients_url_is_refused(staff, bad):
    topic = TopicDetailFactory().topic
    answer = staff.post(page(Topic, "change", topic.pk), {"title": bad})
    assert "제목에는" in answer.content.decode()
    topic.refresh_from_db()
    assert topic.title != bad
