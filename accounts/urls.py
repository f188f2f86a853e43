from django.urls import path
from django.views.decorators.http import conditional_page

from accounts.views import LoginViewSet, LogoutViewSet, SessionViewSet, TextViewSet, UserViewSet
from accounts.webhook import UnlinkWebhook

urlpatterns = [
    path("login/kakao", LoginViewSet.as_view({"post": "login"})),
    path("refresh", LoginViewSet.as_view({"post": "refresh"})),
    path("logout", LogoutViewSet.as_view({"post": "logout"})),
    path("logout/all", SessionViewSet.as_view({"post": "logout_all"})),
    path("users/sessions", SessionViewSet.as_view({"get": "list"})),
    path("users/sessions/<str:session_id>", SessionViewSet.as_view({"delete": "destroy"})),
    path("users/notification-token", SessionViewSet.as_view({"put": "register_push_target"})),
    path("webhooks/kakao/unlink", UnlinkWebhook.as_view({"get": "notify", "post": "notify"})),
    path("users/profiles", UserViewSet.as_view({"get": "profile", "post": "set_profile"})),
    path("users/tags", UserViewSet.as_view({"get": "topic_tags", "patch": "set_topic_tags"})),
    path("users/place-tags", UserViewSet.as_view({"get": "place_tags", "patch": "set_place_tags"})),
    path("users", UserViewSet.as_view({"delete": "destroy"})),
    path("terms", conditional_page(TextViewSet.as_view({"get": "terms"}))),
    path("policies", conditional_page(TextViewSet.as_view({"get": "policies"}))),
]
