"""What changes an account: signing in, profile and interests, deletion."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Model
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken

from accounts.kakao import Identity
from accounts.locks import writing_for
from accounts.models import KakaoUnlink, User
from accounts.sessions import begin_session
from accounts.tokens import Pair
from tokpik.errors import Invalid, SessionRevoked
from topics.models import Gender, PlaceTag, Topic, TopicTag


def sign_in(*, identity: Identity, device: str, now: datetime) -> tuple[User, Pair]:
    """The account that Kakao's id names, made at its first login, and a new session for it.

    E-mail and photo become what Kakao says now. Raises `SessionRevoked` for a deactivated account.
    """
    with transaction.atomic():
        user = renew_user(identity, now)
        if not user.is_active:
            raise SessionRevoked
        return user, begin_session(user=user, device=device, now=now)


def renew_user(identity: Identity, now: datetime) -> User:
    """The update locks the row, so that the user cannot go before the session is written; of two inserts one wins."""
    users = User.objects.filter(kakao_id=identity.kakao_id)
    seen = {"email": identity.email, "photo_url": identity.photo_url}
    if not users.update(**seen):
        newcomer = User(kakao_id=identity.kakao_id, consented_at=now, **seen)
        newcomer.set_unusable_password()
        User.objects.bulk_create([newcomer], ignore_conflicts=True)
        users.update(**seen)
    user = users.first()
    if user is None:  # made and deleted again by others, in between
        raise SessionRevoked
    return user


def set_profile(
    *, user: User, birth: date, gender: Gender, place_tag_ids: Sequence[int], topic_tag_ids: Sequence[int]
) -> None:
    """Empty lists leave the interests as they are. Raises `Invalid` for an unknown tag, and changes nothing then."""
    with writing_for(user):
        User.objects.filter(pk=user.pk).update(birth=birth, gender=gender)
        if place_tag_ids:
            user.place_tags.set(known(PlaceTag, place_tag_ids, "placeTagIds"))
        if topic_tag_ids:
            user.topic_tags.set(known(TopicTag, topic_tag_ids, "topicTagIds"))


def choose_topic_tags(*, user: User, ids: Sequence[int]) -> None:
    """Raises `Invalid` for an unknown tag."""
    with writing_for(user):
        user.topic_tags.set(known(TopicTag, ids, "topicTagIds"))


def choose_place_tags(*, user: User, ids: Sequence[int]) -> None:
    """Raises `Invalid` for an unknown tag."""
    with writing_for(user):
        user.place_tags.set(known(PlaceTag, ids, "placeTagIds"))


def known(kind: type[Model], ids: Sequence[int], field: str) -> Sequence[int]:
    if kind._default_manager.filter(pk__in=ids).count() != len(ids):
        raise Invalid({field: "없는 태그가 들어 있습니다."})
    return ids


def delete_user(*, user: User) -> None:
    """The account and all it owns; a row is left that has Kakao told. Raises `SessionRevoked` if it is gone already.

    Published topics that were written for the user stay and forget it; unpublished ones go with it.
    """
    with transaction.atomic():
        locked = User.objects.select_for_update().filter(pk=user.pk).first()
        if locked is None:
            raise SessionRevoked
        if locked.kakao_id and locked.kakao_id > 0:
            KakaoUnlink.objects.get_or_create(kakao_id=locked.kakao_id)
        Topic.objects.filter(made_for=locked).exclude(status=Topic.Status.PUBLISHED).delete()
        OutstandingToken.objects.filter(user=locked).delete()
        locked.delete()
