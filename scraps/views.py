"""The scrap calls of the contract."""

from django.db.models import Prefetch
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.authentication import UserRequest
from scraps import services
from scraps.models import Scrap, ScrapQuerySet, ScrapTopic, ScrapTopicQuerySet
from scraps.serializers import (
    CountAnswer,
    CreatedScrapAnswer,
    EntriesAnswer,
    ScrapNameBody,
    ScrapsAnswer,
    ScrapTitleBody,
)
from tokpik import errors
from tokpik.cursors import CURSOR, SIZE_DEFAULT, SIZE_MOST, page, size_parameter
from tokpik.openapi import EMPTY, failure
from tokpik.viewsets import ApiViewSet, path_id

FULL = failure(errors.QuotaReached)


class ScrapViewSet(ApiViewSet):
    request: UserRequest
    bodies = {"create": ScrapNameBody, "rename": ScrapTitleBody}

    def get_queryset(self) -> ScrapQuerySet:
        return Scrap.objects.owned_by(self.request.user)

    def entries(self) -> ScrapTopicQuerySet:
        """The user's own, without what cannot be shown now."""
        return ScrapTopic.objects.owned_by(self.request.user).showable(self.request.user)

    @extend_schema(tags=["스크랩"], summary="내 스크랩 목록", responses=ScrapsAnswer)
    def list(self, request: UserRequest) -> Response:
        newest_first = self.entries().select_related("topic__topic_tag").order_by("-pk")
        scraps = self.get_queryset().prefetch_related(Prefetch("entries", newest_first, to_attr="shown_entries"))
        return Response(ScrapsAnswer({"scraps": scraps}).data)

    @extend_schema(
        tags=["스크랩"],
        summary="스크랩 만들기",
        responses={200: CreatedScrapAnswer, 409: FULL},
    )
    def create(self, request: UserRequest) -> Response:
        scrap = services.create_scrap(user=request.user, name=self.body()["scrapName"], now=timezone.now())
        return Response(CreatedScrapAnswer(scrap).data)

    @extend_schema(tags=["스크랩"], summary="스크랩 이름 바꾸기", responses=EMPTY)
    def rename(self, request: UserRequest, scrap_id: str) -> Response:
        id = path_id(scrap_id)
        # What the path names is answered before what is wrong with the body.
        services.check_scrap(user=request.user, scrap_id=id)
        services.rename_scrap(user=request.user, scrap_id=id, name=self.body()["scrapTitle"])
        return Response()

    @extend_schema(tags=["스크랩"], summary="스크랩 지우기", responses=EMPTY)
    def destroy(self, request: UserRequest, scrap_id: str) -> Response:
        services.delete_scrap(user=request.user, scrap_id=path_id(scrap_id))
        return Response()

    @extend_schema(tags=["스크랩"], summary="스크랩 수", responses=CountAnswer)
    def count(self, request: UserRequest) -> Response:
        return Response(CountAnswer({"count": self.get_queryset().count()}).data)

    @extend_schema(tags=["스크랩"], summary="담은 주제 수", responses=CountAnswer)
    def topics_count(self, request: UserRequest) -> Response:
        return Response(CountAnswer({"count": self.entries().count()}).data)

    @extend_schema(
        tags=["스크랩"],
        summary="스크랩에 담은 주제",
        parameters=[CURSOR, size_parameter(SIZE_DEFAULT, SIZE_MOST)],
        responses={200: EntriesAnswer, 400: failure(errors.Invalid)},
    )
    def topics(self, request: UserRequest, scrap_id: str) -> Response:
        scrap = get_object_or_404(self.get_queryset(), pk=path_id(scrap_id))
        entries = self.entries().filter(scrap=scrap).select_related("topic__topic_tag")
        return Response(EntriesAnswer(page(entries, request)).data)

    @extend_schema(tags=["스크랩"], summary="스크랩에 주제 담기", responses={200: EMPTY, 409: FULL})
    def add_topic(self, request: UserRequest, scrap_id: str, topic_id: str) -> Response:
        services.add_topic(user=request.user, scrap_id=path_id(scrap_id), topic_id=path_id(topic_id))
        return Response()

    @extend_schema(tags=["스크랩"], summary="스크랩에서 주제 빼기", responses=EMPTY)
    def remove_topic(self, request: UserRequest, scrap_id: str, topic_id: str) -> Response:
        services.remove_topic(user=request.user, scrap_id=path_id(scrap_id), entry_id=path_id(topic_id))
        return Response()
