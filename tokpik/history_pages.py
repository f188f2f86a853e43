"""The history of a row in the console: every field that changed, by whom and when."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from tokpik.history import Edit, edits

Selection = tuple[type[models.Model], dict[str, Any]]


class HistoryPage:
    """For a ModelAdmin of a model that has a history (`tokpik.history.kept`)."""

    admin_site: admin.AdminSite
    model: type[models.Model]
    opts: Any

    def selections(self, pk: Any) -> list[Selection]:
        """What belongs to the row's history: the row, and rows that are edited with it."""
        return [(self.model, {"id": pk})]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        row = get_object_or_404(self.model._default_manager.all(), pk=object_id)
        if not self.has_view_permission(request, row):  # type: ignore[attr-defined]
            raise PermissionDenied
        context = self.admin_site.each_context(request) | {
            "title": f"변경 이력: {row}",
            "opts": self.opts,
            "object": row,
            "edits": [(edit, lines_of(edit, self.model)) for edit in edits(*self.selections(row.pk))],
            **(extra_context or {}),
        }
        return TemplateResponse(request, "console/history.html", context)


def lines_of(edit: Edit, page: type[models.Model]) -> list[tuple[str, str, str]]:
    """(what, before, after) of all that an edit changed, as staff read it; rows of other models than the page's by
    their titles.
    """
    lines: list[tuple[str, str, str]] = []
    for change in edit.changes:
        kind = str(change.model._meta.verbose_name)
        name = kind if change.model is page else f"{kind} ‘{(change.after or change.before or {}).get('title', '')}’"
        if change.before is None or change.after is None:
            lines.append((name, "–" if change.before is None else "있음", "지움" if change.after is None else "만듦"))
            continue
        for field, *values in change.differences():
            label = str(change.model._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
            before, after = (shown(change.model, field, value) for value in values)
            lines.append((label if change.model is page else f"{name} {label}", before, after))
    return lines


def shown(model: type[models.Model], name: str, value: Any) -> str:
    """A value as staff read it: choices and tags by their words."""
    field = model._meta.get_field(name)
    if value is None or value in ("", []):
        return "–"
    if isinstance(field, models.ForeignKey):
        row = field.related_model._default_manager.filter(pk=value).first()
        return str(row) if row else f"(지워짐 {value})"
    if isinstance(value, list):
        return ", ".join(value)
    return str(dict(field.flatchoices).get(value, value))  # type: ignore[union-attr]
