"""A session is a family of refresh tokens: it begins at a login and is rotated by `POST /refresh`."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts import revocations
from accounts.locks import writing_for
from accounts.models import Session, SessionQuerySet, User
from accounts.tokens import Pair, RefreshToken, child_jti, key_ring, make_pair
from tokpik.errors import NotFound, Problem, RefreshReused, SessionRevoked, TokenInvalid

# The old token's unique row in the blacklist is the compare-and-set: whoever inserts it has rotated. `owner` locks the
# user, as every write for one does, then `alive` the session against its end; nothing is written for a session that
# has ended or a token that is spent.
ROTATE = """
WITH owner AS (
    SELECT id FROM accounts_user WHERE id = %(user)s AND is_active FOR NO KEY UPDATE
), alive AS (
    SELECT accounts_session.id FROM owner
    JOIN accounts_session ON accounts_session.id = %(session)s AND user_id = owner.id AND revoked_at IS NULL
    FOR NO KEY UPDATE OF accounts_session
), spent AS (
    INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at)
    SELECT parent.id, %(now)s FROM token_blacklist_outstandingtoken parent, alive WHERE parent.jti = %(parent)s
    ON CONFLICT (token_id) DO NOTHING
    RETURNING token_id
), used AS (
    UPDATE accounts_session SET last_used_at = greatest(last_used_at, %(now)s)
    FROM spent WHERE accounts_session.id = %(session)s
), child AS (
    INSERT INTO token_blacklist_outstandingtoken (user_id, jti, token, created_at, expires_at)
    SELECT %(user)s, %(jti)s, %(digest)s, %(now)s, %(expires_at)s FROM spent
)
SELECT EXISTS (SELECT FROM alive), EXISTS (SELECT FROM spent)
"""


# A sign-in beyond these ends the session that was longest unused.
LIVING_MOST = 20


def begin_session(*, user: User, device: str, now: datetime, replacing: UUID | None = None) -> Pair:
    """A session for someone who has just proved who they are, and its first pair.

    `replacing` names the session whose token the login carried: it ends, and its push target moves along when it is
    the same person's. Call inside a transaction that holds the user's row.
    """
    session = Session(user=user, device=device, created_at=now, last_used_at=now)
    others = Session.objects.filter(user=user).exclude(pk__in=[replacing] if replacing else [])
    living = others.living(now).order_by("-last_used_at", "pk")
    surplus = list(living.values_list("pk", flat=True)[LIVING_MOST - 1 :])
    make_room(session, replacing, surplus, now)
    session.save(force_insert=True)
    end = now + settings.SESSION_LIFETIME
    pair = make_pair(user_id=user.pk, session_id=session.pk, jti=uuid4(), issued_at=now, end=end)
    OutstandingToken.objects.create(
        user=user, jti=pair.jti.hex, token=pair.digest, created_at=now, expires_at=pair.expires_at
    )
    return pair


def make_room(session: Session, replaced: UUID | None, surplus: Sequence[UUID], now: datetime) -> None:
    """Ends what makes way for the session. All are locked at once and in order: two logins may replace each other's."""
    concerned = [*surplus, *([replaced] if replaced else [])]
    if not concerned:
        return
    held = Session.objects.not_ended().filter(pk__in=concerned)
    digest = held.filter(pk=replaced).values_list("push_target_hash", flat=True).first() if replaced else None
    if digest:
        lock_push_target(digest)
    locked = {each.pk: each for each in held.select_for_update(no_key=True).order_by("pk")}
    old = locked.pop(replaced, None) if replaced else None
    if locked:
        mark_ended(list(locked), why=Session.Ending.SURPLUS, now=now)
    if old is None:
        return
    mark_ended([old.pk], why=Session.Ending.REPLACED, now=now)
    # A target that came only now, after the look at it, is not ours to move: its phone registers it again.
    if old.user_id == session.user_id and old.push_target_hash == digest:
        session.push_target, session.push_target_hash = old.push_target, old.push_target_hash


def rotate(token: RefreshToken, *, now: datetime) -> Pair:
    """The pair that follows this refresh token, which is spent by it; three statements with BEGIN and COMMIT.

    A token sent again within `REFRESH_GRACE`, while its successor is unused, gets the same successor: a phone that
    lost the answer stays signed in. Any other replay ends the session, and that is committed although an error is
    raised. Raises `SessionRevoked`, `RefreshReused`, or `TokenInvalid` for a token that we do not know.
    """
    # `durable` fails loudly where an outer transaction could roll the ending back (ATOMIC_REQUESTS).
    with transaction.atomic(durable=True):
        outcome = _rotate(token, now)
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


def _rotate(token: RefreshToken, now: datetime) -> Pair | Problem:
    child = _successor(token, issued_at=now)
    with connection.cursor() as cursor:
        cursor.execute(
            ROTATE,
            {
                "session": token.session_id,
                "user": token.user_id,
                "parent": token.jti.hex,
                "now": now,
                "jti": child.jti.hex,
                "digest": child.digest,
                "expires_at": child.expires_at,
            },
        )
        alive, spent = cursor.fetchone()
    if spent:
        return child
    return _replayed(token, now) if alive else SessionRevoked()


def _replayed(token: RefreshToken, now: datetime) -> Pair | Problem:
    """The session lives, and its row is locked; the token is spent, or not one of ours."""
    jti = child_jti(token.session_id, token.jti).hex
    child = OutstandingToken.objects.filter(jti=jti).select_related("blacklistedtoken").order_by().first()
    if child is None:
        return TokenInvalid()
    unused = not hasattr(child, "blacklistedtoken")
    if unused and child.created_at and in_grace(child.created_at, now):
        kid = child.token.partition(":")[0]
        again = _successor(token, issued_at=child.created_at, kid=kid) if kid in key_ring().keys else None
        # A changed setting would make another token of it: then it cannot be given again, and nobody is to blame.
        return again if again and again.digest == child.token else TokenInvalid()
    mark_ended([token.session_id], why=Session.Ending.REUSE, now=now)
    return RefreshReused()


def in_grace(made: datetime, now: datetime) -> bool:
    """Never with a grace of zero, also where two clocks differ."""
    return bool(settings.REFRESH_GRACE) and now - made <= settings.REFRESH_GRACE


def _successor(token: RefreshToken, *, issued_at: datetime, kid: str | None = None) -> Pair:
    return make_pair(
        user_id=token.user_id,
        session_id=token.session_id,
        jti=child_jti(token.session_id, token.jti),
        issued_at=issued_at,
        end=token.end,
        kid=kid,
    )


def end_sessions(sessions: SessionQuerySet, *, why: Session.Ending, now: datetime) -> int:
    """Ends those of `sessions` that have not ended; returns how many. Call inside a transaction.

    Their tokens are refused with this process's next request after the commit, and by every other one within a second.
    """
    ids = list(sessions.not_ended().select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    if ids:
        mark_ended(ids, why=why, now=now)
    return len(ids)


def mark_ended(ids: Sequence[UUID], *, why: Session.Ending, now: datetime) -> None:
    """Of sessions whose rows are locked."""
    Session.objects.filter(pk__in=ids).update(revoked_at=now, revoked_why=why, push_target="", push_target_hash=None)
    transaction.on_commit(lambda: revocations.note(ids))


def end_named_session(session_id: UUID, *, why: Session.Ending, now: datetime) -> None:
    """Ends the session, whosever it is, if there is one: its token was shown."""
    with transaction.atomic():
        end_sessions(Session.objects.filter(pk=session_id), why=why, now=now)


def end_own_session(*, user: User, session_id: UUID, now: datetime) -> None:
    """Raises `NotFound` unless it is a living one of the user's."""
    with writing_for(user):
        own = Session.objects.filter(user=user, pk=session_id).living(now)
        if not end_sessions(own, why=Session.Ending.ELSEWHERE, now=now):
            raise NotFound


def end_all_sessions(*, user: User, now: datetime) -> None:
    with writing_for(user):
        end_sessions(Session.objects.filter(user=user), why=Session.Ending.LOGOUT, now=now)


def register_push_target(*, user: User, session_id: UUID, target: str) -> None:
    """The phone of this session is reached at `target`, which leaves whatever session held it.

    Raises `SessionRevoked` when the session has ended.
    """
    digest = sha256(target.encode()).hexdigest()
    with writing_for(user):
        lock_push_target(digest)
        concerned = Session.objects.not_ended().filter(Q(user=user, pk=session_id) | Q(push_target_hash=digest))
        # In one order: two phones that exchange their targets would wait for each other's rows.
        held = dict(concerned.select_for_update(no_key=True).order_by("pk").values_list("pk", "push_target_hash"))
        if session_id not in held:
            raise SessionRevoked
        if held.pop(session_id) == digest:
            return
        Session.objects.filter(pk__in=held).update(push_target="", push_target_hash=None)
        Session.objects.filter(pk=session_id).update(push_target=target, push_target_hash=digest)


def forget_push_target(*, session_id: UUID | str, target: str) -> None:
    """The phone is not reached there any more. A target that the session was given since then stays."""
    digest = sha256(target.encode()).hexdigest()
    held = Session.objects.filter(pk=session_id, push_target_hash=digest)
    held.update(push_target="", push_target_hash=None)


def lock_push_target(digest: str) -> None:
    """One at a time may move this target, until the transaction ends; before any session's row is locked."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [digest])
