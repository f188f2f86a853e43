"""What no call of ours can be cheaper than: authentication alone, and authentication with the smallest statement."""

from django.db import connection
from rest_framework.request import Request
from rest_framework.response import Response

from tokpik.viewsets import ApiViewSet


class FloorViewSet(ApiViewSet):
    def nothing(self, request: Request) -> Response:
        return Response({"talkTopics": []})

    def select_1(self, request: Request) -> Response:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return Response({"talkTopics": cursor.fetchall()})
