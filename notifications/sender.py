"""The sender: claims what is due, pushes it over many connections, and writes down what became of it.

One thread has the database and all decisions; the others only push. Of the pushes of one sender at most `MOST` are
sent or under way and not yet written down: so many may be repeated by the next one when this one is killed.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable
from datetime import timedelta
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic, sleep
from typing import Protocol

from django.db import Error, connection

from accounts.sessions import forget_push_target
from notifications import queue
from notifications.clock import Clock
from notifications.credential import Refused
from notifications.models import Push
from notifications.parcels import Parcel, Turn
from notifications.planning import entry, plan
from notifications.strangers import Strangers
from notifications.verdicts import Answer, Verdict
from tokpik import counting

logger = logging.getLogger(__name__)
MOST = 50
# So many are claimed, and written down, at a time where there are more.
CLAIM_LEAST, RECORD_LEAST = 12, 12
# A claimed push leaves within a second or not at all, and takes six at most: well within the lease.
LEAVE_SECONDS = 1.0
PUSH_SECONDS = 6.0
LOOK_SECONDS = 0.4
QUIET_SECONDS = 0.004
TROUBLE_SECONDS = 1.0
# Being told to stop, it waits no longer for a database that is gone.
TROUBLES_MOST = 2
SUMMARY_SECONDS = 60.0
PAUSE_FIRST, PAUSE_LONGEST = 2.0, 60.0

REASONS = {
    Verdict.UNREGISTERED: Push.Reason.UNREGISTERED,
    Verdict.MISMATCH: Push.Reason.MISMATCH,
    Verdict.BAD_TARGET: Push.Reason.BAD_TARGET,
    Verdict.INVALID: Push.Reason.INVALID,
}


class Gateway(Protocol):
    def deliver(self, parcel: Parcel) -> Answer:
        """Called by many threads. Raises `Refused` when nothing can be sent any more."""

    def close(self) -> None:
        """Nothing more is delivered."""


class Sender:
    def __init__(self, *, gateway: Gateway, clock: Clock, tell: Callable[[str], object]) -> None:
        self.gateway, self.clock, self.tell = gateway, clock, tell
        self.strangers = Strangers()
        self.parcels: SimpleQueue[Parcel | None] = SimpleQueue()
        # None only wakes.
        self.answers: SimpleQueue[tuple[Parcel, Answer | Refused] | None] = SimpleQueue()
        self.waiting: deque[Parcel] = deque()
        self.under_way: dict[Parcel, None] = {}
        self.settled: list[Turn] = []
        # Handed to a thread, and not yet written down.
        self.unrecorded = 0
        # When the queue is looked at next; whether it was empty at the last look.
        self.look_at, self.drained = float("-inf"), False
        # Whether no answer came for a moment.
        self.quiet = False
        self.stopped = False
        self.refused: Refused | None = None
        self.counted: Counter[str] = Counter()
        self.told_at = monotonic()
        # Steps in a row at which the database failed.
        self.troubles = 0

    def run(self, *, once: bool) -> None:
        """Until it is stopped; with `once` until nothing is due. Finishes what is under way. Raises `Refused`."""
        threads = [Thread(target=self.keep_delivering, name="push", daemon=True) for _ in range(MOST)]
        for thread in threads:
            thread.start()
        try:
            while not self.is_done(once):
                try:
                    self.step()
                    self.troubles = 0
                except Error:
                    self.troubles += 1
                    if once or (self.is_ending and self.troubles > TROUBLES_MOST):
                        raise
                    self.wait_for_database()
        finally:
            for _ in threads:
                self.parcels.put(None)
            self.gateway.close()
            self.summarise()
        if self.refused:
            raise self.refused

    def stop(self) -> None:
        """For a signal's handler, which may interrupt the very wait that it ends: the lock of an `Event` would not
        bear that, a `SimpleQueue` does."""
        self.stopped = True
        self.answers.put(None)

    def is_done(self, once: bool) -> bool:
        if self.waiting or self.under_way or self.settled:
            return False
        return self.is_ending or (once and self.drained)

    @property
    def is_ending(self) -> bool:
        return self.stopped or self.refused is not None

    def step(self) -> None:
        self.clock.look()
        self.receive()
        self.give_up_overdue()
        self.record()
        if not self.is_ending:
            self.claim()
        self.hand_out()
        if monotonic() - self.told_at > SUMMARY_SECONDS:
            self.summarise()

    # --- What is due ---------------------------------------------------------------------------------------------

    def claim(self) -> None:
        """Only as many as can leave at once, so that a reminder that is deleted is not in our hands for long."""
        free = MOST - self.unrecorded
        if self.waiting or free < CLAIM_LEAST or monotonic() < self.look_at:
            return
        send_before = monotonic() + LEAVE_SECONDS
        claimed = queue.claim(free, self.clock.now())
        self.drained = not claimed
        if not claimed:
            self.look_at = monotonic() + LOOK_SECONDS
            return
        for reminder in claimed:
            turn, parcels = plan(reminder, self.clock.now(), send_before)
            self.waiting += parcels
            if not parcels:
                self.settled.append(turn)

    def hand_out(self) -> None:
        while self.waiting and (self.unrecorded < MOST or not self.waiting[0].may_leave()):
            parcel = self.waiting.popleft()
            self.unrecorded += 1
            self.under_way[parcel] = None
            parcel.handed_at = monotonic()
            if parcel.may_leave() and not self.is_ending:
                self.parcels.put(parcel)
            else:
                self.settle(parcel, Answer(Verdict.NOT_SENT))

    def keep_delivering(self) -> None:
        """What each of the other threads does."""
        while parcel := self.parcels.get():
            self.answers.put((parcel, self.deliver(parcel)))

    def deliver(self, parcel: Parcel) -> Answer | Refused:
        try:
            return self.gateway.deliver(parcel) if parcel.may_leave() else Answer(Verdict.NOT_SENT)
        except Refused as refused:
            return refused
        except Exception:
            logger.exception("A push failed")
            return Answer(Verdict.AGAIN, why="our own fault")

    # --- What FCM says -------------------------------------------------------------------------------------------

    def receive(self) -> None:
        """Waits for an answer, or until the queue is looked at next; takes all there are."""
        try:
            answers = [self.answers.get(timeout=self.patience())]
        except Empty:
            answers = []
        self.quiet = not answers
        while not self.answers.empty():
            answers.append(self.answers.get_nowait())
        for answer in filter(None, answers):
            self.take(*answer)

    def patience(self) -> float:
        """Seconds; few where something could be written down meanwhile."""
        if self.under_way:
            return QUIET_SECONDS if self.settled else LOOK_SECONDS
        idle = not self.settled and not self.is_ending
        return max(0.0, self.look_at - monotonic()) if idle else 0.0

    def take(self, parcel: Parcel, answer: Answer | Refused) -> None:
        if isinstance(answer, Refused):
            self.refuse(answer)
            answer = Answer(Verdict.NOT_SENT)
        if not parcel.settled:
            self.settle(parcel, answer)

    def refuse(self, refused: Refused) -> None:
        if self.refused is None:
            logger.error("The sender stops: %s", refused)
            self.refused = refused

    def give_up_overdue(self) -> None:
        """A time-out of the connection counts from packet to packet; this bounds the whole push."""
        while self.under_way and monotonic() - (parcel := next(iter(self.under_way))).handed_at > PUSH_SECONDS:
            self.settle(parcel, Answer(Verdict.AGAIN, why="time-out"))
            # In this order: a line whose parcel is settled is not used again, so no other call is cut.
            if cut := parcel.cut:
                cut()

    def settle(self, parcel: Parcel, answer: Answer) -> None:
        parcel.settled = True
        self.under_way.pop(parcel, None)
        turn, now = parcel.turn, self.clock.now()
        match answer.verdict:
            case Verdict.SENT:
                self.strangers.success(parcel.session_id, now)
                self.log(parcel, Push.Outcome.SENT, "")
            case Verdict.NOT_SENT | Verdict.UNAUTHENTICATED | Verdict.FORBIDDEN:
                turn.try_again(parcel.slot, now, failed=False)
            case Verdict.AGAIN:
                self.put_off(parcel, answer)
            case _:
                self.fail(parcel, answer)
        turn.open -= 1
        if not turn.open:
            self.settled.append(turn)

    def log(self, parcel: Parcel, outcome: Push.Outcome, reason: str) -> None:
        turn = parcel.turn
        turn.entries.append(entry(turn, parcel.slot, parcel.session_id, outcome, reason, self.clock.now()))

    def put_off(self, parcel: Parcel, answer: Answer) -> None:
        """To be tried again after a pause that grows, within the slot: at its end it is noted as missed."""
        turn = parcel.turn
        pause = max(answer.wait, min(PAUSE_FIRST * 2 ** min(turn.tried, 10), PAUSE_LONGEST))
        at = min(self.clock.now() + timedelta(seconds=pause), turn.window.too_late(parcel.slot))
        turn.try_again(parcel.slot, at, failed=True)
        self.counted["put off"] += 1

    def fail(self, parcel: Parcel, answer: Answer) -> None:
        if answer.verdict is Verdict.INVALID:
            logger.error("FCM refuses what we send (reminder %s): %s", parcel.turn.id, answer.why)
        try:
            forgets = self.strangers.forgets(answer.verdict, parcel.session_id, self.clock.now())
        except Refused as refused:
            self.refuse(refused)
            parcel.turn.try_again(parcel.slot, self.clock.now(), failed=False)
            return
        self.log(parcel, Push.Outcome.FAILED, REASONS[answer.verdict])
        if forgets:
            parcel.turn.gone.append((parcel.session_id, parcel.target))

    # --- What is written down ------------------------------------------------------------------------------------

    def record(self) -> None:
        """At once where nothing else is to be done, else when there are several."""
        if not self.settled or (self.under_way and not self.quiet and len(self.settled) < RECORD_LEAST):
            return
        left = queue.record(self.settled)
        written, self.settled = [turn for turn in self.settled if turn not in left], left
        for turn in written:
            self.unrecorded -= turn.parcels
            self.counted.update(each.outcome for each in turn.entries)
            if turn.next_due_at and turn.next_due_at <= self.clock.now():
                self.look_at, self.drained = float("-inf"), False
        # What /metrics of another container says of pushes, by the hours of the system's clock.
        if not self.clock.given:
            counting.tally.add(Counter(f"push.{one.outcome}.{one.reason}" for turn in written for one in turn.entries))
        for session_id, target in [phone for turn in written for phone in turn.gone]:
            forget_push_target(session_id=session_id, target=target)
        if left and not self.under_way:
            sleep(QUIET_SECONDS)

    def wait_for_database(self) -> None:
        """What is in hand stays there, and nothing more is claimed until it is written down."""
        logger.exception("The database did not answer as it should; tried again")
        connection.close()
        sleep(TROUBLE_SECONDS)

    def summarise(self) -> None:
        self.told_at = monotonic()
        if self.counted:
            self.tell(", ".join(f"{what} {count}" for what, count in sorted(self.counted.items())))
            self.counted.clear()
