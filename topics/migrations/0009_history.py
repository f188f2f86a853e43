"""The history of topics, details and tags: event tables, and the triggers that fill them (tokpik/history.py)."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import tokpik.text
import topics.models
from django.conf import settings
from django.db import migrations, models

from tokpik.history import KEEP_SEARCH_PATH


class Migration(migrations.Migration):

    dependencies = [
        ('pghistory', '0007_auto_20250421_0444'),
        ('topics', '0008_searching'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PlaceTagEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('content', tokpik.text.TrimmedCharField(max_length=50, verbose_name='이름')),
                ('position', topics.models.PositionField(blank=True, null=True, verbose_name='순서')),
            ],
            options={
                'verbose_name': '장소 태그 이력',
                'verbose_name_plural': '장소 태그 이력',
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='TopicDetailEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('position', topics.models.PositionField(blank=True, null=True, verbose_name='순서')),
                ('title', tokpik.text.TrimmedCharField(max_length=100, verbose_name='제목')),
                ('content', tokpik.text.TrimmedTextField(max_length=2000, verbose_name='내용')),
            ],
            options={
                'verbose_name': '상세 이력',
                'verbose_name_plural': '상세 이력',
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='TopicEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('title', tokpik.text.TrimmedCharField(max_length=100, validators=[django.core.validators.RegexValidator('^[^&#%+]*$', '제목에는 & # %% + 를 쓸 수 없습니다.')], verbose_name='제목')),
                ('subtitle', tokpik.text.TrimmedCharField(max_length=200, verbose_name='부제')),
                ('purposes', django.contrib.postgres.fields.ArrayField(base_field=tokpik.text.TrimmedCharField(max_length=50), blank=True, default=list, size=None, verbose_name='목적')),
                ('moods', django.contrib.postgres.fields.ArrayField(base_field=tokpik.text.TrimmedCharField(max_length=50), blank=True, default=list, size=None, verbose_name='분위기')),
                ('partner_gender', models.CharField(blank=True, choices=[('male', '남성'), ('female', '여성')], max_length=6, null=True, verbose_name='상대 성별')),
                ('partner_age_lower', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(120)], verbose_name='상대 나이 하한')),
                ('partner_age_upper', models.PositiveSmallIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(120)], verbose_name='상대 나이 상한')),
                ('status', models.CharField(choices=[('draft', '초안'), ('published', '게시'), ('hidden', '숨김')], default='draft', max_length=9, verbose_name='상태')),
            ],
            options={
                'verbose_name': '주제 이력',
                'verbose_name_plural': '주제 이력',
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='TopicTagEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('content', tokpik.text.TrimmedCharField(max_length=50, verbose_name='이름')),
                ('position', topics.models.PositionField(blank=True, null=True, verbose_name='순서')),
            ],
            options={
                'verbose_name': '주제 태그 이력',
                'verbose_name_plural': '주제 태그 이력',
                'abstract': False,
                'default_permissions': (),
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='placetag',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NULLIF(current_setting('pghistory.context_id', true), '') IS NOT NULL)", func='INSERT INTO "topics_placetagevent" ("content", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position") VALUES (NEW."content", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."position"); RETURN NULL;', hash='a9464aa3d2485e423a3ef4dc0e1129467ce4b704', operation='INSERT', pgid='pgtrigger_insert_insert_e0a92', table='topics_placetag', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='placetag',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "topics_placetagevent" ("content", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position") SELECT old_values."content", old_values."id", _pgh_attached_context.value, NOW(), \'update\', old_values."id", old_values."position" FROM ( SELECT old_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='592acfba183c153bcc1bac5d5e38bf7a4d4c4e84', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_21b33', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='topics_placetag', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='placetag',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "topics_placetagevent" ("content", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position") SELECT old_values."content", old_values."id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."position" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='90201055469350c0cf89b30ca697be3cab4a898e', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_8051f', referencing='REFERENCING OLD TABLE AS old_values ', table='topics_placetag', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='topic',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NULLIF(current_setting('pghistory.context_id', true), '') IS NOT NULL)", func='INSERT INTO "topics_topicevent" ("id", "moods", "partner_age_lower", "partner_age_upper", "partner_gender", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_tag_id", "purposes", "situation_id", "status", "subtitle", "title", "topic_tag_id") VALUES (NEW."id", NEW."moods", NEW."partner_age_lower", NEW."partner_age_upper", NEW."partner_gender", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."place_tag_id", NEW."purposes", NEW."situation_id", NEW."status", NEW."subtitle", NEW."title", NEW."topic_tag_id"); RETURN NULL;', hash='6cd83ab931f30f0658307c9a06c871f6764f4455', operation='INSERT', pgid='pgtrigger_insert_insert_f6a1a', table='topics_topic', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='topic',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "topics_topicevent" ("id", "moods", "partner_age_lower", "partner_age_upper", "partner_gender", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_tag_id", "purposes", "situation_id", "status", "subtitle", "title", "topic_tag_id") SELECT old_values."id", old_values."moods", old_values."partner_age_lower", old_values."partner_age_upper", old_values."partner_gender", _pgh_attached_context.value, NOW(), \'update\', old_values."id", old_values."place_tag_id", old_values."purposes", old_values."situation_id", old_values."status", old_values."subtitle", old_values."title", old_values."topic_tag_id" FROM ( SELECT old_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."moods" IS DISTINCT FROM (new_values."moods") OR old_values."partner_age_lower" IS DISTINCT FROM (new_values."partner_age_lower") OR old_values."partner_age_upper" IS DISTINCT FROM (new_values."partner_age_upper") OR old_values."partner_gender" IS DISTINCT FROM (new_values."partner_gender") OR old_values."place_tag_id" IS DISTINCT FROM (new_values."place_tag_id") OR old_values."purposes" IS DISTINCT FROM (new_values."purposes") OR old_values."situation_id" IS DISTINCT FROM (new_values."situation_id") OR old_values."status" IS DISTINCT FROM (new_values."status") OR old_values."subtitle" IS DISTINCT FROM (new_values."subtitle") OR old_values."title" IS DISTINCT FROM (new_values."title") OR old_values."topic_tag_id" IS DISTINCT FROM (new_values."topic_tag_id")) ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='c674beace0db597ea88843f8c55cc449afe05bbc', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_7ffd0', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='topics_topic', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='topic',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "topics_topicevent" ("id", "moods", "partner_age_lower", "partner_age_upper", "partner_gender", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "place_tag_id", "purposes", "situation_id", "status", "subtitle", "title", "topic_tag_id") SELECT old_values."id", old_values."moods", old_values."partner_age_lower", old_values."partner_age_upper", old_values."partner_gender", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."place_tag_id", old_values."purposes", old_values."situation_id", old_values."status", old_values."subtitle", old_values."title", old_values."topic_tag_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='c08cdc768b532e14293054611d08e83eed2c28ef', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_57590', referencing='REFERENCING OLD TABLE AS old_values ', table='topics_topic', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='topicdetail',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NULLIF(current_setting('pghistory.context_id', true), '') IS NOT NULL)", func='INSERT INTO "topics_topicdetailevent" ("content", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "title", "topic_id") VALUES (NEW."content", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."position", NEW."title", NEW."topic_id"); RETURN NULL;', hash='5829413f633e06a1f8365a114e166c0247fcc445', operation='INSERT', pgid='pgtrigger_insert_insert_24748', table='topics_topicdetail', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='topicdetail',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "topics_topicdetailevent" ("content", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "title", "topic_id") SELECT old_values."content", old_values."id", _pgh_attached_context.value, NOW(), \'update\', old_values."id", old_values."position", old_values."title", old_values."topic_id" FROM ( SELECT old_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='1365dcff977779c4790959de04ddeb6bbb941dbf', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_8dcda', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='topics_topicdetail', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='topicdetail',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "topics_topicdetailevent" ("content", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "title", "topic_id") SELECT old_values."content", old_values."id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."position", old_values."title", old_values."topic_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='5c765af7642120884c0eccd2a321b796ae5019f4', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_f4aa6', referencing='REFERENCING OLD TABLE AS old_values ', table='topics_topicdetail', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='topictag',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(condition="WHEN (NULLIF(current_setting('pghistory.context_id', true), '') IS NOT NULL)", func='INSERT INTO "topics_topictagevent" ("content", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position") VALUES (NEW."content", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."position"); RETURN NULL;', hash='539d3c3a1bd97ab8875c71817b2b1205f8ac1c27', operation='INSERT', pgid='pgtrigger_insert_insert_9f1bb', table='topics_topictag', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='topictag',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "topics_topictagevent" ("content", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position") SELECT old_values."content", old_values."id", _pgh_attached_context.value, NOW(), \'update\', old_values."id", old_values."position" FROM ( SELECT old_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='685fe9c4de26690b97557fe7cb9fca69bdaf303c', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_10012', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='topics_topictag', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='topictag',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "topics_topictagevent" ("content", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position") SELECT old_values."content", old_values."id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."position" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='a37b40cadcca8da65797726113a7326dc138198c', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_acd43', referencing='REFERENCING OLD TABLE AS old_values ', table='topics_topictag', when='AFTER')),
        ),
        migrations.AddField(
            model_name='placetagevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='placetagevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='topics.placetag'),
        ),
        migrations.AddField(
            model_name='topicdetailevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='topicdetailevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='topics.topicdetail'),
        ),
        migrations.AddField(
            model_name='topicdetailevent',
            name='topic',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='topics.topic', verbose_name='주제'),
        ),
        migrations.AddField(
            model_name='topicevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='topicevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='topics.topic'),
        ),
        migrations.AddField(
            model_name='topicevent',
            name='place_tag',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='topics.placetag', verbose_name='장소 태그'),
        ),
        migrations.AddField(
            model_name='topicevent',
            name='situation',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='topics.situation', verbose_name='상황'),
        ),
        migrations.AddField(
            model_name='topicevent',
            name='topic_tag',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='topics.topictag', verbose_name='주제 태그'),
        ),
        migrations.AddField(
            model_name='topictagevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='topictagevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='topics.topictag'),
        ),
        migrations.RunSQL(KEEP_SEARCH_PATH, migrations.RunSQL.noop),
    ]
