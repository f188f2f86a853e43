"""What each role may do in the console: every page and action, allowed or 403, through the page itself."""

import io
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Policy, Session, Term, User
from accounts.roles import give_role
from notifications.models import Notification, Push
from scraps.models import Scrap
from tests.factories import NotificationFactory, PhoneFactory, ScrapTopicFactory, TopicDetailFactory, UserFactory
from tokpik.models import HourlyCounts
from topics.models import PlaceTag, Topic, TopicTag

ROLES = ["curator", "support", "viewer", "admin"]
# Page or action, and who may. What nobody may is said too.
MAY = {
    ("dashboard",): "curator support viewer admin",
    ("list", Topic): "curator support viewer admin",
    ("row", Topic): "curator support viewer admin",
    ("add", Topic): "curator admin",
    ("save", Topic): "curator admin",
    ("delete", Topic): "curator admin",
    ("review",): "curator admin",
    ("import",): "curator admin",
    ("export",): "curator support viewer admin",
    ("list", TopicTag): "curator support viewer admin",
    ("add", TopicTag): "curator admin",
    ("save", PlaceTag): "curator admin",
    ("list", Term): "curator support viewer admin",
    ("save", Term): "curator admin",
    ("add", Policy): "curator admin",
    ("list", HourlyCounts): "curator viewer admin",
    ("drop",): "curator admin",
    ("list", User): "support admin",
    ("row", User): "support admin",
    ("deactivate a person",): "support admin",
    ("add", User): "admin",
    ("delete", User): "",
    ("row of one of the staff",): "admin",
    ("save one of the staff",): "admin",
    ("password of one of the staff",): "admin",
    ("password of a person",): "",
    ("list", Session): "support admin",
    ("row", Session): "support admin",
    ("end",): "support admin",
    ("add", Session): "",
    ("delete", Session): "",
    ("list", Scrap): "support admin",
    ("row", Scrap): "support admin",
    ("add", Scrap): "",
    ("delete", Scrap): "",
    ("list", Notification): "support admin",
    ("row", Notification): "support admin",
    ("delete", Notification): "",
    ("list", Push): "support admin",
    ("row", Push): "support admin",
    ("delete", Push): "",
}


def page(model, name, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def of_role(role):
    user = User.objects.create_staff(username=f"{role}-at-work", password="x")
    give_role(user, role)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def rows(roles):
    """One at least of each; `person` and `colleague` are two users."""
    phone = PhoneFactory()
    TopicDetailFactory()
    ScrapTopicFactory(scrap__user=phone.user)
    Term.objects.create(title="이용약관")
    now = timezone.now()
    reminder = NotificationFactory(user=phone.user)
    Push.objects.create(notification=reminder, slot=0, outcome="missed", reason="no_phone", due_at=now, done_at=now)
    User.objects.create_staff(username="colleague", password="x")
    return phone


ASKED = {
    "dashboard": lambda client, rows: client.get(reverse("admin:index")),
    "list": lambda client, rows, model: client.get(page(model, "changelist")),
    "row": lambda client, rows, model: client.get(page(model, "change", of(model, rows).pk)),
    "add": lambda client, rows, model: client.get(page(model, "add")),
    "save": lambda client, rows, model: client.post(page(model, "change", of(model, rows).pk), {}),
    "delete": lambda client, rows, model: client.get(page(model, "delete", of(model, rows).pk)),
    "review": lambda client, rows: client.get(page(Topic, "review")),
    "import": lambda client, rows: client.get(page(Topic, "import")),
    "export": lambda client, rows: client.get(page(Topic, "export")),
    "drop": lambda client, rows: client.post(page(HourlyCounts, "drop"), {"all": "1"}),
    "end": lambda client, rows: client.post(
        page(Session, "changelist"), {"action": "end", "_selected_action": [str(rows.pk)]}
    ),
    "deactivate a person": lambda client, rows: client.post(page(User, "change", rows.user.pk), {}),
    "row of one of the staff": lambda client, rows: client.get(page(User, "change", colleague().pk)),
    "save one of the staff": lambda client, rows: client.post(page(User, "change", colleague().pk), {"role": "admin"}),
    "password of one of the staff": lambda client, rows: client.get(password_page(colleague())),
    "password of a person": lambda client, rows: client.get(password_page(rows.user)),
}


def ask(client, what, rows):
    """The answer of that page, or to that action."""
    name, *models = what
    return ASKED[name](client, rows, *models)


def colleague():
    return User.objects.get(username="colleague")


def password_page(user):
    return reverse("admin:auth_user_password_change", args=[user.pk])


def of(model, rows):
    if model is User:
        return rows.user
    return model.objects.order_by("pk").first()


def is_refusal(answer):
    """Forbidden, or as if it were not there: then the console leads back to its first page."""
    return answer.status_code == 403 or answer.get("Location") == reverse("admin:index")


@pytest.mark.parametrize("role", ROLES)
def test_each_role_gets_exactly_what_it_may(rows, role):
    client = of_role(role)
    wrong = {}
    for what, who in MAY.items():
        answer = ask(client, what, rows)
        if is_refusal(answer) == (role in who.split()) or answer.status_code not in (200, 302, 403):
            wrong[what] = answer.status_code
    assert not wrong


@pytest.mark.parametrize("role", ["curator", "viewer"])
def test_who_may_not_end_sessions_ends_none(rows, role):
    ask(of_role(role), ("end",), rows)
    rows.refresh_from_db()
    assert rows.revoked_at is None


def test_support_ends_a_session_and_deactivates_a_person(rows):
    client = of_role("support")
    ask(client, ("end",), rows)
    rows.refresh_from_db()
    assert rows.revoked_why == Session.Ending.STAFF
    ask(client, ("deactivate a person",), rows)
    rows.user.refresh_from_db()
    assert not rows.user.is_active


def test_support_gives_nobody_a_role(rows):
    client = of_role("support")
    client.post(
        page(User, "change", rows.user.pk), {"is_active": "on", "role": "admin", "is_superuser": "on", "is_staff": "on"}
    )
    rows.user.refresh_from_db()
    assert not rows.user.is_staff
    assert not rows.user.is_superuser
    assert not rows.user.groups.exists()


@pytest.mark.parametrize("role", ROLES)
def test_an_admin_gives_a_role_in_the_place_of_another(rows, role):
    give_role(colleague(), "support")
    form = {"username": "colleague", "is_active": "on", "role": role}
    assert of_role("admin").post(page(User, "change", colleague().pk), form).status_code == 302
    assert colleague().is_superuser == (role == "admin")
    assert [group.name for group in colleague().groups.all()] == ([] if role == "admin" else [role])


def test_an_admin_cannot_lock_themselves_out(rows):
    client = of_role("admin")
    me = User.objects.get(username="admin-at-work")
    client.post(page(User, "change", me.pk), {"username": "admin-at-work", "role": "viewer"})
    me.refresh_from_db()
    assert me.is_active
    assert me.is_superuser


@pytest.mark.parametrize("what", MAY, ids=lambda what: " ".join(str(part) for part in what))
def test_nobody_without_a_staff_login_gets_in(rows, what):
    person = Client()
    person.force_login(UserFactory())
    for client in (Client(), person):
        answer = ask(client, what, rows)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


def test_who_is_deactivated_is_out_with_the_next_request(rows):
    client = of_role("curator")
    assert client.get(reverse("admin:index")).status_code == 200
    User.objects.filter(username="curator-at-work").update(is_active=False)
    assert client.get(reverse("admin:index")).status_code == 302


def test_the_roles_may_be_made_again(roles):
    def rights():
        return {group.name: set(group.permissions.values_list("codename", flat=True)) for group in Group.objects.all()}

    migration = import_module("tokpik.migrations.0003_roles")
    before, permissions = rights(), Permission.objects.count()
    assert set(before) == {"curator", "support", "viewer"}
    with connection.schema_editor() as editor:
        migration.make_roles(apps, editor)
        assert rights() == before
        migration.drop_roles(apps, editor)
        assert rights() == {}
        migration.make_roles(apps, editor)
    assert rights() == before
    # Those that Django makes after every migration are the same ones.
    call_command("migrate", verbosity=0, stdout=io.StringIO())
    assert Permission.objects.count() == permissions


def test_one_of_the_staff_cannot_be_left_without_a_name(rows):
    answer = of_role("admin").post(page(User, "change", colleague().pk), {"username": "", "role": "viewer"})
    assert "직원 아이디를 입력해 주세요." in answer.content.decode()
    assert colleague().is_active
