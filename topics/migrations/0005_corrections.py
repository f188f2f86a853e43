"""Corrections: what tells cached answers to be out of date (docs/decisions/0011). However a row is written (the console, a
bulk update, an import, psql), a trigger of its table appends to them in the same transaction."""

from django.db import migrations, models

# New pairs of tags, or every such pair where one is NULL; 0, 0 are the lists.
CORRECT = "INSERT INTO topics_correction (topic_tag, place_tag)"

# They keep their search path: pg_restore and careful people in psql set an empty one.
FUNCTION = "LANGUAGE plpgsql SET search_path FROM CURRENT"

# What an answer shows of a topic, or a related list chooses by. Additions wait for expiry, so only rows that were
# published count, under their old and their new tags.
SHOWN = ["title", "subtitle", "status", "situation_id", "partner_gender", "partner_age_lower", "partner_age_upper",
         "topic_tag_id", "place_tag_id"]
TOPICS = f"""
CREATE FUNCTION topics_topic_updated() RETURNS trigger {FUNCTION} AS $$
BEGIN
    {CORRECT}
    SELECT DISTINCT pair.topic_tag, pair.place_tag
    FROM before LEFT JOIN after USING (id) CROSS JOIN LATERAL (
        VALUES (before.topic_tag_id, before.place_tag_id), (after.topic_tag_id, after.place_tag_id)
    ) AS pair (topic_tag, place_tag)
    WHERE before.status = 'published' AND pair.topic_tag IS NOT NULL
        AND ({", ".join(f"before.{name}" for name in SHOWN)})
            IS DISTINCT FROM ({", ".join(f"after.{name}" for name in SHOWN)});
    RETURN NULL;
END
$$;
CREATE FUNCTION topics_topic_deleted() RETURNS trigger {FUNCTION} AS $$
BEGIN
    {CORRECT} SELECT DISTINCT topic_tag_id, place_tag_id FROM before WHERE status = 'published';
    RETURN NULL;
END
$$;
CREATE TRIGGER topic_updated AFTER UPDATE ON topics_topic REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION topics_topic_updated();
CREATE TRIGGER topic_deleted AFTER DELETE ON topics_topic REFERENCING OLD TABLE AS before
FOR EACH STATEMENT EXECUTE FUNCTION topics_topic_deleted();
"""

# The topic's row is held: one that is being published at this moment would be read as a draft, and its list of details,
# cached a moment later without this one, would stay. MATERIALIZED, or the planner looks at the status before it waits.
DETAILS = f"""
CREATE FUNCTION topics_details_changed() RETURNS trigger {FUNCTION} AS $$
BEGIN
    WITH topic AS MATERIALIZED (
        SELECT topic_tag_id, place_tag_id, status FROM topics_topic
        WHERE id IN (SELECT topic_id FROM changed) ORDER BY id FOR SHARE
    )
    {CORRECT} SELECT DISTINCT topic_tag_id, place_tag_id FROM topic WHERE status = 'published';
    RETURN NULL;
END
$$;
CREATE FUNCTION topics_details_updated() RETURNS trigger {FUNCTION} AS $$
BEGIN
    WITH topic AS MATERIALIZED (
        SELECT topic_tag_id, place_tag_id, status FROM topics_topic
        WHERE id IN (
            SELECT unnest(ARRAY[before.topic_id, after.topic_id]) FROM before LEFT JOIN after USING (id)
            WHERE (before.topic_id, before.position, before.title, before.content)
                IS DISTINCT FROM (after.topic_id, after.position, after.title, after.content)
        ) ORDER BY id FOR SHARE
    )
    {CORRECT} SELECT DISTINCT topic_tag_id, place_tag_id FROM topic WHERE status = 'published';
    RETURN NULL;
END
$$;
CREATE TRIGGER detail_added AFTER INSERT ON topics_topicdetail REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION topics_details_changed();
CREATE TRIGGER detail_updated AFTER UPDATE ON topics_topicdetail REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION topics_details_updated();
CREATE TRIGGER detail_deleted AFTER DELETE ON topics_topicdetail REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION topics_details_changed();
"""

# A renamed tag stands in the answers of all its pairs, a situation in any. Of the lists every change counts.
REST = f"""
CREATE FUNCTION topics_topictag_renamed() RETURNS trigger {FUNCTION} AS $$
BEGIN
    {CORRECT} SELECT before.id, NULL FROM before LEFT JOIN after USING (id)
    WHERE before.content IS DISTINCT FROM after.content;
    RETURN NULL;
END
$$;
CREATE FUNCTION topics_placetag_renamed() RETURNS trigger {FUNCTION} AS $$
BEGIN
    {CORRECT} SELECT NULL, before.id FROM before LEFT JOIN after USING (id)
    WHERE before.content IS DISTINCT FROM after.content;
    RETURN NULL;
END
$$;
CREATE FUNCTION topics_situation_renamed() RETURNS trigger {FUNCTION} AS $$
BEGIN
    {CORRECT} SELECT DISTINCT NULL::bigint, NULL::bigint FROM before LEFT JOIN after USING (id)
    WHERE before.text IS DISTINCT FROM after.text;
    RETURN NULL;
END
$$;
CREATE FUNCTION topics_everything_changed() RETURNS trigger {FUNCTION} AS $$
BEGIN
    {CORRECT} VALUES (NULL, NULL);
    RETURN NULL;
END
$$;
CREATE FUNCTION topics_list_changed() RETURNS trigger {FUNCTION} AS $$
BEGIN
    {CORRECT} VALUES (0, 0);
    RETURN NULL;
END
$$;
""" + "".join(f"""
CREATE TRIGGER {table}_renamed AFTER UPDATE ON topics_{table} REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION topics_{table}_renamed();
""" for table in ("topictag", "placetag", "situation")) + "".join(f"""
CREATE TRIGGER {table}_truncated AFTER TRUNCATE ON topics_{table}
FOR EACH STATEMENT EXECUTE FUNCTION topics_everything_changed();
""" for table in ("topic", "topicdetail", "topictag", "placetag", "situation")) + "".join(f"""
CREATE TRIGGER {table}_list_changed AFTER INSERT OR UPDATE OR DELETE ON topics_{table}
FOR EACH STATEMENT EXECUTE FUNCTION topics_list_changed();
""" for table in ("topictag", "placetag"))

FUNCTIONS = ["topic_updated", "topic_deleted", "details_changed", "details_updated", "topictag_renamed",
             "placetag_renamed", "situation_renamed", "everything_changed", "list_changed"]
DROP = "".join(f"DROP FUNCTION topics_{name} CASCADE;" for name in FUNCTIONS)


class Migration(migrations.Migration):
    dependencies = [("topics", "0004_labels_index")]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("topic_tag", models.BigIntegerField(null=True)),
                ("place_tag", models.BigIntegerField(null=True)),
                ("raised", models.BigIntegerField(db_default=1)),
            ],
            options={"verbose_name": "정정", "verbose_name_plural": "정정"},
        ),
        migrations.RunSQL(TOPICS + DETAILS + REST, DROP),
    ]
