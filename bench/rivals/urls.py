"""The rivals' paths, all under one prefix, before the service's own: neither side pays for the other's in resolving."""

from django.urls import include, path

from bench.rivals.floors import FloorViewSet
from bench.rivals.predecessor import PredecessorViewSet
from bench.rivals.textbook import RelatedView
from tokpik import urls

rivals = [
    path("nothing", FloorViewSet.as_view({"get": "nothing"})),
    path("select-1", FloorViewSet.as_view({"get": "select_1"})),
    path("textbook/<int:topic_id>/related", RelatedView.as_view()),
    path("predecessor/<str:topic_id>/related", PredecessorViewSet.as_view({"get": "related"})),
]
urlpatterns = [path("bench/", include(rivals)), *urls.urlpatterns]
