"""The topic calls of the contract."""

from typing import TYPE_CHECKING, Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

# The one arrow upward: what a user has scraped is the folders' to know.
from scraps.flags import is_scraped_by
from tokpik.viewsets import ApiViewSet, OpenViewSet, path_id
from topics.choosing import choose
from topics.models import PlaceTag, Topic, TopicDetail, TopicQuerySet, TopicTag
from topics.recent import recall, remember
from topics.serializers import (
    CardsAnswer,
    DetailsAnswer,
    PlaceTagsAnswer,
    RelatedAnswer,
    SearchBody,
    TopicTagsAnswer,
    as_search,
)

if TYPE_CHECKING:
    from accounts.authentication import UserRequest

DETAILS_MOST = 5


class TopicViewSet(ApiViewSet):
    request: "UserRequest"
    bodies = {"choose": SearchBody}

    def get_queryset(self) -> TopicQuerySet:
        """What this user may open, with their own flag on it."""
        user = self.request.user
        return Topic.objects.visible_to(user).annotate(scraped=is_scraped_by(user))

    def get_object(self, topic_id: str) -> Any:
        return get_object_or_404(self.get_queryset().select_related("topic_tag", "situation"), pk=path_id(topic_id))

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
        topic = self.get_object(topic_id)
        details = topic.details.all()[:DETAILS_MOST] or [TopicDetail(title=topic.title, content=topic.subtitle)]
        return Response(DetailsAnswer({"details": details, "scraped": topic.scraped}).data)

    @extend_schema(tags=["주제"], summary="연관 주제", responses=RelatedAnswer)
    def related(self, request: "UserRequest", topic_id: str) -> Response:
        base = self.get_object(topic_id)
        topics = self.get_queryset().related_to(base).select_related("topic_tag")
        return Response(RelatedAnswer({"talkTopics": topics}).data)


class TagViewSet(OpenViewSet):
    cache_control = "no-cache"

    @extend_schema(tags=["주제"], summary="주제 태그 목록", responses=TopicTagsAnswer)
    def topic_tags(self, request: Request) -> Response:
        return Response(TopicTagsAnswer({"topicTags": TopicTag.objects.all()}).data)

    @extend_schema(tags=["주제"], summary="장소 태그 목록", responses=PlaceTagsAnswer)
    def place_tags(self, request: Request) -> Response:
        return Response(PlaceTagsAnswer({"placeTags": PlaceTag.objects.all()}).data)
