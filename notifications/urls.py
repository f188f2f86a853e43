from django.urls import path

from notifications.views import NotificationViewSet

urlpatterns = [
    path("users/notifications", NotificationViewSet.as_view({"get": "list", "post": "create"})),
    path("users/notifications/<str:notification_id>", NotificationViewSet.as_view({"delete": "destroy"})),
    path("users/notifications/<str:notification_id>/details", NotificationViewSet.as_view({"get": "details"})),
]
