"""POST /login/kakao: how often one person may sign in, whatever the address."""

from uuid import uuid4

import pytest

from accounts import views
from accounts.models import Session, User
from tokpik.throttling import Limit


@pytest.mark.django_db
def test_signing_in_is_bounded_by_person_and_leaves_no_session_beyond(nobody, kakao, monkeypatch):
    monkeypatch.setattr(views, "SIGN_INS_A_DAY", Limit(uuid4().hex, 2))
    statuses = [nobody.post("/login/kakao", {"code": kakao.grant(77)}, format="json").status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]
    assert Session.objects.filter(user=User.objects.get(kakao_id=77)).count() == 2
    assert nobody.post("/login/kakao", {"code": kakao.grant(78)}, format="json").status_code == 200
