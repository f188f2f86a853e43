"""Choosing topics for a search: exact in its order, and quick in a catalogue of a million (docs/decisions/0004).

Each topic carries its labels (`topics_labels` in the migrations), a GIN index finds the topics of one cell, and the
cells are looked through best first until enough are found.
"""

import json
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import connection

from topics.generation.searches import write_for
from topics.recent import SHOWN_MOST, Recent, choice_of_first
from topics.search import Cell, Search, Terms, plan

if TYPE_CHECKING:
    from accounts.models import User

MOST = 30
# Fewer than these that meet every condition, and others are added up to as many.
ENOUGH = 10
# Eight neighbours at a time lie in one of so many slices by a hash: some slices are a random sample.
SLICES = 1024
SAMPLE_TOPICS = 10_000
# What comes first within a step; None is all that stands in no list.
POOLS = ("drafts", None, "drafts shown", "shown")
# A catalogue smaller than this is looked through as a whole.
SMALL_CATALOGUE = 20_000

TERMS = """
SELECT
    ARRAY(SELECT topictag_id FROM {topic_tags} WHERE user_id = %(user)s),
    ARRAY(SELECT placetag_id FROM {place_tags} WHERE user_id = %(user)s),
    ARRAY(SELECT topics_fold(word) FROM unnest(%(purposes)s::text[]) word),
    ARRAY(SELECT topics_fold(word) FROM unnest(%(moods)s::text[]) word),
    ARRAY(SELECT id FROM topics_situation
          WHERE folded = ANY (ARRAY(SELECT topics_fold(word) FROM unnest(%(situations)s::text[]) word))),
    (SELECT id FROM topics_situation WHERE text = ''),
    ARRAY(SELECT topic.id FROM topics_generationrequest request
          JOIN topics_generateditem item ON item.request_id = request.id
          JOIN topics_topic topic ON topic.id = item.topic_id
          WHERE request.user_id = %(user)s AND request.key = %(key)s AND request.why = 'search'
              AND topic.status = 'draft' AND topic.made_for_id = %(user)s
          ORDER BY topic.id DESC LIMIT {most_drafts}),
    (SELECT reltuples FROM pg_class WHERE oid = 'topics_topic'::regclass)
"""

# For each cell, in order: from a random sample, if that alone holds enough; else from all of the cell. What the user
# was shown lately, and drafts written for an equal search, come from their ids. LIMIT ends the search as soon as enough
# are found; the answer's order is that in which a nested loop comes upon them, and nothing but a nested loop can run a
# LATERAL that refers to the cell.
CHOOSE = """
WITH cell AS (
    SELECT * FROM unnest(
        ARRAY(SELECT json_array_elements_text(%(queries)s::json))::tsquery[],
        ARRAY(SELECT json_array_elements_text(%(samples)s::json))::tsquery[],
        %(ages)s::bool[], %(pools)s::text[]
    ) WITH ORDINALITY AS cell (query, sample, ages, pool, place)
)
SELECT picked.id FROM cell CROSS JOIN LATERAL (
    WITH sampled AS MATERIALIZED (
        SELECT id FROM topics_topic topic
        WHERE cell.pool IS NULL AND labels @@ cell.sample AND {suits} AND id <> ALL (%(listed)s)
        ORDER BY {liking} LIMIT %(most)s
    )
    SELECT id FROM sampled WHERE (SELECT count(*) FROM sampled) = %(most)s
    UNION ALL (
        SELECT id FROM topics_topic topic
        WHERE cell.pool IS NULL AND (SELECT count(*) FROM sampled) < %(most)s
            AND labels @@ cell.query AND {suits} AND id <> ALL (%(listed)s)
        ORDER BY {liking} LIMIT %(most)s
    )
    UNION ALL (
        SELECT id FROM topics_topic topic
        WHERE cell.pool IS NOT NULL AND labels @@ cell.query AND {suits} AND id = ANY (CASE cell.pool
            WHEN 'drafts' THEN %(drafts)s::bigint[] WHEN 'drafts shown' THEN %(drafts_shown)s ELSE %(shown)s END)
        ORDER BY {liking} LIMIT %(most)s
    )
) picked
LIMIT %(most)s
"""
SUITS = """(cell.ages IS NULL OR cell.ages = (
    coalesce(partner_age_lower, 0) <= %(oldest)s AND coalesce(partner_age_upper, 120) >= %(youngest)s))"""
LIKING = """
    %(men)s AND partner_gender IS NULL,
    %(aged)s AND partner_age_lower IS NULL AND partner_age_upper IS NULL,
    CASE WHEN topic_tag_id = ANY (%(topic_tags)s) AND place_tag_id = ANY (%(place_tags)s) THEN 0
         WHEN topic_tag_id = ANY (%(topic_tags)s) THEN 1
         WHEN place_tag_id = ANY (%(place_tags)s) THEN 2 ELSE 3 END,
    hashint8extended(id, %(seed)s)
"""


def choose(search: Search, *, user: "User", recent: Recent) -> list[int]:
    """Ids of the topics to show, best first: up to 30, or up to 10 where fewer meet every condition.

    The same `recent` chooses the same topics. Two statements, a third where conditions are given up. Where too few
    topics name what is asked for, a model is asked for some, and waited for a moment.
    """
    terms, size = read_terms(search, user.pk)
    if write_for(search, terms, user_id=user.pk, recent=recent):
        if (settled := choice_of_first(recent)) is not None:
            return settled
        terms, size = read_terms(search, user.pk)
    steps = plan(search, terms, user_id=user.pk)
    chosen = look_through(steps.full, MOST, search, terms, recent, size)
    if len(chosen) < ENOUGH:
        chosen += look_through(steps.partial, ENOUGH - len(chosen), search, terms, recent, size)
    return chosen


def read_terms(search: Search, user_id: int) -> tuple[Terms, int]:
    """The search in the catalogue's terms, and roughly how many topics there are."""
    user_model = get_user_model()
    tables = {name: getattr(user_model, name).through._meta.db_table for name in ("topic_tags", "place_tags")}
    words = {name: list(getattr(search, name)) for name in ("purposes", "moods", "situations")}
    with connection.cursor() as cursor:
        cursor.execute(TERMS.format(**tables, most_drafts=SHOWN_MOST), {"user": user_id, "key": search.key, **words})
        topic_tags, place_tags, purposes, moods, situations, no_situation, drafts, size = cursor.fetchone()
    return Terms(topic_tags, place_tags, purposes, moods, situations, no_situation, drafts), int(size)


def look_through(
    steps: Sequence[Sequence[Cell]], most: int, search: Search, terms: Terms, recent: Recent, size: int
) -> list[int]:
    pools = pools_of(terms.drafts, recent.shown)
    cells = [(cell, pool) for step in steps for pool in POOLS if pool is None or pools[pool] for cell in step]
    if not cells:
        return []
    ages = search.ages or (0, 0)
    slices = sample(recent.seed, size)
    values: dict[str, Any] = {
        # As JSON: a list of strings would be escaped letter by letter, which takes a second for long ones.
        "queries": json.dumps([cell.query for cell, _ in cells]),
        "samples": json.dumps([f"{cell.query} & {slices}" for cell, _ in cells]),
        "ages": [cell.ages for cell, _ in cells],
        "pools": [pool for _, pool in cells],
        **{pool.replace(" ", "_"): ids for pool, ids in pools.items()},
        "listed": [*terms.drafts, *recent.shown],
        "most": most,
        "youngest": ages[0],
        "oldest": ages[1],
        "men": search.filtered and search.men,
        "aged": search.filtered and search.ages is not None,
        "topic_tags": list(terms.topic_tags),
        "place_tags": list(terms.place_tags),
        "seed": recent.seed,
    }
    with connection.cursor() as cursor:
        cursor.execute(CHOOSE.format(suits=SUITS, liking=LIKING), values)
        return [row[0] for row in cursor.fetchall()]


def pools_of(drafts: Sequence[int], shown: Sequence[int]) -> dict[str, list[int]]:
    """By their ids: drafts written for an equal search and what the user was shown lately. All else is in no pool."""
    of_search, seen = set(drafts), set(shown)
    return {
        "drafts": [id for id in drafts if id not in seen],
        "drafts shown": [id for id in drafts if id in seen],
        "shown": [id for id in shown if id not in of_search],
    }


def sample(seed: int, size: int) -> str:
    """A query for slices that hold about `SAMPLE_TOPICS` topics; for no topic at all in a small catalogue."""
    if size < SMALL_CATALOGUE:
        return "'-'"
    count = -(-SAMPLE_TOPICS * SLICES // size)
    return f"({' | '.join(f'z{number}' for number in random.Random(seed).sample(range(SLICES), count))})"
