"""How many topics were kept within an hour (`scraps.dashboard`)."""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("scraps", "0001_initial")]

    operations = [
        AddIndexConcurrently(
            model_name="scraptopic",
            index=BrinIndex(fields=["created_at"], name="scrap_topic_created", autosummarize=True),
        ),
    ]
