"""Pushes that are only shown: what `make run` does without credentials."""

from collections.abc import Callable

from notifications.parcels import Parcel
from notifications.verdicts import Answer, Verdict

LETTERS_SHOWN = 8


class Console:
    def __init__(self, tell: Callable[[str], object]) -> None:
        self.tell = tell

    def deliver(self, parcel: Parcel) -> Answer:
        shown = parcel.message["message"]["webpush"]["notification"]
        self.tell(f"push {shown['tag']} to {parcel.target[:LETTERS_SHOWN]}…: {shown['title']} · {shown['body']}")
        return Answer(Verdict.SENT)

    def close(self) -> None:
        """There is nothing to be closed."""
