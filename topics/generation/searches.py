"""Whether a search wants topics to be written, and having them written."""

from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from topics.generation import budget, model
from topics.generation.waiting import wait_for
from topics.models import GenerationRequest
from topics.offered import OFFERED, offered
from topics.recent import SHOWN_MOST, Recent
from topics.search import Search, Terms, naming

# Nearly all: so large a part of what names the search.
NEARLY_ALL = 0.9
# Among more topics than these nobody has been shown nearly all.
COUNTED_MOST = int(SHOWN_MOST / NEARLY_ALL) + 1
COUNT = """
SELECT count(*), count(*) FILTER (WHERE id = ANY (%(shown)s)) FROM (
    SELECT id FROM topics_topic WHERE labels @@ %(naming)s::tsquery AND id <> ALL (%(drafts)s) LIMIT %(most)s
) AS naming
"""


def write_for(search: Search, terms: Terms, *, user_id: int, recent: Recent) -> bool:
    """Has topics written if the search wants them, and waits a moment. Whether there may be new ones now."""
    if not model.is_on() or not is_wanting(search, terms, user_id, recent.shown):
        return False
    request = request_for(search, terms, user_id)
    return request is not None and wait_for(request)


def is_wanting(search: Search, terms: Terms, user_id: int, shown: list[int]) -> bool:
    """Whether too few topics name what is asked for, or this user has been shown nearly all of them.

    A draft written for an equal search counts as one. Without filters only the latter is a reason.
    """
    values: dict[str, Any] = {"shown": shown, "drafts": list(terms.drafts), "most": COUNTED_MOST}
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {**values, "naming": naming(search, terms, user_id=user_id)})
        named, seen = cursor.fetchone()
    named, seen = named + len(terms.drafts), seen + len({*terms.drafts} & {*shown})
    if search.filtered and named < settings.GENERATION_BELOW:
        return True
    return bool(named) and seen >= NEARLY_ALL * named


def request_for(search: Search, terms: Terms, user_id: int) -> GenerationRequest | None:
    """The one open request for equal searches of this user; None when none may be made now."""
    now = timezone.now()
    equal = GenerationRequest.objects.filter(why=GenerationRequest.Why.SEARCH, user=user_id, key=search.key)
    if not budget.may_ask(user_id, now):
        return equal.open().first()
    request = GenerationRequest(
        why=GenerationRequest.Why.SEARCH,
        user_id=user_id,
        key=search.key,
        search=as_json(search, terms),
        from_lists=all(offered(name, value) for name in OFFERED for value in getattr(search, name)),
    )
    failed = GenerationRequest.Status.FAILED
    if not equal.filter(status=failed, finished_at__gt=now - budget.QUIET).exists():
        # Of two at the same moment one makes it.
        GenerationRequest.objects.bulk_create([request], ignore_conflicts=True)
    return equal.open().first()


def as_json(search: Search, terms: Terms) -> dict[str, Any]:
    if not search.filtered:
        return {"topic_tags": list(terms.topic_tags), "place_tags": list(terms.place_tags)}
    return {**{name: list(getattr(search, name)) for name in OFFERED}, "men": search.men, "ages": search.ages}
