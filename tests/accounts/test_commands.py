"""The commands issue_token, create_staff and create_demo_staff."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.models import User
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
GOOD = "a quiet place to think"


def run(name, *args, **options):
    out = io.StringIO()
    call_command(name, *args, stdout=out, **options)
    return out.getvalue()


def whose(access):
    return APIClient().get("/users/tags", HTTP_AUTHORIZATION=f"Bearer {access}").json()["userId"]


def test_issue_token_prints_one_json_line_for_a_made_up_person():
    line = run("issue_token")
    assert line.count("\n") == 1
    pair = json.loads(line)
    assert set(pair) == {"accessToken", "refreshToken"}
    assert whose(pair["accessToken"]) == User.objects.get(kakao_id=-1).pk
    assert APIClient().post("/refresh", {"refreshToken": pair["refreshToken"]}, format="json").status_code == 200


def test_issue_token_signs_the_same_person_in_again():
    first, second = (whose(json.loads(run("issue_token"))["accessToken"]) for _ in range(2))
    assert first == second


def test_issue_token_signs_in_whom_it_is_told():
    user = UserFactory()
    assert whose(json.loads(run("issue_token", "--user", str(user.pk)))["accessToken"]) == user.pk


def test_issue_token_says_that_there_is_nobody():
    gone = UserFactory(is_active=False)
    for pk in (gone.pk, 999_999_999):
        with pytest.raises(CommandError, match="no active user"):
            run("issue_token", "--user", str(pk))


def test_issue_token_is_for_development_only(settings):
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError, match="PROFILE=development only"):
        run("issue_token")


def test_create_staff_reads_the_password_from_a_pipe(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(GOOD + "\n"))
    assert "kim can sign in" in run("create_staff", "kim")
    kim = User.objects.get(username="kim")
    assert kim.is_staff
    assert kim.is_superuser
    assert kim.check_password(GOOD)


@pytest.mark.parametrize("role", ["curator", "support", "viewer"])
def test_create_staff_gives_a_role(monkeypatch, roles, role):
    monkeypatch.setattr("sys.stdin", io.StringIO(GOOD + "\n"))
    run("create_staff", "kim", "--role", role)
    kim = User.objects.get(username="kim")
    assert not kim.is_superuser
    assert [group.name for group in kim.groups.all()] == [role]


@pytest.mark.parametrize("password", ["", "short", "password1234", "123456789012", "kim-kim-kim-kim"])
def test_create_staff_refuses_a_weak_password(monkeypatch, password):
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    with pytest.raises(CommandError):
        run("create_staff", "kim-kim-kim")
    assert not User.objects.exists()


def test_create_staff_refuses_a_name_that_is_taken(monkeypatch):
    User.objects.create_staff(username="kim", password=GOOD)
    monkeypatch.setattr("sys.stdin", io.StringIO(GOOD + "\n"))
    with pytest.raises(CommandError, match="already"):
        run("create_staff", "kim")


def test_create_demo_staff_sets_the_password_of_the_environment(monkeypatch):
    for password in ("first", "second", "second"):
        monkeypatch.setenv("DEMO_STAFF_PASSWORD", password)
        run("create_demo_staff")
        assert User.objects.get(username="demo").check_password(password)


def test_create_demo_staff_is_for_development_only(settings, monkeypatch):
    monkeypatch.setenv("DEMO_STAFF_PASSWORD", "x")
    settings.DEVELOPMENT = False
    with pytest.raises(CommandError, match="development"):
        run("create_demo_staff")
