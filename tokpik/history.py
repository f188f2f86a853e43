"""The history of what staff curate: how it is kept (django-pghistory), and how an earlier state is read from it.

A change or a deletion leaves a row of the event table with the values as they were **before** it, so what `seed` and
`seed_scale` add costs nothing; an addition leaves one with the values that were added. Triggers write them, so bulk
updates, imports and psql count too. The events of one transaction share its time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pghistory
import pgtrigger
from django.contrib.auth import get_user_model
from django.db import models

Values = dict[str, Any]
# Events that are looked through for one page.
EVENTS_MOST = 500
# Set by the middleware under /admin/: what `seed`, `seed_scale` and written topics add is no change by anybody.
IN_CONSOLE = pgtrigger.Condition("NULLIF(current_setting('pghistory.context_id', true), '') IS NOT NULL")


def kept(*fields: str, additions: pgtrigger.Condition | None = None) -> Any:
    """The decorator of a model whose `fields` have a history; `additions` says which count, without it all do."""

    def decorate(model: type[models.Model]) -> type[models.Model]:
        return pghistory.track(
            pghistory.InsertEvent(condition=additions, level=pgtrigger.Row),
            pghistory.UpdateEvent(row=pghistory.Old, level=pgtrigger.Statement),
            pghistory.DeleteEvent(level=pgtrigger.Statement),
            fields=["id", *fields],
            model_name=f"{model.__name__}Event",
            obj_field=pghistory.ObjForeignKey(related_name="events"),
            meta={
                "verbose_name": f"{model._meta.verbose_name} 이력",
                "verbose_name_plural": f"{model._meta.verbose_name} 이력",
                "default_permissions": (),
            },
        )(model)

    return decorate


# For the end of a migration that makes such triggers: like ours, they keep their search path, since pg_restore and
# careful people in psql set an empty one.
KEEP_SEARCH_PATH = """
DO $$ DECLARE kept regprocedure; BEGIN
    FOR kept IN SELECT DISTINCT tgfoid::regprocedure FROM pg_trigger WHERE tgname LIKE 'pgtrigger\\_%' LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path FROM CURRENT', kept);
    END LOOP;
END $$
"""


def events_of(model: type[models.Model], **which: Any) -> models.QuerySet[Any]:
    events = model._meta.get_field("events").related_model
    return events._default_manager.filter(**which).order_by("pgh_id")  # type: ignore[union-attr]


def values_of(row: models.Model, fields: list[str]) -> Values:
    return {name: getattr(row, row._meta.get_field(name).attname) for name in fields}  # type: ignore[union-attr]


def fields_of(model: type[models.Model]) -> list[str]:
    """The fields of the model that have a history."""
    kept_fields = {field.name for field in events_of(model).model._meta.fields}
    return [field.name for field in model._meta.fields if field.name in kept_fields]


def rows_before(model: type[models.Model], moment: datetime, **which: Any) -> list[Values]:
    """The rows that `which` selects as they stood just before `moment`, that is without its changes."""
    fields = fields_of(model)
    rows = {row.pk: values_of(row, fields) for row in model._default_manager.filter(**which)}
    for event in reversed(events_of(model, pgh_created_at__gte=moment, **which)):
        if event.pgh_label == "insert":
            rows.pop(event.pgh_obj_id, None)
        else:
            rows[event.pgh_obj_id] = values_of(event, fields)
    return list(rows.values())


@dataclass(frozen=True)
class Change:
    """One row's part in a change: `before` is None where it was added, `after` where it was deleted."""

    model: type[models.Model]
    before: Values | None
    after: Values | None

    def differences(self) -> Iterator[tuple[str, Any, Any]]:
        for name in fields_of(self.model):
            old, new = ((values or {}).get(name) for values in (self.before, self.after))
            if old != new and name != "id":
                yield name, old, new


@dataclass
class Edit:
    """What one transaction changed. `who` is None where it was not done in the console."""

    at: datetime
    who: str | None
    url: str | None
    changes: list[Change]


def edits(*selections: tuple[type[models.Model], dict[str, Any]]) -> list[Edit]:
    """The newest edits of the rows that the selections name, newest first; of at most `EVENTS_MOST` events each."""
    found: dict[tuple[datetime, Any], Edit] = {}
    for model, which in selections:
        fields = fields_of(model)
        later: dict[int, Values | None] = {
            row.pk: values_of(row, fields) for row in model._default_manager.filter(**which)
        }
        newest = events_of(model, **which).select_related("pgh_context").order_by("-pgh_id")[:EVENTS_MOST]
        for event in newest:
            values = values_of(event, fields)
            before = None if event.pgh_label == "insert" else values
            after = None if event.pgh_label == "delete" else later.get(event.pgh_obj_id)
            later[event.pgh_obj_id] = before
            edit = found.setdefault((event.pgh_created_at, event.pgh_context_id), edit_of(event))
            edit.changes.append(Change(model, before, after or (values if before is None else None)))
    named(found.values())
    return sorted(found.values(), key=lambda edit: edit.at, reverse=True)


def edit_of(event: Any) -> Edit:
    context = event.pgh_context.metadata if event.pgh_context else {}
    return Edit(event.pgh_created_at, context.get("user"), context.get("url"), [])


def named(found: Any) -> None:
    """Puts names in the place of ids of staff."""
    staff = get_user_model()._default_manager.in_bulk([edit.who for edit in found if edit.who])
    for edit in found:
        edit.who = str(staff.get(edit.who, edit.who)) if edit.who else None
