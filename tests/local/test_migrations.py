"""What `make check` says of migrations that are not safe on a live table."""

import tomllib

import pytest

from tokpik.local import migrations
from tokpik.local.checkout import HERE

CONFIGURATION = tomllib.loads((HERE.root / ".squawk.toml").read_text())


def test_each_migration_of_ours_is_looked_at_and_no_other():
    files = {(path.parts[-3], path.stem) for path in HERE.root.glob("[a-z]*/migrations/[0-9]*.py")}
    assert {*migrations.own_migrations()} == files


def test_what_is_exempt_is_there():
    names = {f"*/{app}.{name}.sql" for app, name in migrations.own_migrations()}
    assert {*CONFIGURATION["excluded_paths"]} <= names


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX topic_title ON topics_topic (title);",
        "BEGIN; CREATE INDEX CONCURRENTLY topic_title ON topics_topic (title); COMMIT;",
        "ALTER TABLE topics_topic ADD COLUMN weight bigint NOT NULL;",
        "ALTER TABLE topics_topic DROP COLUMN title;",
        "ALTER TABLE topics_topic RENAME COLUMN title TO name;",
        "ALTER TABLE topics_topic ADD CONSTRAINT positive CHECK (id > 0);",
    ],
)
def test_what_locks_a_live_table_or_breaks_the_code_before_it_is_refused(statement, capfd):
    assert migrations.look_over({"topics.0099_made_up": statement}) == 1
    assert "topics.0099_made_up.sql" in capfd.readouterr().out


def test_what_does_neither_passes(capfd):
    safe = "CREATE INDEX CONCURRENTLY topic_title ON topics_topic (title);"
    assert migrations.look_over({"topics.0099_made_up": safe}) == 0


def test_the_sql_is_that_of_the_migration(db):
    assert 'CREATE TABLE "tokpik_hourlycounts"' in migrations.sql_of("tokpik", "0002_hourlycounts")
