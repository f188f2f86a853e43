from django.urls import path

from scraps.views import ScrapViewSet

urlpatterns = [
    path("users/scraps", ScrapViewSet.as_view({"get": "list", "post": "create"})),
    path("users/scraps/count", ScrapViewSet.as_view({"get": "count"})),
    path("users/scraps/topics/count", ScrapViewSet.as_view({"get": "topics_count"})),
    path("users/scraps/<str:scrap_id>", ScrapViewSet.as_view({"delete": "destroy"})),
    path("users/scraps/<str:scrap_id>/titles", ScrapViewSet.as_view({"patch": "rename"})),
    path("users/scraps/<str:scrap_id>/topics", ScrapViewSet.as_view({"get": "topics"})),
    path(
        "users/scraps/<str:scrap_id>/topics/<str:topic_id>",
        ScrapViewSet.as_view({"post": "add_topic", "delete": "remove_topic"}),
    ),
]
