"""Deleting many rows, for what has expired."""

from django.db import connection
from django.db.models import Model, QuerySet

BATCH = 10_000


def delete(rows: "QuerySet[Model]") -> int:
    """One statement a batch: Django's own delete would fetch every row first. What somebody holds is left for later."""
    table, key = rows.model._meta.db_table, rows.model._meta.pk.column
    sql, params = rows.order_by("pk").values_list("pk")[:BATCH].query.sql_with_params()
    batch = f"{sql} FOR UPDATE OF {table} SKIP LOCKED"
    total = 0
    with connection.cursor() as cursor:
        while True:
            # An array, since the planner may run a sub-query after IN once for each row of the table.
            cursor.execute(f"DELETE FROM {table} WHERE {key} = ANY(ARRAY({batch}))", params)
            total += cursor.rowcount
            if cursor.rowcount < BATCH:
                return total
