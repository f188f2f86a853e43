"""The two indexes of related topics (docs/decisions/0002)."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("topics", "0001_initial")]

    operations = [
        AddIndexConcurrently(
            model_name='topic',
            index=models.Index(models.F('topic_tag'), models.F('place_tag'), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('status', 'published')), include=('partner_gender', 'partner_age_lower', 'partner_age_upper'), name='topic_newest_of_pair'),
        ),
        AddIndexConcurrently(
            model_name='topic',
            index=models.Index(models.F('topic_tag'), models.F('place_tag'), models.F('situation'), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('status', 'published')), include=('partner_gender', 'partner_age_lower', 'partner_age_upper'), name='topic_newest_of_situation'),
        ),
    ]
