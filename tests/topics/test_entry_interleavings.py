"""Shared entries (docs/decisions/0011): no order of steps shows a correction late, and every rule is needed for that.

Two writers change what the entry of one topic depends on, two workers answer for it, the cache does what it likes:

- The database is its `log`: what was committed, in order. What a statement sees is the log up to now; what a lagging
  replica shows, or a restored back-up, is the log up to some earlier record. Contents are the changes seen, a revision
  is the number of raises seen.
- A look into the cache may always find nothing (expired, evicted, flushed, down) and may find any entry ever stored
  (overwritten and back again), so the cache is the set of these. A calm one is the last stored, or nothing.
- A worker takes its reading in three steps (sent, snapshot taken, received), may begin to answer while that is no older
  than a tick, looks, serves or fills, and stores after any time. It keeps no reading from one answer to the next: the
  other worker is the one whose reading is older.
- Time is counted in ticks of `FRESH_SECONDS`. What is two ticks old when an answer begins was committed more than
  one before: that has to be shown. Within a tick the order is open.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import pytest

from tests.topics.interleavings import Seen, assert_told, explore

FRESH, OVERDUE = 1, 2

# What a writer changes. Of the topic that is asked for: "hide", "publish", "detail" (a row of another table). Of its
# list: "rename" (a topic there) and "add" (publishes one more, which may show late). Of the pair: "rename tag".


@dataclass(frozen=True)
class Protocol:
    """The rules as they are, and what else they might have been."""

    raised: Literal["in the transaction", "before it", "after it", "never, but deleted"] = "in the transaction"
    filled: Literal["in one snapshot", "revision first", "rows first"] = "in one snapshot"
    age_from: Literal["sending", "receipt"] = "sending"
    served: Literal["not below", "equal", "always"] = "not below"
    replica: Literal["published and checked", "checked", "unchecked"] = "published and checked"
    stored: Literal["published", "drafts too", "404s too"] = "published"
    detail_locks_topic: bool = True
    tag_raises: Literal["all its pairs", "pairs in use"] = "all its pairs"
    restore: Literal["workers stopped, cache dropped", "cache dropped", "cache kept"] = "workers stopped, cache dropped"


@dataclass(frozen=True)
class Scenario:
    status: str
    changes: tuple[str, ...]
    askers: tuple[str, ...] = ("stranger",)
    faults: frozenset[str] = frozenset({"cache comes back", "replica lags"})
    workers: int = 2


class Record(NamedTuple):
    change: str
    raises: bool
    age: int = 0


RAISE = Record("", True, OVERDUE)


class Writer(NamedTuple):
    change: str
    step: str = "ready"
    raises: bool = False


class Entry(NamedTuple):
    content: tuple[str, ...]
    revision: int
    body: str


class Worker(NamedTuple):
    step: str = "idle"
    age: int = 0  # of its reading
    known: int = 0  # the revision that its reading says
    asker: str = ""
    due: tuple[str, ...] = ()  # what its answer has to show
    read: tuple[Any, ...] = ()  # the first of two statements, or the entry that it will store


class State(NamedTuple):
    writers: tuple[Writer, ...]
    workers: tuple[Worker, ...]
    log: tuple[Record, ...] = ()
    cache: frozenset[Entry] = frozenset()

    def with_worker(self, number: int, worker: Worker) -> "State":
        """In a fixed order: which worker is which makes no difference."""
        others = self.workers[:number] + self.workers[number + 1 :]
        return self._replace(workers=tuple(sorted((*others, worker))))

    def with_writer(self, number: int, writer: Writer, *records: Record) -> "State":
        writers = (*self.writers[:number], writer, *self.writers[number + 1 :])
        return self._replace(writers=writers, log=self.log + records)


def content(log: tuple[Record, ...]) -> tuple[str, ...]:
    return tuple(record.change for record in log if record.change)


def revision(log: tuple[Record, ...]) -> int:
    return sum(record.raises for record in log)


def overdue(log: tuple[Record, ...]) -> tuple[str, ...]:
    return tuple(record.change for record in log if record.age == OVERDUE and record.change not in {"", "add"})


@dataclass(frozen=True)
class Model:
    protocol: Protocol
    scenario: Scenario

    def explore(self) -> Seen:
        start = State(tuple(map(Writer, self.scenario.changes)), (Worker(),) * self.scenario.workers)
        return explore(start, self.steps, lambda state: any(worker.step == "wrong" for worker in state.workers))

    def steps(self, state: State) -> Iterator[tuple[str, State]]:
        yield "a tick", self.tick(state)
        for number, writer in enumerate(state.writers):
            yield from self.write(state, number, writer)
        for number, worker in enumerate(state.workers):
            yield from self.work(state, number, worker)
        if "restored" in self.scenario.faults:
            yield from self.restore(state)

    def status(self, content: tuple[str, ...]) -> str:
        status = self.scenario.status
        for change in content:
            status = {"hide": "hidden", "publish": "published"}.get(change, status)
        return status

    # Time

    def tick(self, state: State) -> State:
        log = tuple(record._replace(age=min(record.age + 1, OVERDUE)) for record in state.log)
        return state._replace(log=log, workers=tuple(sorted(map(self.grow_older, state.workers))))

    def grow_older(self, worker: Worker) -> Worker:
        """A reading too old to begin with is none."""
        on_its_way = worker.step in {"sent", "taken"}
        if worker.step == "ready" or (on_its_way and self.protocol.age_from == "sending"):
            return worker._replace(age=worker.age + 1) if worker.age < FRESH else Worker()
        return worker

    # Writers

    def write(self, state: State, number: int, writer: Writer) -> Iterator[tuple[str, State]]:
        """The trigger decides by the rows that its statement sees; both show with the commit."""
        if writer.step == "ready" and not self.waits(state, writer):
            raises = self.raises(writer.change, content(state.log))
            early = [RAISE] if raises and self.protocol.raised == "before it" else []
            yield f"write {writer.change}", state.with_writer(number, Writer(writer.change, "open", raises), *early)
        if writer.step == "open":
            record = Record(writer.change, writer.raises and self.protocol.raised == "in the transaction")
            yield f"commit {writer.change}", state.with_writer(number, writer._replace(step="committed"), record)
        if writer.step == "committed":
            yield from self.follow_up(state, number, writer._replace(step="done"))

    def raises(self, change: str, seen: tuple[str, ...]) -> bool:
        if change in {"hide", "detail"} or (change == "rename tag" and self.protocol.tag_raises == "pairs in use"):
            return self.status(seen) == "published"
        return change in {"rename", "rename tag"}

    def waits(self, state: State, writer: Writer) -> bool:
        """For a lock on the topic's row."""
        locks = {"hide", "publish"} | ({"detail"} if self.protocol.detail_locks_topic else set())
        return writer.change in locks and any(w.change in locks and w.step == "open" for w in state.writers)

    def follow_up(self, state: State, number: int, done: Writer) -> Iterator[tuple[str, State]]:
        """Nothing follows the commit, unless the revision is raised or the entry deleted in `on_commit`."""
        if self.protocol.raised == "after it" and done.raises:
            yield f"raise for {done.change}", state.with_writer(number, done, RAISE)
        if self.protocol.raised == "never, but deleted":
            yield f"delete for {done.change}", state.with_writer(number, done)._replace(cache=frozenset())

    # Workers

    def work(self, state: State, number: int, worker: Worker) -> Iterator[tuple[str, State]]:
        if worker.step == "began":
            yield from self.look(state, number, worker)
            yield from self.fill(state, number, worker)
        elif worker.step == "holds":
            yield "store", self.store(state, Entry(*worker.read)).with_worker(number, Worker())
        else:
            for words, after in self.take_reading(state, worker):
                yield words, state.with_worker(number, after)

    def take_reading(self, state: State, worker: Worker) -> Iterator[tuple[str, Worker]]:
        if worker.step == "idle":
            yield "send for a reading", Worker("sent")
        if worker.step == "sent":
            yield "snapshot of the reading", worker._replace(step="taken", known=revision(state.log))
        if worker.step == "taken":
            yield "reading received", worker._replace(step="ready")
        if worker.step == "ready":
            for asker in self.scenario.askers:
                yield f"{asker} asks", Worker("began", known=worker.known, asker=asker, due=overdue(state.log))

    def look(self, state: State, number: int, worker: Worker) -> Iterator[tuple[str, State]]:
        """Finding nothing is `fill`, which may come at any time."""
        for entry in state.cache:
            fits = {
                "not below": entry.revision >= worker.known,
                "equal": entry.revision == worker.known,
                "always": True,
            }
            if fits[self.protocol.served]:
                yield f"serve {entry}", self.answer(state, number, worker, entry, after=Worker())

    def fill(self, state: State, number: int, worker: Worker) -> Iterator[tuple[str, State]]:
        for entry in self.entries_from_replicas(state, worker):
            yield f"fill {entry} from a replica", self.answer_and_hold(state, number, worker, entry)
        yield from self.fill_from_primary(state, number, worker)

    def fill_from_primary(self, state: State, number: int, worker: Worker) -> Iterator[tuple[str, State]]:
        """In one statement, or in the second of two."""
        rows, number_read = content(state.log), revision(state.log)
        first = {"rows first": rows, "revision first": (number_read,)}.get(self.protocol.filled)
        if first is not None and not worker.read:
            after = worker._replace(read=("first", *first))
            yield f"read {first}, {self.protocol.filled}", state.with_worker(number, after)
            return
        if self.protocol.filled == "rows first":
            rows = worker.read[1:]
        if self.protocol.filled == "revision first":
            number_read = worker.read[1]
        entry = self.entry(worker, rows, number_read)
        yield f"fill {entry}", self.answer_and_hold(state, number, worker, entry)

    def entries_from_replicas(self, state: State, worker: Worker) -> Iterator[Entry]:
        """One that lags; those that would be refused are left out: the primary is asked then."""
        for length in range(len(state.log)) if "replica lags" in self.scenario.faults else ():
            seen = state.log[:length]
            entry = self.entry(worker, content(seen), revision(seen))
            published, current = self.status(entry.content) == "published", entry.revision >= worker.known
            if {"published and checked": published and current, "checked": current}.get(self.protocol.replica, True):
                yield entry

    def entry(self, worker: Worker, content: tuple[str, ...], revision: int) -> Entry:
        status = self.status(content)
        shown = status == "published" or (status == "draft" and worker.asker == "owner")
        return Entry(content, revision, "list" if shown else "404")

    def answer_and_hold(self, state: State, number: int, worker: Worker, entry: Entry) -> State:
        may_be_stored = {
            "published": self.status(entry.content) == "published",
            "drafts too": entry.body == "list",
            "404s too": self.status(entry.content) == "published" or entry.body == "404",
        }[self.protocol.stored]
        after = Worker("holds", read=entry) if may_be_stored else Worker()
        return self.answer(state, number, worker, entry, after=after)

    def answer(self, state: State, number: int, worker: Worker, entry: Entry, *, after: Worker) -> State:
        wrong = self.is_late(worker, entry) or self.tells_a_draft(worker, entry)
        return state.with_worker(number, Worker("wrong", read=entry, due=worker.due) if wrong else after)

    def is_late(self, worker: Worker, entry: Entry) -> bool:
        """To be published shows in nothing but that the topic is there."""
        missing = set(worker.due) - set(entry.content)
        return bool(missing - {"publish"}) or (bool(missing) and entry.body == "404")

    def tells_a_draft(self, worker: Worker, entry: Entry) -> bool:
        return worker.asker == "stranger" and entry.body == "list" and self.status(entry.content) == "draft"

    def store(self, state: State, entry: Entry) -> State:
        remembered = state.cache if "cache comes back" in self.scenario.faults else frozenset()
        return state._replace(cache=remembered | {entry})

    # Restoring a back-up

    def restore(self, state: State) -> Iterator[tuple[str, State]]:
        for length in range(len(state.log)):
            left = content(state.log[:length])
            workers = (worker._replace(due=tuple(c for c in worker.due if c in left)) for worker in state.workers)
            after = state._replace(log=state.log[:length], workers=tuple(sorted(workers)))
            if self.protocol.restore != "cache kept":
                after = after._replace(cache=frozenset())
            if self.protocol.restore == "workers stopped, cache dropped":
                after = after._replace(workers=(Worker(),) * self.scenario.workers)
            yield f"restore {left}", after


DELETES = Protocol(raised="never, but deleted", served="always")
IN_USE = Protocol(tag_raises="pairs in use")
NO_FAULTS: frozenset[str] = frozenset()
LAGS, RESTORED = frozenset({"replica lags"}), frozenset({"restored"})
ALL = frozenset({"cache comes back", "replica lags", "restored"})
ANYBODY = ("stranger", "owner")

RIGHT = {
    "a neighbour renamed, the topic hidden": Scenario("published", ("rename", "hide"), faults=ALL),
    "a draft published, a detail written": Scenario("draft", ("publish", "detail"), ANYBODY),
    "a draft published, its tag renamed": Scenario("draft", ("publish", "rename tag"), ANYBODY),
    "hidden and published again": Scenario("published", ("hide", "publish")),
    "a neighbour added, another renamed": Scenario("published", ("add", "rename")),
}

ALSO_RIGHT = {
    "the revision read in a statement before the rows'": Protocol(filled="revision first"),
    "served only while the revision is equal": Protocol(served="equal"),
}

# With the fewest writers and faults that show it.
WRONG = {
    "the revision is raised in `on_commit`": (Protocol(raised="after it"), ["rename"], NO_FAULTS),
    "the revision is a sequence": (Protocol(raised="before it"), ["rename"], NO_FAULTS),
    "rows are read before the revision": (Protocol(filled="rows first"), ["rename"], NO_FAULTS),
    "the reading's age counts from receipt": (Protocol(age_from="receipt"), ["rename"], NO_FAULTS),
    "no comparison": (Protocol(served="always"), ["rename"], NO_FAULTS),
    "entries are deleted on commit instead": (DELETES, ["rename"], NO_FAULTS),
    "a lagging replica's fill is not compared": (Protocol(replica="unchecked"), ["rename"], LAGS),
    "a lagging replica is believed what is not published": (Protocol(replica="checked"), ["publish"], LAGS),
    "drafts are stored": (Protocol(stored="drafts too"), ["publish"], NO_FAULTS),
    "404s are stored": (Protocol(stored="404s too"), ["publish"], NO_FAULTS),
    "a detail does not lock its topic": (Protocol(detail_locks_topic=False), ["publish", "detail"], NO_FAULTS),
    "a renamed tag raises the pairs in use": (IN_USE, ["publish", "rename tag"], NO_FAULTS),
    "restored, the cache kept": (Protocol(restore="cache kept"), ["rename", "hide"], RESTORED),
    "restored and the cache dropped while workers run": (
        Protocol(restore="cache dropped"),
        ["rename", "hide"],
        RESTORED,
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_no_order_of_steps_shows_a_correction_late(name: str) -> None:
    seen = Model(Protocol(), RIGHT[name]).explore()
    assert seen.trace == []
    assert_told(name, seen)


@pytest.mark.parametrize("name", ALSO_RIGHT)
def test_some_rules_might_be_others(name: str) -> None:
    seen = Model(ALSO_RIGHT[name], Scenario("published", ("rename", "hide"), faults=NO_FAULTS)).explore()
    assert seen.trace == []
    assert_told(name, seen)


@pytest.mark.parametrize("name", WRONG)
def test_every_rule_is_needed(name: str) -> None:
    protocol, changes, faults = WRONG[name]
    status, askers = ("draft", ANYBODY) if "publish" in changes else ("published", ("stranger",))
    seen = Model(protocol, Scenario(status, tuple(changes), askers, faults)).explore()
    assert seen.wrong
    assert_told(name, seen)
