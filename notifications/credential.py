"""The service account's access token: fetched when needed, by one thread, and renewed once when FCM refuses it."""

import logging
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import orjson
from google.auth import transport
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from google.oauth2.service_account import Credentials

from notifications.lines import NO_ANSWER, Line, Response

logger = logging.getLogger(__name__)
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
# A token that cannot be had is not asked for by every push anew.
PAUSE_SECONDS = 1.0


class Refused(Exception):
    """The credential is not accepted: no push can be sent until somebody mends that."""


class Unavailable(Exception):
    """No token is to be had just now."""


class Busy(Exception):
    """Another thread is fetching the token, and has not come back."""


class Unusable(Exception):
    """The file does not hold a service account."""


class Transport(transport.Request):
    """google-auth over a line that can be cut; its own transport would bring `requests`."""

    # Of the call that is under way, if one is.
    line: Line | None = None

    def __call__(  # type: ignore[override]
        self, url: str, method: str = "GET", body: Any = None, headers: Any = None, **_: Any
    ) -> Response:
        self.line = line = Line(url)
        try:
            line.make_ready()
            answer = line.send(method, urlsplit(url).path, body, headers)
        except NO_ANSWER as error:
            raise TransportError(type(error).__name__) from error
        finally:
            self.line = None
            line.close()
        if answer.status >= 500 or answer.status == 429:  # else it would sleep and try again here
            raise TransportError(f"status {answer.status}")
        return answer


class Credential:
    """Shared by the threads that push."""

    def __init__(self, file: str) -> None:
        """Raises `Unusable` with a sentence."""
        try:
            account = orjson.loads(Path(file).read_bytes())
            self.account = Credentials.from_service_account_info(account, scopes=[SCOPE])
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise Unusable(f"{file} is not a service account's file ({type(error).__name__}).") from error
        self.project: str = self.account.project_id or ""
        if not self.project:
            raise Unusable(f"{file} names no project_id.")
        self.transport = Transport()
        self.turn = Lock()
        self.failed_at = float("-inf")
        # Refusals since a push was last accepted.
        self.refusals = 0

    def token(self, *, seconds: float) -> str:
        """A token that has not expired; waits so long for another thread that is fetching one.

        Raises `Refused`, `Unavailable` or `Busy`.
        """
        if not self.turn.acquire(timeout=max(0.0, seconds)):
            raise Busy
        try:
            if not self.account.valid:
                self.renew()
            return str(self.account.token)
        finally:
            self.turn.release()

    def renew(self) -> None:
        if monotonic() - self.failed_at < PAUSE_SECONDS:
            raise Unavailable("no token a moment ago")
        try:
            self.account.refresh(self.transport)
        except RefreshError as error:
            if not error.retryable:
                raise Refused(f"Google refuses the credential of {self.account.service_account_email}.") from error
            self.fail(error)
        except (GoogleAuthError, ValueError, TypeError, KeyError) as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        self.failed_at = monotonic()
        logger.warning("No access token for FCM: %s", type(error).__name__)
        raise Unavailable(type(error).__name__) from error

    def cut(self) -> None:
        """From another thread: whoever is fetching a token stops waiting for it."""
        if line := self.transport.line:
            line.cut()

    def accepted(self) -> None:
        self.refusals = 0

    def rejected(self, token: str) -> None:
        """FCM answered 401 to this token: it is renewed, once. Raises `Refused` when the new one is rejected too."""
        with self.turn:
            if token != self.account.token:
                return
            self.refusals += 1
            self.account.token = None
            if self.refusals > 1:
                raise Refused("FCM refuses a token that Google has only just given (401).")
