"""The contract's rules of choosing and relating, word by word over plain rows: what the service is judged by."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# "Situation weighs more than purpose, then mood, then ages (interests: topic tag, then place)."
FILTERS = ["situation", "purpose", "mood", "ages"]
INTERESTS = ["topic tag", "place"]


@dataclass(frozen=True)
class Row:
    """A topic as the contract names its fields; the tags are ids."""

    id: int = 0
    status: str = "published"
    made_for: int | None = None
    situation: str = ""
    purposes: Sequence[str] = ()
    moods: Sequence[str] = ()
    gender: str | None = None
    lower: int | None = None
    upper: int | None = None
    topic_tag: int = 0
    place_tag: int = 0
    # Whether it is a draft that was written for an equal search of whom it was made for.
    for_equal: bool = False


@dataclass(frozen=True)
class Asker:
    id: int
    topic_tags: frozenset[int] = field(default_factory=frozenset)
    place_tags: frozenset[int] = field(default_factory=frozenset)


def fold(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def expected_ranks(
    rows: Sequence[Row], body: dict[str, Any], asker: Asker, shown: set[int], *, most: int = 30, enough: int = 10
) -> list[tuple[Any, ...]]:
    """The ranks of the topics to answer, in order. Topics of one rank may stand in for each other."""
    able = [row for row in rows if is_visible(row, asker) and suits_gender(row, body)]
    full = [row for row in able if kept(row, body, asker) == asked(body, asker)]
    count = min(most, len(full)) if len(full) >= enough else enough
    return sorted(rank(row, body, asker, shown) for row in able)[:count]


def is_visible(row: Row, asker: Asker) -> bool:
    return row.status == "published" or (row.status == "draft" and row.made_for == asker.id)


def suits_gender(row: Row, body: dict[str, Any]) -> bool:
    men = body["includeFilterCondition"] and body.get("talkPartnerGender") is True
    return row.gender in (None, "male") if men else True


def asked(body: dict[str, Any], asker: Asker) -> list[str]:
    """The conditions of the search, heaviest first."""
    if not body["includeFilterCondition"]:
        tags = {"topic tag": asker.topic_tags, "place": asker.place_tags}
        return [name for name in INTERESTS if tags[name]]
    present = {
        "situation": body.get("talkSituations"),
        "purpose": body.get("talkPurposes"),
        "mood": body.get("talkMoods"),
        "ages": ages_asked(body),
    }
    return [name for name in FILTERS if present[name]]


def ages_asked(body: dict[str, Any]) -> tuple[int, int] | None:
    lower, upper = body.get("talkPartnerAgeLowerBound"), body.get("talkPartnerAgeUpperBound")
    if lower is None:
        return None if upper is None else (0, upper)
    return (lower, lower) if upper is None else (lower, upper)


def kept(row: Row, body: dict[str, Any], asker: Asker) -> list[str]:
    return [name for name in asked(body, asker) if meets(row, name, body, asker)]


def meets(row: Row, condition: str, body: dict[str, Any], asker: Asker) -> bool:
    match condition:
        case "topic tag":
            return row.topic_tag in asker.topic_tags
        case "place":
            return row.place_tag in asker.place_tags
        case "situation":
            return not row.situation or names_any([row.situation], body["talkSituations"])
        case "purpose":
            return not row.purposes or names_any(row.purposes, body["talkPurposes"])
        case "mood":
            return not row.moods or names_any(row.moods, body["talkMoods"])
        case _:
            return overlaps(row, body)


def names_any(values: Sequence[str], wanted: Sequence[str]) -> bool:
    return bool({fold(value) for value in values} & {fold(value) for value in wanted})


def overlaps(row: Row, body: dict[str, Any]) -> bool:
    youngest, oldest = ages_asked(body) or (0, 120)
    return (row.lower is None or row.lower <= oldest) and (row.upper is None or row.upper >= youngest)


def rank(row: Row, body: dict[str, Any], asker: Asker, shown: set[int]) -> tuple[Any, ...]:
    """Smaller is better: the step, shown before, written for an equal search, what is left empty, the own tags."""
    conditions, met = asked(body, asker), kept(row, body, asker)
    given_up = tuple(name not in met for name in conditions)
    empty = {
        "situation": not row.situation,
        "purpose": not row.purposes,
        "mood": not row.moods,
        "ages": row.lower is None and row.upper is None,
    }
    by_filters = body["includeFilterCondition"]
    men = by_filters and body.get("talkPartnerGender") is True
    left_empty = {name: by_filters and name in met and empty[name] for name in FILTERS}
    return (
        (-len(met), given_up),
        row.id in shown,
        not is_for_equal_search(row, asker),
        left_empty["situation"],
        left_empty["purpose"],
        left_empty["mood"],
        men and row.gender is None,
        left_empty["ages"],
        own_tags(row, asker),
    )


def is_for_equal_search(row: Row, asker: Asker) -> bool:
    return row.for_equal and row.status == "draft" and row.made_for == asker.id


def own_tags(row: Row, asker: Asker) -> int:
    topic, place = row.topic_tag in asker.topic_tags, row.place_tag in asker.place_tags
    return [3, 2, 1, 0][2 * topic + place]


def related(rows: Sequence[Row], base: Row) -> list[int]:
    """Ids of the related topics, greatest first."""
    fitting = [row.id for row in rows if row.id != base.id and row.status == "published" and relates(row, base)]
    return sorted(fitting, reverse=True)[:10]


def relates(row: Row, base: Row) -> bool:
    return (
        (row.topic_tag, row.place_tag) == (base.topic_tag, base.place_tag)
        and (not row.situation or not base.situation or fold(base.situation) in fold(row.situation))
        and (not row.gender or not base.gender or row.gender == base.gender)
        and (row.lower is None or base.lower is None or row.lower >= base.lower)
        and (row.upper is None or base.upper is None or row.upper <= base.upper)
    )
