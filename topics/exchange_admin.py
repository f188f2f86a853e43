"""Import and export of topics in the console: a preview first, then all rows or none."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import CSV, XLSX
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from topics.exchange import ROWS_MOST, TopicResource
from topics.models import Topic


class TopicExchange(ImportExportMixin):
    """For the topics' ModelAdmin."""

    resource_classes = [TopicResource]
    import_form_class = ImportForm
    export_form_class = ExportForm
    formats = [CSV, XLSX]
    # Without the mark Excel shows no Hangul.
    from_encoding = to_encoding = "utf-8-sig"
    skip_admin_log = True

    def has_import_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) and self.has_change_permission(request)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_import_data_kwargs(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_import_data_kwargs(**kwargs) | {"rollback_on_validation_errors": True}

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        """What was right in the preview may have changed before it was confirmed."""
        if result.has_errors() or result.has_validation_errors():
            messages.error(request, "그사이 자료가 바뀌어 아무것도 가져오지 않았습니다. 파일을 다시 올려 주세요.")
            return HttpResponseRedirect(reverse("admin:topics_topic_import"))
        return super().process_result(result, request)

    def get_export_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        found = super().get_export_queryset(request)
        return found.select_related("topic_tag", "place_tag", "situation")[: ROWS_MOST + 1]

    def export_action(self, request: HttpRequest) -> HttpResponse:
        if not self.has_export_permission(request):
            raise PermissionDenied
        if len(self.get_export_queryset(request).values_list("pk")) > ROWS_MOST:
            messages.error(request, f"한 번에 {ROWS_MOST:,}개까지 내보낼 수 있습니다. 필터로 좁혀 주세요.")
            back = f"{reverse('admin:topics_topic_changelist')}?{request.GET.urlencode()}"
            return HttpResponseRedirect(back)
        return super().export_action(request)
