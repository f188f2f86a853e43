"""The history of a row in the console: every field that changed, by whom and when."""

from itertools import takewhile
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from tokpik.history import Edit, edits

Selection = tuple[type[models.Model], dict[str, Any]]
# Of texts longer than this a history shows what differs, with so many letters before and after.
LONG, AROUND = 300, 60


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
        title = (change.after or change.before or {}).get("title")
        name = f"{kind} ‘{title}’" if title and change.model is not page else kind
        if change.before is None or change.after is None:
            lines.append((name, "–" if change.before is None else "있음", "지움" if change.after is None else "만듦"))
            continue
        for field, *values in change.differences():
            label = str(change.model._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
            before, after = where_they_differ(*(shown(change.model, field, value) for value in values))
            lines.append((label if change.model is page else f"{name} {label}", before, after))
    return lines


def where_they_differ(before: str, after: str) -> tuple[str, str]:
    """Two texts; of long ones only what lies between what they begin and end with alike, and some letters around."""
    if min(len(before), len(after)) <= LONG:
        return before, after
    start = alike(before, after)
    end = alike(before[start:][::-1], after[start:][::-1])
    start, end = max(0, start - AROUND), max(0, end - AROUND)
    return tuple(  # type: ignore[return-value]
        f"{'…' if start else ''}{text[start : len(text) - end]}{'…' if end else ''}" for text in (before, after)
    )


def alike(one: str, other: str) -> int:
    """How many letters they begin with in common."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


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
