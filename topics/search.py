"""What a user asks of `POST /topics`, and the conditions that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import product
from operator import itemgetter

import orjson

from topics.models import AGE_MOST
from topics.text import fold

YEARS_A_LABEL = 5


@dataclass(frozen=True)
class Search:
    """A validated body. Unfiltered, the conditions are the user's own tags and nothing else counts.

    `ages` is the closed range of the partner's age in years; `men` asks for topics for men or for anyone.
    """

    filtered: bool
    purposes: Sequence[str] = ()
    situations: Sequence[str] = ()
    moods: Sequence[str] = ()
    men: bool = False
    ages: tuple[int, int] | None = None

    @property
    def key(self) -> str:
        """The same for equal searches: whatever the order of the values, their case, and how often one stands there."""
        words = [sorted({fold(word) for word in values}) for values in (self.purposes, self.situations, self.moods)]
        return sha256(orjson.dumps([self.filtered, words, self.men, self.ages])).hexdigest()[:32]


@dataclass(frozen=True)
class Terms:
    """The search in the catalogue's own terms: folded words, situations' ids, and the user's interests; and the drafts
    that were written for an equal search of this user."""

    topic_tags: Sequence[int]
    place_tags: Sequence[int]
    purposes: Sequence[str] = ()
    moods: Sequence[str] = ()
    situations: Sequence[int] = ()
    no_situation: int | None = None
    drafts: Sequence[int] = ()


@dataclass(frozen=True)
class Cell:
    """Topics that stand alike towards the conditions: a full-text query on their labels.

    `ages`: whether they have to meet the asked ages, or fail to, or neither (None).
    """

    query: str
    ages: bool | None = None


@dataclass(frozen=True)
class Condition:
    """Heavier weighs more when one has to be given up. A topic names it, leaves it empty, or fails it."""

    weight: int
    named: str
    empty: str = ""
    is_ages: bool = False

    def states(self) -> list[tuple[int, str, bool | None]]:
        """(0 named, 1 empty, 2 failed; the query; whether ages are met), best first."""
        if self.is_ages:
            return [(0, any_of([self.named, self.empty]), True), (2, "", False)]
        states: list[tuple[int, str, bool | None]] = [(0, self.named, None)]
        if self.empty:
            states.append((1, self.empty, None))
        return [*states, (2, f"!{any_of([self.named, self.empty])}", None)]


@dataclass(frozen=True)
class Plan:
    """Cells in the order in which a user is to see them, `full` (every condition met) before `partial`.

    Each item of the two is a step: its cells rank alike but for what they name (docs/contract.md, Choosing, 3 and 4).
    """

    full: list[list[Cell]] = field(default_factory=list)
    partial: list[list[Cell]] = field(default_factory=list)


def lexeme(label: str) -> str:
    """A label as PostgreSQL's tsquery reads it."""
    escaped = label.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def any_of(queries: Sequence[str]) -> str:
    present = [query for query in queries if query]
    return f"({' | '.join(present)})" if len(present) > 1 else (present[0] if present else "")


def labels(prefix: str, values: Sequence[object]) -> str:
    # A label that no topic has stands for "nobody names this".
    return any_of([lexeme(f"{prefix}{value}") for value in values]) or lexeme("-")


def age_labels(ages: tuple[int, int]) -> str:
    return labels("a", range(ages[0] // YEARS_A_LABEL, min(ages[1], AGE_MOST) // YEARS_A_LABEL + 1))


def conditions(search: Search, terms: Terms) -> list[Condition]:
    """Heaviest first."""
    if not search.filtered:
        interests = [(2, "t", terms.topic_tags), (1, "l", terms.place_tags)]
        return [Condition(weight, labels(prefix, ids)) for weight, prefix, ids in interests if ids]
    found = []
    if search.situations:
        empty = labels("s", [terms.no_situation] if terms.no_situation else [])
        found.append(Condition(8, labels("s", terms.situations), empty))
    if search.purposes:
        found.append(Condition(4, labels("p", terms.purposes), lexeme("p")))
    if search.moods:
        found.append(Condition(2, labels("m", terms.moods), lexeme("m")))
    if search.ages:
        found.append(Condition(1, age_labels(search.ages), lexeme("a"), is_ages=True))
    return found


def plan(search: Search, terms: Terms, *, user_id: int) -> Plan:
    """All cells: what is visible to the user and suits the gender, split by how it meets each condition."""
    always = showable(search, user_id)
    steps: dict[tuple[int, int], list[tuple[tuple[int, ...], Cell]]] = {}
    asked = conditions(search, terms)
    for combination in product(*(condition.states() for condition in asked)):
        kept = [condition.weight for condition, (state, *_) in zip(asked, combination, strict=True) if state < 2]
        query = " & ".join([*always, *(part for _, part, _ in combination if part)])
        ages = next((met for *_, met in combination if met is not None), None)
        order = tuple(state for state, *_ in combination)
        steps.setdefault((-len(kept), -sum(kept)), []).append((order, Cell(query, ages)))
    ordered = [[cell for _, cell in sorted(steps[step], key=itemgetter(0))] for step in sorted(steps)]
    return Plan(ordered[:1], ordered[1:])


def showable(search: Search, user_id: int) -> list[str]:
    """What every topic of an answer has: it is visible to the user and suits the gender, which is never given up."""
    always = [any_of([lexeme("v"), lexeme(f"v{user_id}")])]
    if search.filtered and search.men:
        always.append(any_of([lexeme("gmale"), lexeme("g")]))
    return always


def naming(search: Search, terms: Terms, *, user_id: int) -> str:
    """A query for the topics that name all that is asked for, ages aside: an empty field suits, but names nothing."""
    asked = [condition.named for condition in conditions(search, terms) if not condition.is_ages]
    return " & ".join([*showable(search, user_id), *asked])
