"""The topic calls of the contract."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

# The one arrow upward: what a user has scraped is the folders' to know.
from scraps.flags import is_scraped_by, scraped_among
from scraps.flags import key as scraped_key
from tokpik import cache
from tokpik.errors import NotFound
from tokpik.throttling import Limit
from tokpik.viewsets import ApiViewSet, OpenViewSet, path_id
from topics import entries
from topics.choosing import choose
from topics.details import DETAILS, read_details
from topics.entries import Kind, Shared
from topics.generation.details import details_written
from topics.models import PlaceTag, Topic, TopicQuerySet, TopicTag
from topics.recent import recall, remember
from topics.related import RELATED, read_related
from topics.serializers import (
    CardsAnswer,
    DetailsAnswer,
    PlaceTagAnswer,
    PlaceTagsAnswer,
    RelatedAnswer,
    SearchBody,
    TopicTagAnswer,
    TopicTagsAnswer,
    as_search,
)

if TYPE_CHECKING:
    from accounts.authentication import UserRequest


class TopicViewSet(ApiViewSet):
    request: "UserRequest"
    bodies = {"choose": SearchBody}
    # A search costs the most of all calls; what is served from the cache costs next to nothing, and a look at a limit
    # would be half of it.
    user_limits = {"choose": Limit("searches", settings.SEARCHES_A_MINUTE), "details": None, "related": None}

    def get_queryset(self) -> TopicQuerySet:
        """What this user may open, with their own flag on it."""
        user = self.request.user
        return Topic.objects.visible_to(user).annotate(scraped=is_scraped_by(user))

    @extend_schema(tags=["주제"], summary="주제 추천", responses=CardsAnswer)
    def choose(self, request: "UserRequest") -> Response:
        search = as_search(self.body())
        recent = recall(request.user.pk, search)
        chosen = choose(search, user=request.user, recent=recent) if recent.chosen is None else recent.chosen
        topics = self.get_queryset().select_related("topic_tag", "place_tag").in_bulk(chosen)
        remember(recent, chosen)
        return Response(CardsAnswer({"topics": [topics[id] for id in chosen if id in topics]}).data)

    @extend_schema(tags=["주제"], summary="주제 상세", responses=DetailsAnswer)
    def details(self, request: "UserRequest", topic_id: str) -> Response:
        id = path_id(topic_id)
        details, slot = self.shared(DETAILS, id, read_details)
        details = details or details_written(id, request.user.pk)
        return Response({"details": details, "scraped": id in scraped_among([id], request.user, slot)})

    @extend_schema(tags=["주제"], summary="연관 주제", responses=RelatedAnswer)
    def related(self, request: "UserRequest", topic_id: str) -> Response:
        topics, slot = self.shared(RELATED, path_id(topic_id), read_related)
        scraped = scraped_among([topic["topicId"] for topic in topics], request.user, slot)
        return Response({"talkTopics": [topic | {"scraped": topic["topicId"] in scraped} for topic in topics]})

    def shared(self, kind: Kind, id: int, read: Callable[[int, int, str], Shared | None]) -> tuple[Any, bytes | None]:
        """What all users share of an answer about this topic, and what the cache holds of what this one has scraped, in
        one round trip. Raises `NotFound`."""
        user_id = self.request.user.pk
        keys = kind.key(id), scraped_key(user_id)
        entry, flags = cache.ask(lambda redis: redis.mget(keys), otherwise=(None, None))
        body = entries.read(kind, id, entry, fill=lambda using: read(id, user_id, using))
        if body is None:
            raise NotFound
        return body, flags


class TagViewSet(OpenViewSet):
    cache_control = "no-cache"

    @extend_schema(tags=["주제"], summary="주제 태그 목록", responses=TopicTagsAnswer)
    def topic_tags(self, request: Request) -> Response:
        tags = TopicTag.objects.all()
        row = {"topicTagId": int, "content": str}
        rows = entries.read_list("topic-tags", row, lambda db: TopicTagAnswer(tags.using(db), many=True).data)
        return Response({"topicTags": rows})

    @extend_schema(tags=["주제"], summary="장소 태그 목록", responses=PlaceTagsAnswer)
    def place_tags(self, request: Request) -> Response:
        tags = PlaceTag.objects.all()
        row = {"placeTagId": int, "content": str}
        rows = entries.read_list("place-tags", row, lambda db: PlaceTagAnswer(tags.using(db), many=True).data)
        return Response({"placeTags": rows})
