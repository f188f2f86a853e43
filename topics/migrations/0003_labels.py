"""The labels by which topics are chosen (docs/decisions/0004): a generated column and its index."""

from django.db import migrations

# Of a topic: who may see it (v published, v<user> a draft of theirs), p<purpose>, m<mood>, s<situation>, g<gender>,
# a<age / 5> for each five years of the range, t<topic tag>, l<place tag>, z<slice>. An empty field has the bare letter.
# Eight neighbours share a slice, and as a rule a page of the table: a sample reads an eighth of the pages.
# In PL/pgSQL: as one SQL expression with sub-selects it takes 13 times as long. It keeps its search path, so that a
# restore, which sets none, can fill the column.
LABELS = """
CREATE FUNCTION topics_labels(
    id bigint, status text, made_for bigint, situation bigint, purposes text[], moods text[],
    gender text, age_lower int, age_upper int, topic_tag bigint, place_tag bigint
) RETURNS tsvector IMMUTABLE PARALLEL SAFE LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    labels text[] := ARRAY[
        's' || situation, 'g' || coalesce(gender, ''), 't' || topic_tag, 'l' || place_tag,
        'z' || (hashint8(id >> 3) & 1023)
    ];
    word text;
BEGIN
    IF status = 'published' THEN labels := labels || 'v'::text; END IF;
    IF status = 'draft' AND made_for IS NOT NULL THEN labels := labels || ('v' || made_for); END IF;
    IF purposes = '{}' THEN labels := labels || 'p'::text; END IF;
    FOREACH word IN ARRAY purposes LOOP labels := labels || ('p' || topics_fold(word)); END LOOP;
    IF moods = '{}' THEN labels := labels || 'm'::text; END IF;
    FOREACH word IN ARRAY moods LOOP labels := labels || ('m' || topics_fold(word)); END LOOP;
    IF age_lower IS NULL AND age_upper IS NULL THEN
        labels := labels || 'a'::text;
    ELSE
        FOR bucket IN coalesce(age_lower, 0) / 5 .. coalesce(age_upper, 120) / 5 LOOP
            labels := labels || ('a' || bucket);
        END LOOP;
    END IF;
    RETURN array_to_tsvector(labels);
END
$$
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
        migrations.RunSQL(LABELS, "DROP FUNCTION topics_labels"),
        migrations.RunSQL(COLUMN, "ALTER TABLE topics_topic DROP COLUMN labels"),
    ]
