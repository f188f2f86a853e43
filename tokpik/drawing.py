"""The tables as a drawing, read from the database itself: what raw SQL in migrations made is in it too."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.apps import apps
from django.db import connection

COLUMNS = """
SELECT relname, attname, replace(format_type(atttypid, NULL), ' ', '_'),
    EXISTS (SELECT FROM pg_constraint WHERE conrelid = attrelid AND contype = 'p' AND conkey = ARRAY[attnum]),
    EXISTS (SELECT FROM pg_constraint WHERE conrelid = attrelid AND contype = 'f' AND conkey = ARRAY[attnum])
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relname = ANY (%(tables)s) AND attnum > 0 AND NOT attisdropped ORDER BY relname, attnum
"""
REFERENCES = """
SELECT target.relname, source.relname, attname, attnotnull
FROM pg_constraint JOIN pg_class source ON source.oid = conrelid JOIN pg_class target ON target.oid = confrelid
JOIN pg_attribute ON attrelid = conrelid AND conkey = ARRAY[attnum]
WHERE contype = 'f' AND source.relname = ANY (%(tables)s) AND target.relname = ANY (%(tables)s) ORDER BY 1, 2, 3
"""
INDEXES = """
SELECT tablename, indexname, regexp_replace(indexdef, '^CREATE (UNIQUE )?INDEX \\S+ ON \\S+ USING ', '\\1')
FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY (%(tables)s) ORDER BY tablename, indexname
"""


def data_model(app_labels: Sequence[str]) -> str:
    """A Mermaid diagram of these apps' tables with their columns and references, and a list of their indexes."""
    models = [
        model for label in app_labels for model in apps.get_app_config(label).get_models(include_auto_created=True)
    ]
    tables = {"tables": [model._meta.db_table for model in models]}
    return "\n".join(
        [
            "```mermaid",
            "erDiagram",
            *(f"    {line}" for line in references(tables)),
            *(f"    {line}" for line in columns(tables)),
            "```",
            "",
            "| table | index | what it holds |",
            "|---|---|---|",
            *(f"| `{table}` | `{name}` | `{held}` |" for table, name, held in select(INDEXES, tables)),
            "",
        ]
    )


def references(tables: dict[str, Any]) -> Iterator[str]:
    for target, source, column, is_required in select(REFERENCES, tables):
        yield f'{target} {"||" if is_required else "|o"}--o{{ {source} : "{column}"'


def columns(tables: dict[str, Any]) -> Iterator[str]:
    for table, rows in groupby(select(COLUMNS, tables), key=itemgetter(0)):
        yield f"{table} {{"
        for _, name, kind, is_key, is_reference in rows:
            yield f"    {kind} {name} {'PK' if is_key else 'FK' if is_reference else ''}".rstrip()
        yield "}"


def select(sql: str, tables: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, tables)
        return cursor.fetchall()
