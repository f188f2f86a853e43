"""Every path of the service; none ends with a slash but the console's."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerSplitView

from tokpik.export import ExportViewSet
from tokpik.health import HealthViewSet
from tokpik.metrics import MetricsViewSet
from tokpik.schema import SchemaView

urlpatterns = [
    path("", include("topics.urls")),
    path("", include("accounts.urls")),
    path("", include("scraps.urls")),
    path("", include("notifications.urls")),
    path("users/export", ExportViewSet.as_view({"get": "read"})),
    path("livez", HealthViewSet.as_view({"get": "live"})),
    path("readyz", HealthViewSet.as_view({"get": "ready"})),
    path("metrics", MetricsViewSet.as_view({"get": "read"})),
    path("schema", SchemaView.as_view(http_method_names=["get", "head"]), name="schema"),
    path("swagger-ui", SpectacularSwaggerSplitView.as_view(url_name="schema", http_method_names=["get", "head"])),
    path("admin/", admin.site.urls),
]
