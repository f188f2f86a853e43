from django.urls import path
from django.views.decorators.http import conditional_page

from topics.views import TagViewSet, TopicViewSet

urlpatterns = [
    path("topic-tags", conditional_page(TagViewSet.as_view({"get": "topic_tags"}))),
    path("place-tags", conditional_page(TagViewSet.as_view({"get": "place_tags"}))),
    path("topics", TopicViewSet.as_view({"post": "choose"})),
    path("topics/<str:topic_id>/details", TopicViewSet.as_view({"get": "details"})),
    path("topics/<str:topic_id>/related", TopicViewSet.as_view({"get": "related"})),
]
