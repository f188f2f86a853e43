"""/admin/accounts/term/ and policy/: every version of what people consent to"""

from datetime import timedelta

import pytest
from django.test import Client

from accounts.legal_admin import texts_at
from accounts.models import Policy, Term, TermSection, User
from tokpik.history import events_of

AT = "/admin/accounts/term/at/"


@pytest.fixture
def staff(db):
    client = Client()
    client.force_login(User.objects.create_staff(username="staff", password="x", is_superuser=True))
    return client


@pytest.fixture
def march(db):
    """Texts of January that changed in April: their events are moved to those days."""
    term = Term.objects.create(title="이용약관")
    for number in (1, 2):
        TermSection.objects.create(
            term=term, main_category=1, sub_category=number, title=f"{number}항", content="옛 글"
        )
    Policy.objects.create(title="1. 목적", content="옛 목적")
    happened("2026-01-01T00:00:00Z", label="insert")
    TermSection.objects.filter(sub_category=1).update(content="새 글")
    TermSection.objects.filter(sub_category=2).delete()
    Policy.objects.update(content="새 목적")
    Policy.objects.create(title="2. 위탁", content="새 위탁")
    for model in (Term, TermSection, Policy):
        events_of(model, pgh_created_at__gt="2026-01-02T00:00:00Z").update(pgh_created_at="2026-04-01T00:00:00Z")


def happened(moment, label):
    for model in (Term, TermSection, Policy):
        events_of(model, pgh_label=label).update(pgh_created_at=moment)


def contents(staff, at):
    answer = staff.get(AT, {"at": at})
    assert answer.status_code == 200
    return [part["content"] for text in answer.context["texts"] for part in text["parts"]]


def test_the_texts_of_a_day_are_shown(staff, march):
    assert contents(staff, "2026-03-14") == ["옛 글", "옛 글", "옛 목적"]
    assert contents(staff, "2026-04-02") == ["새 글", "새 목적", "새 위탁"]
    assert contents(staff, "") == ["새 글", "새 목적", "새 위탁"]
    assert contents(staff, "2025-12-31") == []


def test_a_change_counts_from_its_very_moment(staff, march):
    event = events_of(Policy, pgh_label="update").first()
    assert texts_at(event.pgh_created_at)[1]["parts"][0]["content"] == "새 목적"
    before = event.pgh_created_at - timedelta(microseconds=1)
    assert texts_at(before)[1]["parts"][0]["content"] == "옛 목적"
    assert contents(staff, "2026-04-01T08:59:59+09:00")[-1] == "옛 목적"


@pytest.mark.parametrize("at", ["x", "2026-13-01", "2026-03-14T10:00:00", "9999-12-31T23:59:59.999999Z", "٢٠٢٦-٠٣-١٤"])
def test_what_is_no_day_is_said(staff, march, at):
    assert staff.get(AT, {"at": at}).status_code == 200


def test_the_history_of_a_document_has_its_sections(staff, march):
    content = staff.get(f"/admin/accounts/term/{Term.objects.get().pk}/history/").content.decode()
    assert "옛 글" in content
    assert "약관 조항 ‘2항’" in content


def test_only_who_may_see_terms_does(march):
    client = Client()
    client.force_login(User.objects.create_staff(username="viewer", password="x"))
    assert client.get(AT).status_code == 403
