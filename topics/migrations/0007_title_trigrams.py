"""Titles that read alike are found by their trigrams (topics.generation.duplicates)."""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations

# The folded letters and digits alone. (A regular expression: `translate` with a list of signs takes twice as long.)
SQUEEZE = """
CREATE FUNCTION topics_squeeze(words text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    RETURN regexp_replace(topics_fold(words), '[[:space:][:punct:]‐-⁯、-〿·×÷“”‘’…！-／：-＠]+', '', 'g');
END
$$
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("topics", "0006_generation")]

    operations = [
        TrigramExtension(),
        migrations.RunSQL(SQUEEZE, "DROP FUNCTION topics_squeeze"),
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY topic_title_trigrams ON topics_topic USING gin (topics_squeeze(title) gin_trgm_ops)",
            "DROP INDEX CONCURRENTLY topic_title_trigrams",
        ),
    ]
