from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("topics", "0003_labels")]

    operations = [
        # Without fastupdate: a search never has to look through a list of pending entries.
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY topic_labels ON topics_topic USING gin (labels) WITH (fastupdate = off)",
            "DROP INDEX CONCURRENTLY topic_labels",
        )
    ]
