from django.urls import path

from topics.views import TagViewSet, TopicViewSet

urlpatterns = [
    path("topic-tags", TagViewSet.as_view({"get": "topic_tags"})),
    path("place-tags", TagViewSet.as_view({"get": "place_tags"})),
    path("topics", TopicViewSet.as_view({"post": "choose"})),
    path("topics/<str:topic_id>/details", TopicViewSet.as_view({"get": "details"})),
    path("topics/<str:topic_id>/related", TopicViewSet.as_view({"get": "related"})),
]
