"""What changes a user's folders. Each is one transaction that holds the user's row, so that limits are exact."""

from datetime import datetime, timedelta

from accounts.locks import writing_for
from accounts.models import User
from scraps.flags import note_write
from scraps.models import ENTRIES_IN_ALL_MOST, ENTRIES_MOST, SCRAPS_MOST, Scrap, ScrapTopic
from tokpik.errors import NotFound, QuotaReached
from topics.models import Topic

# The client sends Enter twice.
SAME_NAME = timedelta(seconds=5)


def create_scrap(*, user: User, name: str, now: datetime) -> Scrap:
    """A new folder, or the one of this name that was made within the last five seconds. Raises `QuotaReached`."""
    with writing_for(user):
        scraps = Scrap.objects.owned_by(user)
        twin = scraps.filter(name=name, created_at__gt=now - SAME_NAME).order_by("pk").first()
        if twin:
            return twin
        if scraps.count() >= SCRAPS_MOST:
            raise QuotaReached
        return Scrap.objects.create(user=user, name=name, created_at=now)


def check_scrap(*, user: User, scrap_id: int) -> None:
    """Raises what a write to this folder would: `NotFound`, or `SessionRevoked` when the user is gone with it."""
    with writing_for(user):
        scrap_of(user, scrap_id)


def rename_scrap(*, user: User, scrap_id: int, name: str) -> None:
    """Raises `NotFound` for a folder that is not the user's."""
    with writing_for(user):
        if not Scrap.objects.owned_by(user).filter(pk=scrap_id).update(name=name):
            raise NotFound


def delete_scrap(*, user: User, scrap_id: int) -> None:
    """Raises `NotFound` for a folder that is not the user's."""
    with writing_for(user):
        scrap_of(user, scrap_id).delete()
        note_write(user)


def add_topic(*, user: User, scrap_id: int, topic_id: int) -> None:
    """Put a topic into a folder, once. Raises `NotFound` for a topic the user may not open, `QuotaReached`."""
    with writing_for(user):
        scrap = scrap_of(user, scrap_id)
        if not Topic.objects.visible_to(user).filter(pk=topic_id).exists():
            raise NotFound
        entries = ScrapTopic.objects.owned_by(user)
        if entries.filter(scrap=scrap, topic=topic_id).exists():
            # Also for what is there already: the write that put it there may have died before its last word.
            note_write(user)
            return
        if entries.filter(scrap=scrap).count() >= ENTRIES_MOST or entries.count() >= ENTRIES_IN_ALL_MOST:
            raise QuotaReached
        ScrapTopic.objects.create(scrap=scrap, topic_id=topic_id)
        note_write(user)


def remove_topic(*, user: User, scrap_id: int, entry_id: int) -> None:
    """Raises `NotFound` for an entry that is not in this folder of the user's."""
    with writing_for(user):
        removed, _ = ScrapTopic.objects.owned_by(user).filter(scrap=scrap_id, pk=entry_id).delete()
        if not removed:
            raise NotFound
        note_write(user)


def scrap_of(user: User, scrap_id: int) -> Scrap:
    scrap = Scrap.objects.owned_by(user).filter(pk=scrap_id).first()
    if scrap is None:
        raise NotFound
    return scrap
