"""Which version of a topic a save is based on, and the way back to an earlier one."""

from collections.abc import Iterator
from datetime import datetime

from django.db import IntegrityError, models, transaction

from tokpik.history import Values, fields_of, rows_before, values_of
from tokpik.history_pages import shown
from tokpik.seeding import fingerprint
from topics.models import CURATED, Topic, TopicDetail


class Changed(Exception):
    """The topic is not as it was when its page was opened."""


class Lost(Exception):
    """What an earlier version refers to is no longer there."""


def details_of(topic: Topic) -> list[Values]:
    """Read anew: a topic whose details were prefetched would tell an old version."""
    rows = TopicDetail.objects.filter(topic=topic.pk)
    return [values_of(row, ["id", "position", "title", "content"]) for row in rows]


def version_of(topic: Topic) -> str:
    """Changes with every field that staff write, and with every detail."""
    return fingerprint({"topic": values_of(topic, CURATED), "details": details_of(topic)})


def locked(pk: int, *, version: str) -> Topic:
    """The topic, held until the transaction ends. Raises `Changed` unless it is still of this version."""
    topic = Topic.objects.select_for_update().get(pk=pk)
    if version_of(topic) != version:
        raise Changed
    return topic


def earlier(topic: Topic, moment: datetime) -> tuple[Values, list[Values]]:
    """The topic's values and its details' as they stood just before `moment`.

    Raises `Lost` when it was not there yet.
    """
    rows = rows_before(Topic, moment, id=topic.pk)
    if not rows:
        raise Lost("그때는 아직 없던 주제입니다.")
    details = sorted(rows_before(TopicDetail, moment, topic=topic.pk), key=lambda row: (row["position"], row["id"]))
    return rows[0], details


def restore(topic: Topic, moment: datetime) -> None:
    """Puts a topic that is held, and its details, back to what they were before `moment`; a new entry in its history.

    Raises `Lost` when a tag or a situation of that time has been deleted since.
    """
    values, details = earlier(topic, moment)
    for name, value in values.items():
        setattr(topic, attname(Topic, name), value)
    try:
        with transaction.atomic():
            topic.save()
            topic.details.exclude(pk__in=[row["id"] for row in details]).delete()
            for row in details:
                TopicDetail(**{attname(TopicDetail, name): value for name, value in row.items()}).save()
            with_constraints_checked()
    except IntegrityError as error:
        raise Lost("그때의 태그나 상황이 지워져 되돌릴 수 없습니다. 먼저 다시 만들어 주세요.") from error


def with_constraints_checked() -> None:
    with transaction.get_connection().cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def attname(model: type[models.Model], name: str) -> str:
    return str(model._meta.get_field(name).attname)  # type: ignore[union-attr]


def differences(before: Values, after: Values, model: type[models.Model] = Topic) -> Iterator[tuple[str, str, str]]:
    """(name of the field, before, after) of what differs, as staff read it."""
    for name in fields_of(model):
        if name != "id" and before.get(name) != after.get(name):
            label = str(model._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            yield label, shown(model, name, before.get(name)), shown(model, name, after.get(name))
