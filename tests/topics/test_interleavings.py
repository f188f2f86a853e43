"""The search itself, on the oldest race there is: two who read a number and write it back with one added."""

from collections.abc import Iterator

from tests.topics.interleavings import explore

Counter = tuple[int, tuple[int | None, ...]]  # the number, and what each has read (-1 when it is done)
START: Counter = (0, (None, None))


def steps(state: Counter) -> Iterator[tuple[str, Counter]]:
    number, read = state
    for who, own in enumerate(read):
        if own is None:
            yield f"{who} reads", (number, (*read[:who], number, *read[who + 1 :]))
        elif own >= 0:
            yield f"{who} writes", (own + 1, (*read[:who], -1, *read[who + 1 :]))


def test_it_finds_the_lost_update_by_the_shortest_way() -> None:
    seen = explore(START, steps, is_wrong=lambda state: state == (1, (-1, -1)))
    assert seen.wrong == 1
    assert sorted(seen.trace[:2]) == ["0 reads", "1 reads"]
    assert sorted(seen.trace[2:]) == ["0 writes", "1 writes"]


def test_it_visits_every_state_once() -> None:
    """4 before anybody wrote, 3 after each of the first to write, 2 at the end."""
    assert explore(START, steps, is_wrong=lambda state: False) == (12, 0, [])
