"""Loading items from files once, and minding what staff did with them since."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db import connection, transaction

from tokpik.models import SeededItem

Content = dict[str, Any]
SEEDING = 0x5EED


@dataclass(frozen=True)
class Collection:
    """A kind of item: how its content (plain JSON values) is read from the database, made and changed there."""

    name: str
    items: Mapping[str, Content]
    read: Callable[[int], Content | None]
    create: Callable[[Content], int]
    update: Callable[[int, Content], None]


@dataclass
class Outcome:
    created: int = 0
    updated: int = 0


def fingerprint(content: Content) -> str:
    return sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def load(collection: Collection) -> Outcome:
    """Create what was never loaded; update what changed in the file and was not edited since; leave the rest.

    An item that staff deleted is not brought back: its record stays.
    """
    outcome = Outcome()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEEDING])
        records = {record.key: record for record in SeededItem.objects.filter(collection=collection.name)}
        for key, content in collection.items.items():
            record = records.get(key)
            if record is None:
                create(collection, key, content)
                outcome.created += 1
            elif record.fingerprint != fingerprint(content) and is_untouched(collection, record):
                collection.update(record.object_id, content)
                record.fingerprint = fingerprint(content)
                record.save()
                outcome.updated += 1
    return outcome


def create(collection: Collection, key: str, content: Content) -> None:
    made = collection.create(content)
    SeededItem.objects.create(collection=collection.name, key=key, object_id=made, fingerprint=fingerprint(content))


def is_untouched(collection: Collection, record: SeededItem) -> bool:
    current = collection.read(record.object_id)
    return current is not None and fingerprint(current) == record.fingerprint
