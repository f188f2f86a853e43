"""Related topics as the tutorials have it: simplejwt's own authentication, which loads the user; the shared part of the
answer in Django's cache, pickled, for an hour; the user's flags by SQL; REST framework's own renderer and negotiation.

What it leaves out counts for it: nobody's correction reaches its cache, and a session that has ended is still let in.
"""

from typing import Any

from django.core.cache import caches
from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication

from scraps.models import ScrapTopic
from topics.models import Topic

SECONDS = 3600


class RelatedSerializer(serializers.ModelSerializer[Topic]):
    topicId = serializers.IntegerField(source="pk")
    type = serializers.CharField(source="topic_tag.content")

    class Meta:
        model = Topic
        fields = ["topicId", "type", "title"]


class RelatedView(APIView):
    authentication_classes = [JWTAuthentication]
    permission_classes = [IsAuthenticated]
    renderer_classes = [JSONRenderer]
    content_negotiation_class = DefaultContentNegotiation

    def get(self, request: Request, topic_id: int) -> Response:
        topics: Any = caches["textbook"].get_or_set(f"related:{topic_id}", lambda: related_to(topic_id), SECONDS)
        ids = [topic["topicId"] for topic in topics]
        scraped = set(
            ScrapTopic.objects.filter(scrap__user=request.user.pk, topic__in=ids).values_list("topic", flat=True)
        )
        for topic in topics:
            topic["scraped"] = topic["topicId"] in scraped
        return Response({"talkTopics": topics})


def related_to(topic_id: int) -> list[dict[str, Any]]:
    base = get_object_or_404(Topic.objects.published().select_related("situation"), pk=topic_id)
    found = Topic.objects.published().filter(topic_tag=base.topic_tag_id, place_tag=base.place_tag_id)
    found = found.filter(situation__text__icontains=base.situation.text).exclude(pk=base.pk)
    return [
        dict(topic)
        for topic in RelatedSerializer(found.select_related("topic_tag").order_by("-pk")[:10], many=True).data
    ]
