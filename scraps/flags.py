"""Which topics a user has scraped: asked by the topic views, the one arrow that points upward.

The cache keeps a user's list under one key, for it must be right at the user's very next request, whichever process
answers that (docs/decisions/0011). The key is absent, or holds a list, or `-` (the user has just written), or the lease
of a reader who is about to store a list. Whoever finds `-` or a lease asks the database and stores nothing; whoever
finds nothing, or a list that was corrected, takes a lease.
"""

from collections.abc import Sequence
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import orjson
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from scraps.models import ScrapTopic
from tokpik import cache
from topics.corrections import FLAGS, REVISION, revision_of
from topics.models import Correction

if TYPE_CHECKING:
    from accounts.models import User

LIST_SECONDS = 300
# More than so many are asked of the database, which is quicker than reading a long list.
LIST_MOST = 500
WRITTEN = b"-"
LEASED = b"?"
# Longer than a transaction may stay open after it; and than a reader takes from its lease to its list.
WRITTEN_SECONDS = 5
LEASE_SECONDS = 4
# Puts something in the place of what was found there, if that is still there.
REPLACE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
"""
READ = f"""
SELECT {REVISION.format(topic_tag=FLAGS[0], place_tag=FLAGS[1])}, ARRAY(
    SELECT DISTINCT entry.topic_id FROM scraps_scraptopic entry JOIN scraps_scrap scrap ON scrap.id = entry.scrap_id
    WHERE scrap.user_id = %s LIMIT {LIST_MOST + 1}
)
"""


def is_scraped_by(user: "User") -> Exists:
    """For a queryset of topics: whether the topic is in any of the user's folders."""
    return Exists(ScrapTopic.objects.owned_by(user).filter(topic=OuterRef("pk")))


def key(user_id: int) -> str:
    return f"scraped:{user_id}"


def scraped_among(topic_ids: Sequence[int], user: "User", slot: bytes | None) -> set[int]:
    """Which of these topics the user has scraped; `slot` is what the cache holds under the user's key."""
    scraped, may_store = opened(slot)
    if may_store:
        scraped = learn(user, slot)
    if scraped is None:
        entries = ScrapTopic.objects.owned_by(user).filter(topic__in=topic_ids)
        scraped = set(entries.values_list("topic", flat=True))
    return scraped


def opened(slot: bytes | None) -> tuple[set[int] | None, bool]:
    """The list in the slot, None where that is too long to be there; and whether a list may be stored in its place:
    there is none, or one from before a write that the cache was not told of, or nothing that can be read."""
    if slot is None:
        return None, True
    if slot == WRITTEN or slot.startswith(LEASED):
        return None, False
    try:
        found = orjson.loads(slot)
        topics = found["topics"]
        may_store = found["revision"] < revision_of(*FLAGS) or not is_a_list(topics)
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return None, True
    return None if may_store or topics is None else set(topics), may_store


def is_a_list(topics: Any) -> bool:
    """Of ids, or null for one that is too long."""
    return topics is None or (isinstance(topics, list) and set(map(type, topics)) <= {int})


def learn(user: "User", slot: bytes | None) -> set[int] | None:
    """Reads the user's list and stores it in the place of what was in the slot, unless the user writes meanwhile. None
    when it is too long, or when another reader is at it."""
    lease = LEASED + token_hex(8).encode()
    name = key(user.pk)
    if not cache.ask(lambda redis: take_lease(redis, name, slot, lease), otherwise=None):
        return None
    with connection.cursor() as cursor:
        cursor.execute(READ, [user.pk])
        revision, topics = cursor.fetchone()
    is_whole = len(topics) <= LIST_MOST
    found = orjson.dumps({"revision": int(revision), "topics": topics if is_whole else None})
    cache.ask(lambda redis: redis.eval(REPLACE, 1, name, lease, found, LIST_SECONDS), otherwise=None)
    return set(topics) if is_whole else None


def take_lease(redis: Any, name: str, slot: bytes | None, lease: bytes) -> Any:
    if slot is None:
        return redis.set(name, lease, nx=True, ex=LEASE_SECONDS)
    return redis.eval(REPLACE, 1, name, slot, lease, LEASE_SECONDS)


def note_write(user: "User") -> None:
    """To be called last in a transaction that changes what the user has scraped: from here on nobody trusts the list.

    The cache is told twice: before the commit, since whoever dies after it says no more, and after it, since a commit
    may take long. When it cannot be told, a correction has every list of every user asked anew: in the transaction, or
    after it where only the second word was lost.
    """

    def tell(redis: Any) -> bool:
        return bool(redis.set(key(user.pk), WRITTEN, ex=WRITTEN_SECONDS))

    is_told = cache.ask(tell, otherwise=False)
    if not is_told:
        correct()

    def tell_again() -> None:
        if not cache.ask(tell, otherwise=False) and is_told:
            correct()

    # Robust: what was written is written, also where the database has gone since.
    transaction.on_commit(tell_again, robust=True)


def correct() -> None:
    """Has every list of every user asked anew, once, from a second after the commit on."""
    Correction.objects.create(topic_tag=FLAGS[0], place_tag=FLAGS[1])
