"""What the console searches and compares by: texts without spacing and punctuation, and indexes over them."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from topics.models import Spread

# Each letter stands twice: a trigram index then finds words of two syllables, which most Korean words are.
# Ideographic and no-break spaces are named, since what is white space depends on the database's locale.
SPREAD = r"""
CREATE FUNCTION topics_spread(one text, two text DEFAULT '') RETURNS text
IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    RETURN regexp_replace(
        translate(topics_fold(one || two), E' \t\n\r\u00a0\u3000!\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~·…‥“”‘’「」『』《》〈〉―—–～、。，．？！', ''),
        '(.)', '\1\1', 'g'
    );
END
$$
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("topics", "0007_title_trigrams")]

    operations = [
        migrations.RunSQL(SPREAD, "DROP FUNCTION topics_spread"),
        AddIndexConcurrently(
            "topic", models.Index(fields=["id"], condition=models.Q(status="draft"), name="topic_drafts")
        ),
        AddIndexConcurrently("topic", models.Index(Spread("title"), name="topic_same_title")),
        AddIndexConcurrently(
            "topic",
            GinIndex(OpClass(Spread("title", "subtitle"), "gin_trgm_ops"), name="topic_searched", fastupdate=False),
        ),
    ]
