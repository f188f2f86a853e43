"""Import and export of topics in the console: a preview first, then all rows or none."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from import_export.admin import ImportExportMixin
from import_export.formats.base_formats import CSV, XLSX
from import_export.forms import ConfirmImportForm
from redis.exceptions import RedisError
from unfold.contrib.import_export.forms import ExportForm, ImportForm

from topics.exchange import ROWS_MOST, TopicResource
from topics.models import Topic
from topics.uploads import BYTES_MOST, CachedUpload, Gone


class SheetForm(ImportForm):
    def clean_import_file(self) -> Any:
        file = self.cleaned_data["import_file"]
        if file.size > BYTES_MOST:
            raise forms.ValidationError(f"파일은 {BYTES_MOST // 1024**2}MB까지 올릴 수 있습니다. 나누어 올려 주세요.")
        return file


class ConfirmedSheetForm(ConfirmImportForm):
    """What the preview's page sends back."""

    format = forms.ChoiceField(choices=[("0", "CSV"), ("1", "XLSX")], widget=forms.HiddenInput)
    # There is one kind of row.
    resource = None


class TopicExchange(ImportExportMixin):
    """For the topics' ModelAdmin."""

    resource_classes = [TopicResource]
    import_form_class = SheetForm
    confirm_form_class = ConfirmedSheetForm
    tmp_storage_class = CachedUpload
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

    def import_action(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            return super().import_action(request, **kwargs)
        except RedisError:
            return self.again(request, "캐시가 답하지 않아 파일을 받지 못했습니다. 잠시 뒤 다시 올려 주세요.")

    def process_import(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            return super().process_import(request, **kwargs)
        except (Gone, RedisError):
            return self.again(request, "올린 파일이 남아 있지 않아 아무것도 가져오지 않았습니다. 다시 올려 주세요.")

    def again(self, request: HttpRequest, why: str) -> HttpResponse:
        messages.error(request, why)
        return HttpResponseRedirect(reverse("admin:topics_topic_import"))

    def process_result(self, result: Any, request: HttpRequest) -> HttpResponse:
        """What was right in the preview may have changed before it was confirmed."""
        if result.has_errors() or result.has_validation_errors():
            return self.again(request, "그사이 자료가 바뀌어 아무것도 가져오지 않았습니다. 파일을 다시 올려 주세요.")
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
