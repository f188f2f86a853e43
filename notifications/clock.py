"""What time it is for a sender: the database's, since a lease is set by one machine and minded by another."""

from datetime import datetime, timedelta
from time import monotonic

from django.db import connection

# Between two looks at the database's clock the seconds are counted here.
LOOK_SECONDS = 1.0


class Clock:
    """`given` is a moment at which the clock stands still; the database's is not asked then."""

    def __init__(self, given: datetime | None = None) -> None:
        self.given = given
        self.seen = given
        self.seen_at = float("-inf")

    def look(self) -> None:
        """Asks the database. What is told is never ahead of it: nothing is pushed, and no lease ends, too early."""
        if self.given is None and monotonic() - self.seen_at > LOOK_SECONDS:
            with connection.cursor() as cursor:
                cursor.execute("SELECT clock_timestamp()")
                (self.seen,) = cursor.fetchone()
            self.seen_at = monotonic()

    def now(self) -> datetime:
        assert self.seen is not None, "look first"
        return self.seen if self.given else self.seen + timedelta(seconds=monotonic() - self.seen_at)
