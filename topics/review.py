"""The review queue: what waits for staff, what they decide, and how a decision is taken back.

Details that a model wrote for a published topic come first, since time lets them in; then drafts; the oldest first.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from django.db import transaction

from tokpik.fields import whole_number
from topics.generation.publishing import discard, let_in
from topics.models import GeneratedItem, GenerationRequest, Topic, TopicDetail
from topics.versions import Changed, locked, version_of

WAITING_MOST = 1_000
PUBLISH, HIDE = "publish", "hide"
DECISIONS = [PUBLISH, HIDE]


class Place(NamedTuple):
    """A row of the queue; whoever goes on from there sees the next."""

    kind: str
    pk: int

    def __str__(self) -> str:
        return f"{self.kind}-{self.pk}"

    def before(self) -> "Place":
        return Place(self.kind, self.pk - 1)


@dataclass(frozen=True)
class Waiting:
    """What is decided on, as the client would show it: the topic with these details."""

    place: Place
    topic: Topic
    details: list[TopicDetail]

    @property
    def version(self) -> str:
        return version_of(self.topic)


class Decided(NamedTuple):
    kind: str
    pk: int
    topic_id: int
    version: str


class Kind(Protocol):
    name: str
    # What is said of a decision, and of its undoing; `{}` is the topic's number.
    said: dict[str, str]
    said_undone: str

    def count(self) -> int:
        """How many wait, up to `WAITING_MOST`."""

    def after(self, pk: int) -> Waiting | None:
        """The oldest whose id is greater."""

    def decide(self, pk: int, *, version: str, decision: str) -> Topic:
        """Raises `Changed` when another version was looked at, `ObjectDoesNotExist` when it waits no more."""

    def take_back(self, decided: Decided) -> None:
        """Raises `Changed` when somebody has written to it since, or `ObjectDoesNotExist`."""


class Drafts:
    name = "draft"
    said = {PUBLISH: "{}번을 게시했습니다.", HIDE: "{}번을 숨겼습니다."}
    said_undone = "{}번을 다시 초안으로 돌렸습니다."

    def count(self) -> int:
        return Topic.objects.drafts().order_by()[:WAITING_MOST].count()

    def after(self, pk: int) -> Waiting | None:
        drafts = Topic.objects.drafts().filter(pk__gt=pk).order_by("pk")
        topic = drafts.select_related("topic_tag", "place_tag", "situation").prefetch_related("details").first()
        return Waiting(Place(self.name, topic.pk), topic, list(topic.details.all())) if topic else None

    def decide(self, pk: int, *, version: str, decision: str) -> Topic:
        topic = locked(pk, version=version)
        topic.publish() if decision == PUBLISH else topic.hide()
        return topic

    def take_back(self, decided: Decided) -> None:
        topic = locked(decided.pk, version=decided.version)
        topic.status = Topic.Status.DRAFT
        topic.save(update_fields=["status", "updated_at"])


class WrittenDetails:
    name = "details"
    said = {PUBLISH: "{}번 주제의 상세를 실었습니다.", HIDE: "{}번 주제의 상세를 버렸습니다."}
    said_undone = "{}번 주제의 상세를 다시 기다리게 했습니다."

    def count(self) -> int:
        return GenerationRequest.objects.waiting().order_by()[:WAITING_MOST].count()

    def after(self, pk: int) -> Waiting | None:
        waiting = GenerationRequest.objects.waiting().filter(pk__gt=pk).order_by("pk")
        tags = "topic__topic_tag", "topic__place_tag", "topic__situation"
        request: Any = waiting.select_related(*tags).prefetch_related("topic__details").first()
        return Waiting(Place(self.name, request.pk), request.topic, written(request)) if request else None

    def decide(self, pk: int, *, version: str, decision: str) -> Topic:
        request: Any = GenerationRequest.objects.waiting().select_for_update(of=("self",)).get(pk=pk)
        topic = locked(request.topic_id, version=version)
        if decision == HIDE:
            discard(request)
        elif topic.details.exists():
            raise Changed  # they are not let in beside others, and the queue offers it to nobody
        else:
            let_in(request)
        return topic

    def take_back(self, decided: Decided) -> None:
        over = [GenerationRequest.Status.DONE, GenerationRequest.Status.DISCARDED]
        request = GenerationRequest.objects.select_for_update().get(pk=decided.pk, status__in=over)
        topic = locked(decided.topic_id, version=decided.version)
        if request.status == GenerationRequest.Status.DONE:
            # It had none before, and has had no other since.
            topic.details.all().delete()
        request.status = GenerationRequest.Status.WAITING
        request.save(update_fields=["status"])


def written(request: GenerationRequest) -> list[TopicDetail]:
    """The details as they would stand in the catalogue."""
    kept = request.items.filter(outcome=GeneratedItem.Outcome.KEPT).order_by("pk")
    return [TopicDetail(topic=request.topic, title=item.title, content=item.text) for item in kept]


KINDS: dict[str, Kind] = {kind.name: kind for kind in (WrittenDetails(), Drafts())}
START = Place(next(iter(KINDS)), 0)


def place_named(text: str | None) -> Place | None:
    kind, _, number = (text or "").partition("-")
    pk = whole_number(number)
    return Place(kind, pk) if kind in KINDS and pk is not None else None


def next_after(place: Place) -> Waiting | None:
    kinds = list(KINDS)
    for name in kinds[kinds.index(place.kind) :]:
        found = KINDS[name].after(place.pk if name == place.kind else 0)
        if found:
            return found
    return None


@transaction.atomic
def decide(place: Place, *, version: str, decision: str) -> Decided:
    """What it takes to take it back. Raises as `Kind.decide` does."""
    topic = KINDS[place.kind].decide(place.pk, version=version, decision=decision)
    return Decided(place.kind, place.pk, topic.pk, version_of(topic))


@transaction.atomic
def take_back(decided: Decided) -> None:
    """It waits again, and nothing is left of the decision. Raises as `Kind.take_back` does."""
    KINDS[decided.kind].take_back(decided)


def details_were_edited(place: Place, topic: Topic) -> None:
    """Details that waited are in the catalogue as staff rewrote them. Call inside the transaction that saved them.

    Whoever holds the request is deciding on it, waits for the topic, and will see that it has changed.
    """
    waiting = GenerationRequest.objects.waiting().filter(pk=place.pk, topic=topic)
    for request in waiting.select_for_update(of=("self",), skip_locked=True) if topic.details.exists() else []:
        request.status = GenerationRequest.Status.DONE
        request.save(update_fields=["status"])
