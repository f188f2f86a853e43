"""New titles go into the index at once: else every look-up reads through the list of those that do not stand in it yet,
and the console's list makes thirty (topics.duplicates). The lock is held for an instant."""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("topics", "0009_history")]

    operations = [
        migrations.RunSQL(
            "ALTER INDEX topic_title_trigrams SET (fastupdate = off)",
            "ALTER INDEX topic_title_trigrams RESET (fastupdate)",
        ),
        migrations.RunSQL("SELECT gin_clean_pending_list('topic_title_trigrams')", migrations.RunSQL.noop),
    ]
