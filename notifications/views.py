"""The reminder calls of the contract."""

from django.conf import settings
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.authentication import UserRequest
from notifications import services
from notifications.listing import add_slots, add_topics
from notifications.models import Notification, NotificationQuerySet
from notifications.serializers import NotificationBody, NotificationDetailsAnswer, NotificationsAnswer
from tokpik import errors
from tokpik.cursors import CURSOR, page, size_parameter
from tokpik.openapi import EMPTY, failure
from tokpik.throttling import DAY, Limit
from tokpik.viewsets import ApiViewSet, path_id

# The shipped client shows only the last page that it gets.
SIZE = 200


class NotificationViewSet(ApiViewSet):
    request: UserRequest
    bodies = {"create": NotificationBody}
    # The quota is on coming ones; past ones, and the log of what was pushed, are kept for a month.
    user_limits = {"create": Limit("reminders", settings.REMINDERS_A_DAY, DAY)}

    def get_queryset(self) -> NotificationQuerySet:
        return Notification.objects.owned_by(self.request.user).kept(timezone.now())

    @extend_schema(
        tags=["알림"],
        summary="내 알림 목록",
        parameters=[CURSOR, size_parameter(SIZE, SIZE)],
        responses={200: NotificationsAnswer, 400: failure(errors.Invalid)},
    )
    def list(self, request: UserRequest) -> Response:
        found = page(self.get_queryset(), request, size=SIZE, most=SIZE)
        add_topics(request.user, found.contents)
        return Response(NotificationsAnswer(found).data)

    @extend_schema(tags=["알림"], summary="알림 만들기", responses={200: EMPTY, 409: failure(errors.QuotaReached)})
    def create(self, request: UserRequest) -> Response:
        services.create_notification(user=request.user, now=timezone.now(), **self.body())
        return Response()

    @extend_schema(tags=["알림"], summary="알림의 차례", responses=NotificationDetailsAnswer)
    def details(self, request: UserRequest, notification_id: str) -> Response:
        reminder = get_object_or_404(self.get_queryset(), pk=path_id(notification_id))
        add_slots(request.user, reminder)
        return Response(NotificationDetailsAnswer(reminder).data)

    @extend_schema(tags=["알림"], summary="알림 지우기", responses=EMPTY)
    def destroy(self, request: UserRequest, notification_id: str) -> Response:
        services.delete_notification(user=request.user, notification_id=path_id(notification_id))
        return Response()
