"""What a sender has in hand: a reminder that it holds under a lease, and the pushes of its slot."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from notifications.slots import Window


@dataclass(frozen=True)
class Entry:
    """A row for the log (`notifications.models.Push`); `id` is the reminder's."""

    id: int
    slot: int
    session_id: str | None
    outcome: str
    reason: str
    due_at: datetime
    done_at: datetime
    latency_ms: int | None


@dataclass(eq=False)
class Turn:
    """A reminder that is held until `lease`, with what is to be written of it.

    `entries` are for the log; then it goes on with `next_slot` at `next_due_at`, or is done where that is None.
    """

    id: int
    window: Window
    lease: datetime
    next_slot: int
    next_due_at: datetime | None
    # How often its slot was tried before; and what is to be written of the next one.
    tried: int
    tries: int = 0
    entries: list[Entry] = field(default_factory=list)
    # Pushes that are still to be answered, and all of them.
    open: int = 0
    parcels: int = 0
    # Phones that are to be forgotten, and where they were reached.
    gone: list[tuple[str, str]] = field(default_factory=list)

    def try_again(self, slot: int, at: datetime, *, failed: bool) -> None:
        """The slot is not over: what is left of it is due at `at`, or when another of its pushes has to wait longer."""
        if self.next_slot == slot and self.next_due_at:
            at = max(at, self.next_due_at)
        self.next_slot, self.next_due_at = slot, at
        self.tries = max(self.tries, self.tried + failed)

    def state(self) -> dict[str, Any]:
        """What is written of the reminder itself."""
        slot, due_at = self.next_slot, self.next_due_at
        return {"id": self.id, "lease": self.lease, "slot": slot, "due_at": due_at, "tries": self.tries}


@dataclass(eq=False)
class Parcel:
    """One push of a slot to one phone. It may leave until `send_before`, by `monotonic`, and then not any more."""

    turn: Turn
    slot: int
    session_id: str
    target: str
    message: dict[str, Any]
    send_before: float
    handed_at: float = 0.0
    settled: bool = False
    # Ends the call that is under way for it, if one is.
    cut: Callable[[], None] | None = None

    def may_leave(self) -> bool:
        return monotonic() < self.send_before and not self.settled
