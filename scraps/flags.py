"""Which topics a user has scraped: asked by the topic views, the one arrow that points upward.

The cache keeps a user's list under one key, for it must be right at the user's very next request, whichever process
answers that (docs/decisions/0011). The key is absent, or holds a list, or `-` (the user has just written), or the lease
of a reader who is about to store a list. Whoever finds `-` or a lease asks the database and stores nothing.
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
# Longer than a transaction may stay open after it; and than a reader takes from its lease to its list.
WRITTEN_SECONDS = 5
LEASE_SECONDS = 4
STORE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
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
    scraped = learn(user) if slot is None else opened(slot)
    if scraped is None:
        entries = ScrapTopic.objects.owned_by(user).filter(topic__in=topic_ids)
        scraped = set(entries.values_list("topic", flat=True))
    return scraped


def opened(slot: bytes) -> set[int] | None:
    """The list in the slot; None where there is none, or one from before a write that the cache was not told of."""
    try:
        found = orjson.loads(slot)
        return set(found["topics"]) if found["revision"] >= revision_of(*FLAGS) else None
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return None


def learn(user: "User") -> set[int] | None:
    """Reads the user's list and stores it, unless the user writes meanwhile. None when it is too long, or when another
    reader is at it."""
    lease = f"?{token_hex(8)}"
    name = key(user.pk)
    if not cache.ask(lambda redis: redis.set(name, lease, nx=True, ex=LEASE_SECONDS), otherwise=None):
        return None
    with connection.cursor() as cursor:
        cursor.execute(READ, [user.pk])
        revision, topics = cursor.fetchone()
    is_whole = len(topics) <= LIST_MOST
    found = orjson.dumps({"revision": int(revision), "topics": topics if is_whole else None})
    cache.ask(lambda redis: redis.eval(STORE, 1, name, lease, found, LIST_SECONDS), otherwise=None)
    return set(topics) if is_whole else None


def note_write(user: "User") -> None:
    """To be called last in a transaction that changes what the user has scraped: from here on nobody trusts the list.

    The cache is told twice: before the commit, since whoever dies after it says no more, and after it, since a commit
    may take long. When it cannot be told, a correction has every list of every user asked anew.
    """

    def tell(redis: Any) -> bool:
        return bool(redis.set(key(user.pk), WRITTEN, ex=WRITTEN_SECONDS))

    if not cache.ask(tell, otherwise=False):
        Correction.objects.create(topic_tag=FLAGS[0], place_tag=FLAGS[1])
    transaction.on_commit(lambda: cache.ask(tell, otherwise=False))
