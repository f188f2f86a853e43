"""Pushes by FCM HTTP v1."""

from collections import deque
from contextlib import suppress
from time import monotonic
from urllib.parse import urlsplit

import orjson

from notifications.credential import Busy, Credential, Refused, Unavailable
from notifications.lines import NO_ANSWER, Line
from notifications.parcels import Parcel
from notifications.verdicts import Answer, Verdict, judge


class Fcm:
    """The gateway to FCM; `deliver` is called by many threads."""

    def __init__(self, *, credential: Credential, url: str) -> None:
        self.credential, self.url = credential, url
        self.path = f"{urlsplit(url).path}/v1/projects/{credential.project}/messages:send"
        # The one used last first, so that few are open when little is to be sent.
        self.lines: deque[Line] = deque()

    def deliver(self, parcel: Parcel) -> Answer:
        """Raises `Refused` when nothing can be sent any more."""
        parcel.cut = self.credential.cut
        try:
            token = self.credential.token(seconds=parcel.send_before - monotonic())
        except Busy:
            return Answer(Verdict.NOT_SENT)
        except Unavailable as error:
            return Answer(Verdict.AGAIN, why=str(error))
        finally:
            parcel.cut = None
        answer = self.send(parcel, token)
        if answer.verdict is Verdict.SENT:
            self.credential.accepted()
        elif answer.verdict is Verdict.UNAUTHENTICATED:
            self.credential.rejected(token)
        elif answer.verdict is Verdict.FORBIDDEN:
            raise Refused(f"FCM does not allow this credential to push ({answer.why}).")
        return answer

    def close(self) -> None:
        while self.lines:
            self.lines.pop().close()

    def send(self, parcel: Parcel, token: str) -> Answer:
        line = self.line()
        parcel.cut = line.cut
        try:
            line.make_ready()
            answer = self.exchange(line, parcel, token) if parcel.may_leave() else Answer(Verdict.NOT_SENT)
        except NO_ANSWER as error:
            line.close()
            return Answer(Verdict.AGAIN, why=type(error).__name__)
        finally:
            parcel.cut = None
        if parcel.settled:  # given up meanwhile, and this line is being cut
            line.close()
        else:
            self.lines.append(line)
        return answer

    def exchange(self, line: Line, parcel: Parcel, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return judge(*line.send("POST", self.path, orjson.dumps(parcel.message), headers))

    def line(self) -> Line:
        with suppress(IndexError):
            return self.lines.pop()
        return Line(self.url)
