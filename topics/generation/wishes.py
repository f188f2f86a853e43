"""What is to be written, read from a request: the tags to choose from, the conditions, and what somebody typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from topics.models import Gender, GenerationRequest, PlaceTag, Topic, TopicTag
from topics.offered import OFFERED, offered

# Of each list so many values are sent: whoever sends fifty has not chosen.
VALUES_MOST = 10
# Of so many topics, five can be expected to pass.
ASKED = 8
# Nobody waits for these.
BULK_ASKED = 20
TITLES_MOST = 30
# For a topic that fits what somebody typed, and nothing that the client offers.
OTHER = "기타"
FIELDS = ("situations", "purposes", "moods")


@dataclass(frozen=True)
class Wish:
    """`asked` are the values of each filter as they were sent, `known` those of them that the client offers."""

    topic_tags: Mapping[str, int]
    place_tags: Mapping[str, int]
    asked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    men: bool = False
    ages: tuple[int, int] | None = None
    titles: Sequence[str] = ()
    count: int = ASKED

    def known(self, name: str) -> list[str]:
        found = (offered(name, value) for value in self.asked.get(name, ()))
        return list(dict.fromkeys(value for value in found if value))

    def choices(self, name: str) -> list[str]:
        """What the model may say that a topic fits; nothing to choose where all was typed."""
        known = self.known(name)
        return [*known, OTHER] if known and any(not offered(name, value) for value in self.asked[name]) else known

    @property
    def typed(self) -> list[str]:
        return [value for name in FIELDS for value in self.asked.get(name, ()) if not offered(name, value)]

    @property
    def gender(self) -> Gender | None:
        return Gender.MALE if self.men else None


def wish_of(request: GenerationRequest) -> Wish:
    """Of a search or of bulk."""
    topic_tags, place_tags = tags_of(request)
    search = request.search
    return Wish(
        topic_tags,
        place_tags,
        asked={name: search.get(name, ())[:VALUES_MOST] for name in OFFERED},
        men=search.get("men", False),
        ages=tuple(search["ages"]) if search.get("ages") else None,
        titles=titles_there(request),
        count=BULK_ASKED if request.why == GenerationRequest.Why.BULK else ASKED,
    )


def tags_of(request: GenerationRequest) -> tuple[dict[str, int], dict[str, int]]:
    """All tags; of bulk its own; of a search without filters the user's own, where they have chosen some."""
    only: tuple[list[int | None], list[int | None]]
    if request.why == GenerationRequest.Why.BULK:
        only = [request.topic_tag_id], [request.place_tag_id]
    else:
        only = request.search.get("topic_tags", []), request.search.get("place_tags", [])
    return names(TopicTag.objects.all(), only[0]), names(PlaceTag.objects.all(), only[1])


def names(tags: QuerySet[Any], ids: list[int | None]) -> dict[str, int]:
    return dict((tags.filter(pk__in=ids) if ids else tags).values_list("content", "pk"))


def titles_there(request: GenerationRequest) -> list[str]:
    """The newest of what was written for the same wish: not to be written again."""
    there = Topic.objects.filter(generated__request__key=request.key, generated__request__user=request.user_id)
    if request.why == GenerationRequest.Why.BULK:
        there = Topic.objects.filter(topic_tag=request.topic_tag_id, place_tag=request.place_tag_id)
    return list(there.order_by("-pk").values_list("title", flat=True)[:TITLES_MOST])
