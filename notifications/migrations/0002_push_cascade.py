"""The log goes with its reminder by the database's own hand.

Django deletes the rows that it has seen and then the reminder; a row that a sender adds in between would make the
deletion of an account fail at its end.
"""

from django.db import migrations

CASCADE = """
ALTER TABLE notifications_push ADD CONSTRAINT push_of_notification
FOREIGN KEY (notification_id) REFERENCES notifications_notification (id) ON DELETE CASCADE
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial")]

    operations = [
        migrations.RunSQL(CASCADE, "ALTER TABLE notifications_push DROP CONSTRAINT push_of_notification"),
    ]
