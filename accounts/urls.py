from django.urls import path

from accounts.views import LoginViewSet, TextViewSet, UserViewSet

urlpatterns = [
    path("login/kakao", LoginViewSet.as_view({"post": "login"})),
    path("refresh", LoginViewSet.as_view({"post": "refresh"})),
    path("users/profiles", UserViewSet.as_view({"get": "profile", "post": "set_profile"})),
    path("users/tags", UserViewSet.as_view({"get": "topic_tags", "patch": "set_topic_tags"})),
    path("users/place-tags", UserViewSet.as_view({"get": "place_tags", "patch": "set_place_tags"})),
    path("users", UserViewSet.as_view({"delete": "destroy"})),
    path("terms", TextViewSet.as_view({"get": "terms"})),
    path("policies", TextViewSet.as_view({"get": "policies"})),
]
