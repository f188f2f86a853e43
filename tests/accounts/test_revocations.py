"""Whatever ends a session leaves a revocation, written by the database itself."""

from datetime import timedelta

import pytest
from django.contrib.admin.sites import site
from django.db import connection, transaction
from django.test import RequestFactory
from django.utils import timezone

from accounts import revocations, services, sessions, tokens
from accounts.admin import SessionAdmin
from accounts.models import Revocation, Session, User
from tests.factories import UserFactory
from tokpik import reading

pytestmark = pytest.mark.django_db
Ending = Session.Ending


def pair_of(user):
    with transaction.atomic():
        return sessions.begin_session(user=user, device="", now=timezone.now())


def sql(statement, *params):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def saved_as_ended(session):
    session.revoked_at = timezone.now()
    session.save()


@pytest.fixture
def session():
    """A living session of somebody; `pair` are its tokens."""
    pair = pair_of(UserFactory())
    made = Session.objects.get(pk=tokens.session_named_by(pair.access))
    made.pair = pair
    return made


def sids():
    return sorted(Revocation.objects.values_list("sid", flat=True))


def reuse(session):
    now = timezone.now()
    first = tokens.read(tokens.RefreshToken, session.pair.refresh)
    child = sessions._rotate(first, now)
    sessions._rotate(tokens.read(tokens.RefreshToken, child.refresh), now)
    assert isinstance(sessions._rotate(first, now), sessions.RefreshReused)


def surplus(session):
    for _ in range(20):
        pair_of(session.user)


def save_deactivated(session):
    user = User.objects.get(pk=session.user_id)
    user.is_active = False
    user.save()


def end_in_the_console(session):
    class Console(SessionAdmin):
        def message_user(self, request, message):
            assert message.startswith("세션 1개를 끝냈습니다.")

    Console(Session, site).end(RequestFactory().post("/"), Session.objects.filter(pk=session.pk))


def replace(session):
    sessions.begin_session(user=session.user, device="", now=timezone.now(), replacing=session.pk)


def end(session, why=Ending.LOGOUT):
    sessions.end_sessions(Session.objects.filter(pk=session.pk), why=why, now=timezone.now())


# How a session can end, and what is told of it then; None where its row is gone.
WAYS = {
    "a logout": (end, Ending.LOGOUT),
    "a logout by token": (
        lambda s: sessions.end_named_session(s.pk, why=Ending.LOGOUT, now=timezone.now()),
        Ending.LOGOUT,
    ),
    "ended from elsewhere": (
        lambda s: sessions.end_own_session(user=s.user, session_id=s.pk, now=timezone.now()),
        Ending.ELSEWHERE,
    ),
    "all ended": (lambda s: sessions.end_all_sessions(user=s.user, now=timezone.now()), Ending.LOGOUT),
    "replaced by a login": (replace, Ending.REPLACED),
    "one too many": (surplus, Ending.SURPLUS),
    "reuse": (reuse, Ending.REUSE),
    "staff": (end_in_the_console, Ending.STAFF),
    "user deactivated by save": (save_deactivated, Ending.INACTIVE),
    "user deactivated by update": (
        lambda s: User.objects.filter(pk=s.user_id).update(is_active=False),
        Ending.INACTIVE,
    ),
    "user deactivated by SQL": (
        lambda s: sql("UPDATE accounts_user SET is_active = false WHERE id = %s", s.user_id),
        Ending.INACTIVE,
    ),
    "user deactivated by bulk_update": (
        lambda s: User.objects.bulk_update([User(pk=s.user_id, is_active=False)], ["is_active"]),
        Ending.INACTIVE,
    ),
    "ended by save": (lambda s: saved_as_ended(s), ""),
    "ended by SQL": (lambda s: sql("UPDATE accounts_session SET revoked_at = now() WHERE id = %s", s.pk), ""),
    "session deleted": (lambda s: Session.objects.get(pk=s.pk).delete(), None),
    "session deleted in bulk": (lambda s: Session.objects.filter(pk=s.pk).delete(), None),
    "session deleted by SQL": (lambda s: sql("DELETE FROM accounts_session WHERE id = %s", s.pk), None),
    "user deleted by the service": (lambda s: services.delete_user(user=s.user), None),
    "user deleted after an unlink": (lambda s: services.delete_user(user=s.user, tell_kakao=False), None),
    "user deleted by the ORM": (lambda s: User.objects.get(pk=s.user_id).delete(), None),
    "users deleted in bulk": (lambda s: User.objects.filter(pk=s.user_id).delete(), None),
}


@pytest.mark.parametrize(("way", "why"), WAYS.values(), ids=WAYS)
def test_it_leaves_one_revocation_that_is_known_after_the_next_reading(session, client, way, why):
    """`client` is somebody else's session."""
    way(session)
    assert sids() == [tokens.mark(session.pk)]
    row = Session.objects.filter(pk=session.pk).first()
    if why is None:
        assert row is None
    else:
        assert row.revoked_at is not None
        assert (row.revoked_why, row.push_target_hash) == (why, None)
    reading.current.take()
    assert revocations.has_ended(session.pk)
    assert not revocations.has_ended(tokens.session_named_by(client.pair.access))


def test_by_sql_alone_a_user_and_what_hangs_on_it_can_be_deleted(session):
    """As somebody would in psql."""
    sql("DELETE FROM token_blacklist_outstandingtoken WHERE user_id = %s", session.user_id)
    sql("DELETE FROM accounts_session WHERE user_id = %s", session.user_id)
    sql("DELETE FROM accounts_user WHERE id = %s", session.user_id)
    assert sids() == [tokens.mark(session.pk)]


def test_all_that_end_in_one_statement_leave_a_row_each(session):
    pairs = [pair_of(UserFactory()) for _ in range(30)]
    assert Session.objects.update(revoked_at=timezone.now()) == 31
    assert len(sids()) == 31
    reading.current.take()
    assert all(revocations.has_ended(tokens.session_named_by(pair.access)) for pair in pairs)


def test_many_users_deactivated_in_one_statement(session):
    for _ in range(10):
        pair_of(UserFactory())
    pair_of(session.user)
    User.objects.update(is_active=False)
    assert len(sids()) == 12
    assert set(Session.objects.values_list("revoked_why", flat=True)) == {Ending.INACTIVE}


def test_deactivation_silences_the_phone(session):
    Session.objects.update(push_target="phone", push_target_hash="f" * 64)
    User.objects.update(is_active=False)
    row = Session.objects.get()
    assert (row.push_target, row.push_target_hash) == ("", None)


def test_what_ended_before_is_not_told_again(session):
    end(session)
    end(session, Ending.STAFF)
    save_deactivated(session)
    Session.objects.update(revoked_at=timezone.now())
    Session.objects.all().delete()
    assert sids() == [tokens.mark(session.pk)]


def test_what_ends_nothing_leaves_nothing(session):
    user = session.user
    session.device = "iPhone · Safari"
    session.save()
    user.save()
    User.objects.update(is_active=True, email="new@example.com")
    inactive = UserFactory(is_active=False)
    User.objects.filter(pk=inactive.pk).update(is_active=True)
    sessions._rotate(tokens.read(tokens.RefreshToken, session.pair.refresh), timezone.now())
    sessions.register_push_target(user=user, session_id=session.pk, target="phone")
    assert sids() == []


def test_an_ending_that_is_rolled_back_leaves_nothing(session):
    class Undone(Exception):
        pass

    def undone():
        with transaction.atomic():
            end(session)
            raise Undone

    with pytest.raises(Undone):
        undone()
    assert sids() == []
    reading.current.take()
    assert not revocations.has_ended(session.pk)


@pytest.mark.parametrize("commits", [True, False])
def test_the_process_that_ends_it_knows_when_and_only_when_it_commits(
    session, commits, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=commits):
        end(session)
        assert not revocations.has_ended(session.pk)
    assert revocations.has_ended(session.pk) is commits


def test_so_does_the_process_that_deletes_a_user(session, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_user(user=session.user)
    assert revocations.has_ended(session.pk)


def test_it_is_read_for_as_long_as_an_access_token_may_live(session):
    young, old = (pair_of(UserFactory()) for _ in range(2))
    for pair, age in ((young, timedelta(hours=5, minutes=1)), (old, timedelta(hours=5, minutes=11))):
        sid = tokens.session_named_by(pair.access)
        Session.objects.filter(pk=sid).delete()
        Revocation.objects.filter(sid=tokens.mark(sid)).update(at=timezone.now() - age)
    reading.Reading().take()
    assert revocations.has_ended(tokens.session_named_by(young.access))
    assert not revocations.has_ended(tokens.session_named_by(old.access))


def test_the_console_shows_neither_tokens_nor_push_targets_nor_lets_them_be_changed(session):
    admin = SessionAdmin(Session, site)
    request = RequestFactory().get("/")
    request.user = UserFactory(is_staff=True, is_superuser=True)
    shown = {*admin.list_display, *admin.get_fields(request, session)}
    assert not [name for name in shown if "push" in str(name) or "token" in str(name)]
    assert not admin.has_change_permission(request, session)
    assert "end" in admin.get_actions(request)
    request.user = UserFactory(is_staff=True)
    assert "end" not in admin.get_actions(request)
