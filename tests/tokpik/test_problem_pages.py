"""What the console shows in the place of a page: a sentence in Korean, and the way back."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User


@pytest.fixture
def staff(db):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(User.objects.create_staff(username="nobody", password="x"))
    return client


def crash(*args, **kwargs):
    raise ZeroDivisionError


def refused(answer, status, sentence):
    page = answer.content.decode()
    assert answer.status_code == status
    assert sentence in page
    assert f'href="{reverse("admin:index")}"' in page
    assert not re.search(r">[^<가-힣]*[A-Za-z]{3,}[^<가-힣]*<", page.split("<body")[1])


def test_what_a_role_does_not_include(staff):
    refused(staff.get("/admin/topics/topic/"), 403, "맡은 역할에 들어 있지 않습니다")


def test_what_is_not_there(staff):
    refused(staff.get("/admin/topics/nonsense/"), 404, "없는 화면입니다")


def test_a_form_that_comes_from_elsewhere(staff):
    refused(staff.post("/admin/login/", {"username": "x", "password": "y"}), 403, "다시 보내 주세요")


def test_a_crash(staff, monkeypatch):
    # Not even the static files are there.
    monkeypatch.setattr("django.contrib.staticfiles.storage.staticfiles_storage.url", crash)
    monkeypatch.setattr("tokpik.dashboard.fill", crash)
    refused(staff.get("/admin/"), 500, "문제가 생겼습니다")


def test_a_query_that_is_too_long(db):
    refused(Client().get("/admin/login/", dict.fromkeys(map(str, range(1_001)), "x")), 400, "잘못된 요청입니다")
