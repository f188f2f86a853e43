"""Looks at every order in which steps of several parties can happen: a small explicit-state model checker.

A model is a start, a function that gives each step possible in a state (in words, for the reader of a trace) with the
state it leads to, and a function that says whether a state breaks the promise. States are compared and remembered by
value (named tuples of small things), so that each is visited once and the search ends.

Nothing forces a party to take its next step. So a process that sleeps for any time, or dies at any point, needs no step
of its own: the orders in which it never moves again are among those looked at.
"""

from collections.abc import Callable, Hashable, Iterable
from pathlib import Path
from typing import NamedTuple, TypeVar

DECISIONS = Path(__file__).parents[2] / "docs" / "decisions"
State = TypeVar("State", bound=Hashable)


class Seen(NamedTuple):
    """What a search came across: how many states, how many of them wrong, and the shortest way to a wrong one."""

    states: int
    wrong: int
    trace: list[str]


def explore(
    start: State, steps: Callable[[State], Iterable[tuple[str, State]]], is_wrong: Callable[[State], bool]
) -> Seen:
    """Breadth first, all of it. Goes on from every state but the wrong ones."""
    came_by: dict[State, tuple[str, State] | None] = {start: None}
    to_visit, wrong = [start], []
    for state in to_visit:
        if is_wrong(state):
            wrong.append(state)
            continue
        for words, after in steps(state):
            if after not in came_by:
                came_by[after] = (words, state)
                to_visit.append(after)
    return Seen(len(came_by), len(wrong), trace_to(wrong[0], came_by) if wrong else [])


def trace_to(state: State, came_by: dict[State, tuple[str, State] | None]) -> list[str]:
    words: list[str] = []
    while (step := came_by[state]) is not None:
        words.append(step[0])
        state = step[1]
    return words[::-1]


def assert_told(name: str, seen: Seen) -> None:
    """The decision's tables show what the models show today."""
    row = f"| {name} | {seen.states:,} | {seen.wrong:,} |"
    assert any(row in path.read_text().splitlines() for path in DECISIONS.glob("0011-*.md")), row
