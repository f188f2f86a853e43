"""The mixed load: people who do what the client lets them do, and remember what they were told was done."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from tests.kakao import FakeKakao

JSON = {"Content-Type": "application/json"}
SEOUL = timezone(timedelta(hours=9))
PATIENCE_SECONDS = 30.0
FOLDERS_MOST, REMINDERS_MOST = 20, 5
BROKEN = 0


@dataclass
class Answers:
    """How many requests were answered how; a connection that broke counts as `BROKEN`."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    statuses: "Counter[int]" = field(default_factory=Counter)
    crashes: list[str] = field(default_factory=list)

    def note(self, method: str, path: str, status: int, body: bytes) -> None:
        with self.lock:
            self.statuses[status] += 1
            if status not in (BROKEN, 200, 409, 503):
                self.crashes.append(f"{method} {path}: {status} {body[:200].decode(errors='replace')}")


@dataclass
class Ledger:
    """What was acknowledged. What broke on the way may be there or not, and is forgotten here."""

    folders: dict[int, str] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    entries: set[tuple[int, int]] = field(default_factory=set)
    reminders: set[str] = field(default_factory=set)

    def forget(self, folder: int) -> None:
        """Before it is deleted: whatever comes of that, it need not be there any more, nor what hangs on it."""
        self.folders.pop(folder, None)
        self.entries = {entry for entry in self.entries if entry[0] != folder}


class Person:
    """Somebody with a phone; `run` acts at random until `stop`."""

    def __init__(self, number: int, port: int, kakao: FakeKakao, answers: Answers, topics: int) -> None:
        self.number, self.port, self.kakao, self.answers, self.topics = number, port, kakao, answers, topics
        self.luck = random.Random(number)
        self.ledger = Ledger()
        self.connection: http.client.HTTPConnection | None = None
        self.pair: dict[str, str] = {}
        self.made = 0
        # How often each is done: reading is most of it.
        self.acts: dict[Callable[[], object], int] = {
            self.open_topic: 60,
            self.search: 6,
            self.search_for_something_odd: 2,
            self.look_around: 8,
            self.make_folder: 4,
            self.keep_topic: 10,
            self.rename_folder: 3,
            self.delete_folder: 2,
            self.refresh: 3,
            self.make_reminder: 1,
            self.sign_in: 1,
        }

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            if not self.pair:
                self.sign_in()
                continue
            (act,) = self.luck.choices(list(self.acts), list(self.acts.values()))
            act()
        if self.connection:
            self.connection.close()

    def call(self, method: str, path: str, body: object = None, *, bearer: bool = True) -> tuple[int, Any]:
        headers = {**JSON, **({"Authorization": f"Bearer {self.pair['accessToken']}"} if bearer and self.pair else {})}
        said = b""
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
            self.connection.request(method, path, json.dumps(body) if body else None, headers)
            response = self.connection.getresponse()
            status, said = response.status, response.read()
        except (OSError, http.client.HTTPException):
            status = BROKEN
            if self.connection:
                self.connection.close()
            self.connection = None
            time.sleep(0.05)
        self.answers.note(method, path, status, said)
        return status, json.loads(said) if said and status == 200 else None

    def topic(self) -> int:
        """A few are much more read than the others."""
        return min(self.topics, 1 + int(self.luck.paretovariate(0.6)))

    def sign_in(self) -> None:
        """The stale bearer goes along, as the client's does, and is no good afterwards, whatever became of it."""
        status, answer = self.call("POST", "/login/kakao", {"code": self.kakao.grant(3_000_000 + self.number)})
        self.pair = {name: answer[name] for name in ("accessToken", "refreshToken")} if status == 200 else {}
        if self.pair:
            self.call("PUT", "/users/notification-token", {"notificationToken": f"phone-{self.number}"})

    def refresh(self) -> None:
        """An answer that was lost is asked for again with the same token."""
        for _ in range(3):
            status, answer = self.call("POST", "/refresh", {"refreshToken": self.pair["refreshToken"]}, bearer=False)
            if status == 200:
                self.pair = answer
                return
            if status == 401:
                break
        self.pair = {}

    def open_topic(self) -> None:
        topic = self.topic()
        self.call("GET", f"/topics/{topic}/details")
        self.call("GET", f"/topics/{topic}/related")

    def search(self) -> None:
        for _ in range(2):
            self.call("POST", "/topics", {"includeFilterCondition": False, "talkPartnerGender": False})

    def search_for_something_odd(self) -> None:
        """What no topic names, so that some are written."""
        filters = {"talkSituations": [f"{self.luck.randrange(40)}번째 만남"], "talkMoods": ["편안한"]}
        self.call("POST", "/topics", {"includeFilterCondition": True, "talkPartnerGender": False, **filters})

    def look_around(self) -> None:
        lists = ("/users/scraps", "/users/notifications", "/topic-tags", "/users/tags", "/users/sessions", "/terms")
        self.call("GET", self.luck.choice(lists))

    def name(self) -> str:
        self.made += 1
        return f"{self.number}의 {self.made}"

    def make_folder(self) -> None:
        if len(self.ledger.folders) >= FOLDERS_MOST:
            return
        name = self.name()
        status, answer = self.call("POST", "/users/scraps", {"scrapName": name})
        if status == 200:
            self.ledger.folders[answer["scrapId"]] = name

    def some_folder(self) -> int | None:
        return self.luck.choice(list(self.ledger.folders)) if self.ledger.folders else None

    def keep_topic(self) -> None:
        folder, topic = self.some_folder(), self.topic()
        if folder and self.call("POST", f"/users/scraps/{folder}/topics/{topic}")[0] == 200:
            self.ledger.entries.add((folder, topic))

    def rename_folder(self) -> None:
        if folder := self.some_folder():
            name = self.name()
            status, _ = self.call("PATCH", f"/users/scraps/{folder}/titles", {"scrapTitle": name})
            # Without an answer it may have either name.
            self.ledger.folders[folder] = name if status == 200 else ""

    def delete_folder(self) -> None:
        if len(self.ledger.folders) > 2 and (folder := self.some_folder()):
            self.ledger.forget(folder)
            if self.call("DELETE", f"/users/scraps/{folder}")[0] == 200:
                self.ledger.deleted.add(folder)

    def make_reminder(self) -> None:
        """Every minute from now on; in a folder that is not deleted any more."""
        now = datetime.now(UTC).astimezone(SEOUL)
        kept = [entry for entry in self.ledger.entries if entry[0] in self.ledger.folders]
        if len(self.ledger.reminders) >= REMINDERS_MOST or not kept or now.hour == 23:
            return
        folder, topic = self.luck.choice(kept)
        # It holds its folder: whoever deletes the one deletes the other.
        self.ledger.folders.pop(folder)
        name = self.name()
        reminder = {
            "notificationName": name,
            "scrapId": folder,
            "notificationTalkTopicIds": [topic],
            "noticeDate": now.date().isoformat(),
            "notificationStartTime": f"{now:%H:%M}",
            "notificationEndTime": "23:59",
            "notificationIntervalMinutes": 1,
        }
        if self.call("POST", "/users/notifications", reminder)[0] == 200:
            self.ledger.reminders.add(name)


def lost(ledger: Ledger, ask: Callable[[str, list[Any]], set[Any]]) -> list[str]:
    """What was acknowledged and is not so; `ask` gives the first column of a statement."""
    folders = ask("SELECT id FROM scraps_scrap WHERE id = ANY (%s)", [list(ledger.folders) + list(ledger.deleted)])
    names = ask("SELECT id || ' ' || name FROM scraps_scrap WHERE id = ANY (%s)", [list(ledger.folders)])
    held = [f"{scrap} {topic}" for scrap, topic in ledger.entries]
    kept = ask(
        "SELECT scrap_id || ' ' || topic_id FROM scraps_scraptopic WHERE scrap_id || ' ' || topic_id = ANY (%s)", [held]
    )
    reminders = ask("SELECT name FROM notifications_notification WHERE name = ANY (%s)", [list(ledger.reminders)])
    return [
        *(f"folder {id}" for id in set(ledger.folders) - folders),
        *(f"folder {id}, deleted" for id in ledger.deleted & folders),
        *(f"name of folder {id}" for id, name in ledger.folders.items() if name and f"{id} {name}" not in names),
        *(f"entry {entry}" for entry in set(held) - kept),
        *(f"reminder {name}" for name in ledger.reminders - reminders),
    ]
