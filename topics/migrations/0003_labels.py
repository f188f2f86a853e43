"""The labels by which topics are chosen (docs/decisions/0004): a generated column and its index."""

from django.db import migrations

FOLD = """
CREATE FUNCTION topics_fold(word text) RETURNS text IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(normalize(word))
"""
# Of a topic: who may see it (v published, v<user> a draft of theirs), p<purpose>, m<mood>, s<situation>, g<gender>,
# a<age / 5> for each five years of the range, t<topic tag>, l<place tag>, z<slice>. An empty field has the bare letter.
LABELS = """
CREATE FUNCTION topics_labels(
    id bigint, status text, made_for bigint, situation bigint, purposes text[], moods text[],
    gender text, age_lower int, age_upper int, topic_tag bigint, place_tag bigint
) RETURNS tsvector IMMUTABLE PARALLEL SAFE
RETURN array_to_tsvector(array_remove(
    ARRAY[
        CASE status WHEN 'published' THEN 'v' WHEN 'draft' THEN 'v' || made_for END,
        's' || situation, 'g' || coalesce(gender, ''), 't' || topic_tag, 'l' || place_tag,
        'z' || (hashint8(id) & 1023),
        CASE WHEN purposes = '{}' THEN 'p' END,
        CASE WHEN moods = '{}' THEN 'm' END,
        CASE WHEN age_lower IS NULL AND age_upper IS NULL THEN 'a' END
    ]
    || ARRAY(SELECT 'p' || topics_fold(word) FROM unnest(purposes) word)
    || ARRAY(SELECT 'm' || topics_fold(word) FROM unnest(moods) word)
    || ARRAY(
        SELECT 'a' || bucket
        FROM generate_series(coalesce(age_lower, 0) / 5, coalesce(age_upper, 120) / 5) bucket
        WHERE age_lower IS NOT NULL OR age_upper IS NOT NULL
    ),
    NULL
))
"""
COLUMN = """
ALTER TABLE topics_topic ADD COLUMN labels tsvector GENERATED ALWAYS AS (topics_labels(
    id, status, made_for_id, situation_id, purposes, moods,
    partner_gender, partner_age_lower, partner_age_upper, topic_tag_id, place_tag_id
)) STORED
"""


class Migration(migrations.Migration):
    dependencies = [("topics", "0002_related_indexes")]

    operations = [
        migrations.RunSQL(FOLD, "DROP FUNCTION topics_fold"),
        migrations.RunSQL(LABELS, "DROP FUNCTION topics_labels"),
        migrations.RunSQL(COLUMN, "ALTER TABLE topics_topic DROP COLUMN labels"),
    ]
