"""Which of the phones that FCM does not know are forgotten (docs/decisions/0021)."""

from datetime import datetime, timedelta

from notifications.credential import Refused
from notifications.verdicts import Verdict

# A success so long ago still shows that the credential is of the right project.
TRUSTED = timedelta(minutes=5)
STRANGERS_MOST = 10


class Strangers:
    """A phone that FCM calls a stranger is forgotten only while others are reached with the same credential.

    Else it may be the credential that is another project's, and everybody would be forgotten.
    """

    def __init__(self) -> None:
        # The last success, and the last one on another phone than that.
        self.last: tuple[str, datetime] | None = None
        self.other: tuple[str, datetime] | None = None
        self.count = 0

    def success(self, phone: str, now: datetime) -> None:
        if self.last and self.last[0] != phone:
            self.other = self.last
        self.last = (phone, now)
        self.count = 0

    def forgets(self, verdict: Verdict, phone: str, now: datetime) -> bool:
        """Whether this phone is gone for good. Raises `Refused` at the tenth stranger without a success."""
        if verdict is Verdict.UNREGISTERED:
            return True
        if verdict not in (Verdict.MISMATCH, Verdict.BAD_TARGET):
            return False
        if self.another_was_reached(phone, now):
            return True
        self.count += 1
        if self.count >= STRANGERS_MOST:
            raise Refused(
                f"FCM knows none of {STRANGERS_MOST} phones and none was reached meanwhile: are the credentials of "
                "another project? No phone was forgotten."
            )
        return False

    def another_was_reached(self, phone: str, now: datetime) -> bool:
        known = (self.last, self.other)
        return any(reached and reached[0] != phone and now - reached[1] <= TRUSTED for reached in known)
