"""One's own flags (docs/decisions/0011): no order of steps hides one's own scrap from one's next request.

Two writers of one user change what they have scraped, two readers of the same user ask for it, and the slot of the
cache loses what it holds whenever it likes (a list, a lease and `-` expire, are evicted, flushed):

- What is true is the `log` of commits, in order. A list in the slot is what was true when it was asked for.
- A write is *answered* when its second `-` is sent. From then on every request that starts has to show it. One whose
  process dies after the commit is never answered; where `deaths_count`, it has to be shown just the same.
- A write that cannot tell the cache corrects: its commit, or a commit after it, raises the revision of all lists. A
  list is used while its revision is not below the worker's reading. `known` is the oldest reading that a worker may
  have: a tick later it has all that is committed. Only then does a write that corrected have to be shown, unless
  `seconds_count`. A worker whose reading is newer may refuse what others still use, and take a lease over it.
- A request starts with its look at the slot: that is the latest moment, and so the one at which most is due.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import pytest

from tests.topics.interleavings import Seen, assert_told, explore

NOTHING, DASH, ANYTHING = "", "-", "*"


@dataclass(frozen=True)
class Protocol:
    """The rules as they are, and what else they might have been."""

    before_commit: Literal["-", "nothing"] = "-"
    after_commit: Literal["-", "nothing", "delete"] = "-"
    unchanged_too: bool = True  # a write that finds its change made already sends `-` like any other
    leases: Literal["before asking", "after asking", "never"] = "before asking"
    asked: Literal["the primary", "a replica"] = "the primary"
    compares: bool = True  # stores only over its own lease
    stores_over_dash: bool = False
    leases_over: Literal["what it found", "anything"] = "what it found"  # where that was an outdated list
    corrects: frozenset[str] = frozenset({"before", "after"})  # when which of the two messages fails


class World(NamedTuple):
    changes: tuple[str, ...] = ("scrap", "unscrap")
    deaths_count: bool = False
    dash_outlives_commit: bool = False
    # Which of a write's two messages may fail to reach the cache.
    lost: frozenset[str] = frozenset()
    comes_back: bool = False
    seconds_count: bool = False
    others_correct: bool = False  # another user's write corrects, once


class Writer(NamedTuple):
    change: str
    step: str = "ready"
    untold: bool = False  # it could not tell the cache
    corrects_at: int = 0  # the revision that it raised


class Flags(NamedTuple):
    scraps: tuple[str, ...]
    revision: int


class Reader(NamedTuple):
    step: str = "idle"
    due: frozenset[str] = frozenset()  # what the answer has to show
    flags: Flags = Flags((), 0)  # what it will store
    over: str = ""  # what has to be in the slot for that
    found: "str | Flags" = NOTHING  # what has to be in the slot for its lease


class State(NamedTuple):
    writers: tuple[Writer, ...]
    readers: tuple[Reader, ...] = (Reader(), Reader())
    log: tuple[Flags, ...] = (Flags((), 0),)  # what has been true, the latest last
    known: int = 0
    others_corrected: bool = False
    slot: str | Flags = NOTHING

    @property
    def now(self) -> Flags:
        return self.log[-1]

    def with_writer(self, number: int, writer: Writer) -> "State":
        writers = list(self.writers)
        writers[number] = writer
        return self._replace(writers=tuple(writers))

    def with_reader(self, number: int, reader: Reader) -> "State":
        readers = list(self.readers)
        readers[number] = reader
        return self._replace(readers=tuple(readers))


@dataclass(frozen=True)
class Model:
    protocol: Protocol
    world: World

    def explore(self) -> Seen:
        start = State(tuple(Writer(change) for change in self.world.changes))
        return explore(start, self.steps, lambda state: any(reader.step == "wrong" for reader in state.readers))

    def steps(self, state: State) -> Iterator[tuple[str, State]]:
        yield "a tick", state._replace(known=state.now.revision)
        if self.world.others_correct and not state.others_corrected:
            others = state.now._replace(revision=state.now.revision + 1)
            yield "others correct", state._replace(log=(*state.log, others), others_corrected=True)
        yield from self.misbehave(state)
        for number, writer in enumerate(state.writers):
            yield from self.write(state, number, writer)
        for number, reader in enumerate(state.readers):
            for words, after in self.read(state, number, reader):
                yield f"reader {number} {words}", after

    # The cache

    def misbehave(self, state: State) -> Iterator[tuple[str, State]]:
        committing = any(writer.step == "commits" for writer in state.writers)
        if state.slot != DASH or not (self.world.dash_outlives_commit and committing):
            yield f"lose {state.slot}", state._replace(slot=NOTHING)
        for flags in state.log[:-1] if self.world.comes_back else ():
            yield f"{flags} is back", state._replace(slot=flags)

    # Writers

    def write(self, state: State, number: int, writer: Writer) -> Iterator[tuple[str, State]]:
        if writer.step == "ready" and writer.change in state.now.scraps and not self.protocol.unchanged_too:
            yield f"{writer.change} finds it done", state.with_writer(number, writer._replace(step="answered"))
        elif writer.step == "ready":
            yield from self.send(state, number, writer, "before", self.protocol.before_commit)
        elif writer.step == "commits":
            yield f"commit {writer.change}", self.commit(state, number, writer._replace(step="committed"))
            yield f"roll back {writer.change}", state.with_writer(number, writer._replace(step="rolled back"))
        elif writer.step == "committed":
            yield from self.send(state, number, writer, "after", self.protocol.after_commit)
            yield f"the writer of {writer.change} dies", state.with_writer(number, writer._replace(step="dead"))
        elif writer.step == "corrects":
            yield "correct", self.commit(state, number, writer._replace(step="answered"))

    def send(self, state: State, number: int, writer: Writer, when: str, message: str) -> Iterator[tuple[str, State]]:
        """A write does not fail for the cache."""
        told = writer._replace(step="commits" if when == "before" else "answered")
        if message != "nothing":
            slot = DASH if message == DASH else NOTHING
            words = f"{message} {when} the commit of {writer.change}"
            yield words, state.with_writer(number, told)._replace(slot=slot)
        untold = told
        if when in self.world.lost and when in self.protocol.corrects and not writer.untold:
            untold = Writer(writer.change, "commits" if when == "before" else "corrects", untold=True)
        if message == "nothing" or when in self.world.lost:
            yield f"nothing {when} the commit of {writer.change}", state.with_writer(number, untold)

    def commit(self, state: State, number: int, writer: Writer) -> State:
        done = set(state.now.scraps) | {writer.change}
        revision = state.now.revision + writer.untold
        log = (*state.log, Flags(tuple(sorted(done)), revision))
        if writer.untold:
            writer = writer._replace(corrects_at=revision)
        return state.with_writer(number, writer)._replace(log=log)

    def due(self, state: State) -> frozenset[str]:
        settled = {"answered", "dead"} if self.world.deaths_count else {"answered"}
        known = state.now.revision if self.world.seconds_count else state.known
        return frozenset(w.change for w in state.writers if w.step in settled and w.corrects_at <= known)

    # Readers

    def read(self, state: State, number: int, reader: Reader) -> Iterator[tuple[str, State]]:
        if reader.step == "idle":
            yield from self.look(state, number)
        if reader.step == "found nothing":
            yield from self.take_lease(state, number, reader)
        if reader.step == "asks":
            yield from self.ask(state, number, reader, then="holds")
        if reader.step == "holds":
            if reader.over in {ANYTHING, state.slot}:
                yield f"stores {reader.flags}", state._replace(slot=reader.flags).with_reader(number, Reader())
            yield "stores nothing", state.with_reader(number, Reader())

    def look(self, state: State, number: int) -> Iterator[tuple[str, State]]:
        due = self.due(state)
        if isinstance(state.slot, Flags):
            if state.slot.revision >= state.known:
                yield f"finds {state.slot}", self.answer(state, number, due, state.slot, Reader())
            if state.slot.revision < state.now.revision:
                yield f"refuses {state.slot}", state.with_reader(number, Reader("found nothing", due, found=state.slot))
        elif state.slot == NOTHING and self.protocol.leases == "after asking":
            yield from self.ask(state, number, Reader("found nothing", due), then="found nothing")
        elif state.slot == NOTHING:
            yield "finds nothing", state.with_reader(number, Reader("found nothing", due))
        elif state.slot == DASH and self.protocol.stores_over_dash:
            yield "finds -", state.with_reader(number, Reader("asks", due, over=DASH))
        else:
            yield from self.ask(state, number, Reader("asks", due), then="idle")

    def take_lease(self, state: State, number: int, reader: Reader) -> Iterator[tuple[str, State]]:
        """Who is not the first asks and stores nothing."""
        lease = f"?{number}"
        then = "holds" if self.protocol.leases == "after asking" else "asks"
        if self.protocol.leases == "never":
            yield "takes no lease", state.with_reader(number, reader._replace(step="asks", over=self.over(NOTHING)))
        elif state.slot == reader.found or (reader.found != NOTHING and self.protocol.leases_over == "anything"):
            leased = reader._replace(step=then, over=self.over(lease), found=NOTHING)
            yield "takes the lease", state._replace(slot=lease).with_reader(number, leased)
        else:
            yield from self.ask(state, number, reader, then="idle")

    def over(self, expected: str) -> str:
        return expected if self.protocol.compares else ANYTHING

    def ask(self, state: State, number: int, reader: Reader, *, then: str) -> Iterator[tuple[str, State]]:
        """By SQL. That is what will be answered, and whether it is right shows here."""
        for flags in state.log if self.protocol.asked == "a replica" else (state.now,):
            after = (
                Reader() if then == "idle" else reader._replace(step=then, flags=flags, due=frozenset(), found=NOTHING)
            )
            yield f"asks: {flags.scraps}", self.answer(state, number, reader.due, flags, after)

    def answer(self, state: State, number: int, due: frozenset[str], flags: Flags, after: Reader) -> State:
        return state.with_reader(number, after if due <= set(flags.scraps) else Reader("wrong", due, flags))


NEITHER, BEFORE, AFTER = frozenset[str](), frozenset({"before"}), frozenset({"after"})
EITHER = BEFORE | AFTER
ONCE, TWICE = ("scrap",), ("scrap", "scrap")
# With a `-` that stays until the commit (5 s, while nothing but COMMIT is left to do), even who is killed is covered.
KILLED = World(deaths_count=True, dash_outlives_commit=True)
OUT_OF_REACH = World(lost=EITHER)

RIGHT = {
    "answered writes, anything lost at any time": World(),
    "the same write twice, anything lost at any time": World(TWICE),
    "killed writers too, `-` not lost before the commit": KILLED,
    "the cache out of the writers' reach, a second later": OUT_OF_REACH,
    "another user's write corrects meanwhile": World(others_correct=True),
    "another user's write corrects, killed writers too": KILLED._replace(others_correct=True),
}

# With the fewest writers and faults that show it.
WRONG = {
    "no lease": (Protocol(leases="never"), World(ONCE)),
    "the lease taken after asking": (Protocol(leases="after asking"), World(ONCE)),
    "stored without a look at the lease": (Protocol(compares=False), World(ONCE)),
    "stored over `-`": (Protocol(stores_over_dash=True), World(ONCE)),
    "asked of a lagging replica": (Protocol(asked="a replica"), World(ONCE)),
    "no `-` before the commit": (Protocol(before_commit="nothing"), KILLED._replace(changes=ONCE)),
    "no `-` after the commit": (Protocol(after_commit="nothing"), World(ONCE)),
    "deleted instead of `-` after the commit": (Protocol(after_commit="delete"), KILLED),
    "no `-` from a write that finds its change made": (Protocol(unchanged_too=False), World(TWICE)),
    "no correction where the cache is out of reach": (
        Protocol(corrects=NEITHER),
        OUT_OF_REACH._replace(changes=ONCE),
    ),
    "no correction where only the second `-` is out of reach": (Protocol(corrects=BEFORE), World(ONCE, lost=AFTER)),
    "a lease over an outdated list, whatever is there by then": (
        Protocol(leases_over="anything"),
        KILLED._replace(changes=ONCE, others_correct=True),
    ),
}

LEFT = {
    "an old list is back": World(ONCE, comes_back=True),
    "`-` lost before the commit, the writer killed after it": World(ONCE, deaths_count=True),
    "the cache out of the writers' reach, at once": OUT_OF_REACH._replace(changes=ONCE, seconds_count=True),
}


@pytest.mark.parametrize("name", RIGHT)
def test_the_next_request_shows_ones_own_write(name: str) -> None:
    seen = Model(Protocol(), RIGHT[name]).explore()
    assert seen.trace == []
    assert_told(name, seen)


@pytest.mark.parametrize("name", WRONG)
def test_every_rule_is_needed(name: str) -> None:
    protocol, world = WRONG[name]
    assert Model(Protocol(), world).explore().wrong == 0
    seen = Model(protocol, world).explore()
    assert seen.wrong
    assert_told(name, seen)


@pytest.mark.parametrize("name", LEFT)
def test_what_is_left_over_takes_two_faults_or_a_second(name: str) -> None:
    seen = Model(Protocol(), LEFT[name]).explore()
    assert seen.wrong
    assert_told(name, seen)
