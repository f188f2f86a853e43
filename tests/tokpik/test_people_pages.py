"""The pages about people: what is masked, what is found, and how many statements a list takes."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Session, User
from accounts.roles import give_role
from notifications.models import Notification, Push
from scraps import admin as scraps_admin
from scraps.models import Scrap
from tests.factories import NotificationFactory, PhoneFactory, ScrapFactory, ScrapTopicFactory, UserFactory

LISTS = [User, Session, Scrap, Notification, Push]


@pytest.fixture
def support(roles):
    user = User.objects.create_staff(username="support", password="x")
    give_role(user, "support")
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def people(db):
    """Six, each with a phone, a folder, a reminder and a push of it."""
    now = timezone.now()
    users = []
    for number in range(6):
        phone = PhoneFactory(user__kakao_id=5_000_000_100 + number, device=f"폰 {number}")
        ScrapTopicFactory(scrap__user=phone.user)
        reminder = NotificationFactory(scrap=phone.user.scraps.get())
        Push.objects.create(notification=reminder, slot=0, session_id=phone.pk, outcome="sent", due_at=now, done_at=now)
        users.append(phone.user)
    return users


def page(model, name="changelist", *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def rows(client, model, **query):
    """How many a list shows."""
    return client.get(page(model), query).context["cl"].result_list.__len__()


@pytest.mark.parametrize("model", LISTS, ids=str)
def test_a_list_takes_as_many_statements_for_six_as_for_three(support, people, model):
    support.get(page(model))
    with CaptureQueriesContext(connection) as of_six:
        support.get(page(model))
    Push.objects.filter(notification__scrap__user__in=people[:3]).delete()
    User.objects.filter(pk__in=[user.pk for user in people[:3]]).delete()
    with CaptureQueriesContext(connection) as of_three:
        support.get(page(model))
    assert len(of_six) == len(of_three) <= 20


def test_e_mail_and_kakao_number_are_masked_in_the_list(support):
    UserFactory(kakao_id=1234567890, email="somebody@example.com")
    content = support.get(page(User)).content.decode()
    assert "*******890" in content
    assert "s*******@example.com" in content
    assert "1234567890" not in content
    assert "somebody@" not in content


@pytest.mark.parametrize(("kakao_id", "masked"), [(1234567890, "*******890"), (-7, "-7"), (12, "12"), (None, "")])
def test_the_mask_keeps_the_last_three_digits(kakao_id, masked):
    assert User(kakao_id=kakao_id).masked_kakao_id == masked


@pytest.mark.parametrize("model", [User, Session, Scrap, Notification, Push], ids=str)
def test_somebody_is_found_by_their_whole_number_only(support, people, model):
    assert rows(support, model, q="5000000103") == 1
    assert rows(support, model, q="500000010") == 0
    assert rows(support, model, q=str(2**63)) == 0


def test_a_made_up_person_is_found_by_their_negative_number(support):
    UserFactory(kakao_id=-77)
    assert rows(support, User, q="-77") == 1


def test_words_find_names(support, people):
    ScrapFactory(name="소개팅 필승")
    assert rows(support, Scrap, q="소개팅") == 1
    assert rows(support, Session, q="폰 3") == 1
    assert rows(support, Push, q="아무개") == 0


def test_lists_are_narrowed_by_role_and_by_life(support, people):
    Session.objects.filter(user=people[0]).update(revoked_at=timezone.now())
    assert rows(support, Session, living="yes") == 5
    assert rows(support, Session, living="ended") == 1


def test_staff_are_seen_by_who_gives_them_roles_and_by_nobody_else(support, people):
    admin = Client()
    admin.force_login(User.objects.create_staff(username="boss", password="x", is_superuser=True))
    assert rows(admin, User, q="supp") == 1
    assert rows(admin, User, role="support") == 1
    assert rows(admin, User, role="staff") == 2
    assert rows(admin, User, role="person") == rows(support, User) == 6
    assert rows(support, User, q="supp") == 0
    boss = User.objects.get(username="boss")
    for name in ("change", "history"):
        answer = support.get(page(User, name, boss.pk))
        assert answer["Location"] == reverse("admin:index")


def test_a_session_says_whether_it_holds_a_phone_and_not_which(support):
    phone = PhoneFactory(push_target="secret-target")
    content = support.get(page(Session, "change", phone.pk)).content.decode()
    assert "푸시" in content
    assert "secret-target" not in content
    assert phone.push_target_hash not in content


def test_a_folder_shows_its_newest_entries(support, monkeypatch):
    monkeypatch.setattr(scraps_admin, "ENTRIES_SHOWN", 2)
    scrap = ScrapFactory()
    entries = [ScrapTopicFactory(scrap=scrap) for _ in range(3)]
    content = support.get(page(Scrap, "change", scrap.pk)).content.decode()
    assert [bool(re.search(re.escape(entry.topic.title) + r"\b", content)) for entry in entries] == [False, True, True]
    assert re.search(r"담은 주제.*?3", content, re.DOTALL)
