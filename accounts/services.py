"""What changes an account: signing in, profile and interests, deletion."""

import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts import revocations
from accounts.errands import withdraw_unlink
from accounts.kakao import Identity
from accounts.locks import writing_for
from accounts.models import KakaoUnlink, User
from accounts.sessions import begin_session
from accounts.tokens import Pair
from tokpik.errors import Invalid, SessionRevoked
from tokpik.leases import database_now
from topics.drafts import delete_drafts
from topics.models import Gender, GenerationRequest, PlaceTag, TopicTag


def sign_in(*, identity: Identity, device: str, now: datetime, replacing: UUID | None = None) -> tuple[User, Pair]:
    """The account that Kakao's id names, made at its first login, and a new session for it.

    E-mail and photo become what Kakao says now. `replacing` is the session that ends with this login. Where Kakao is
    just being told of the same person's earlier deletion, this waits for the end of that call, three seconds at most.
    Raises `SessionRevoked` for a deactivated account.
    """
    while True:
        with transaction.atomic():
            user = known_user(identity) or newcomer(identity, now)
            if isinstance(user, User):
                return user, begin_session(user=user, device=device, now=now, replacing=replacing)
        connection.close()
        time.sleep(user.total_seconds())


def known_user(identity: Identity) -> User | None:
    """Locked, so that the user cannot go before the session is written; with what Kakao says now.

    Raises `SessionRevoked` for a deactivated account.
    """
    user = User.objects.select_for_update(no_key=True).filter(kakao_id=identity.kakao_id).first()
    if user and not user.is_active:
        raise SessionRevoked
    if user and (user.email, user.photo_url) != (identity.email, identity.photo_url):
        user.email, user.photo_url = identity.email, identity.photo_url
        user.save(update_fields=["email", "photo_url"])
    return user


def newcomer(identity: Identity, now: datetime) -> User | timedelta:
    """Somebody's first login, of two at once the first; or how long to wait for the call to Kakao that is under way."""
    wait = withdraw_unlink(identity.kakao_id, database_now())
    if wait:
        return wait
    user = User(kakao_id=identity.kakao_id, consented_at=now, email=identity.email, photo_url=identity.photo_url)
    user.set_unusable_password()
    User.objects.bulk_create([user], ignore_conflicts=True)
    user_now = known_user(identity)
    if user_now is None:  # made and deleted again by others, in between
        raise SessionRevoked
    return user_now


def set_profile(
    *, user: User, birth: date, gender: Gender, place_tag_ids: Sequence[int], topic_tag_ids: Sequence[int]
) -> None:
    """Empty lists leave the interests as they are. Raises `Invalid` for an unknown tag, and changes nothing then."""
    with writing_for(user):
        refuse_unknown({"placeTagIds": (PlaceTag, place_tag_ids), "topicTagIds": (TopicTag, topic_tag_ids)})
        User.objects.filter(pk=user.pk).update(birth=birth, gender=gender)
        if place_tag_ids:
            user.place_tags.set(place_tag_ids)
        if topic_tag_ids:
            user.topic_tags.set(topic_tag_ids)


def choose_topic_tags(*, user: User, ids: Sequence[int]) -> None:
    """Raises `Invalid` for an unknown tag."""
    with writing_for(user):
        refuse_unknown({"topicTagIds": (TopicTag, ids)})
        user.topic_tags.set(ids)


def choose_place_tags(*, user: User, ids: Sequence[int]) -> None:
    """Raises `Invalid` for an unknown tag."""
    with writing_for(user):
        refuse_unknown({"placeTagIds": (PlaceTag, ids)})
        user.place_tags.set(ids)


def refuse_unknown(fields: Mapping[str, tuple[type[Model], Sequence[int]]]) -> None:
    """Raises `Invalid` under each field whose ids are not all there."""
    unknown = [
        field
        for field, (kind, ids) in fields.items()
        if ids and kind._default_manager.filter(pk__in=ids).count() != len(ids)
    ]
    if unknown:
        raise Invalid(dict.fromkeys(unknown, "없는 태그가 들어 있습니다."))


def delete_user(*, user: User, tell_kakao: bool = True, unless_back_since: datetime | None = None) -> None:
    """The account and all it owns; a row is left that has Kakao told. Raises `SessionRevoked` if it is gone already.

    With `unless_back_since` nothing is done for somebody who has signed in since then.

    Topics that were written for the user and are drafts go with it; others stay, and forget whom they were made for.
    """
    with transaction.atomic():
        locked = User.objects.select_for_update().filter(pk=user.pk).first()
        if locked is None:
            raise SessionRevoked
        # In the order of their ids, as staff end them.
        sessions = list(locked.sessions.select_for_update().order_by("pk"))
        if unless_back_since and any(session.created_at >= unless_back_since for session in sessions):
            return
        if tell_kakao and locked.kakao_id and locked.kakao_id > 0:
            KakaoUnlink.objects.get_or_create(kakao_id=locked.kakao_id)
        delete_drafts(user=locked)
        # Details of a topic are everybody's; what was searched for goes with the user.
        locked.generation_requests.filter(why=GenerationRequest.Why.DETAILS).update(user=None)
        OutstandingToken.objects.filter(user=locked).delete()
        locked.delete()
        transaction.on_commit(lambda: revocations.note(session.pk for session in sessions))
