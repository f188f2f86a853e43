"""The history of what people consent to: every version of terms and policies (tokpik/history.py)."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import tokpik.text
from django.db import migrations, models

from tokpik.history import KEEP_SEARCH_PATH


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_texts_corrected'),
        ('pghistory', '0007_auto_20250421_0444'),
    ]

    operations = [
        migrations.CreateModel(
            name='PolicyEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('title', tokpik.text.TrimmedCharField(max_length=100, verbose_name='제목')),
                ('content', tokpik.text.TrimmedTextField(verbose_name='내용')),
                ('position', models.PositiveSmallIntegerField(default=1, verbose_name='순서')),
            ],
            options={
                'verbose_name': '개인정보 처리방침 이력',
                'verbose_name_plural': '개인정보 처리방침 이력',
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='TermEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('title', tokpik.text.TrimmedCharField(max_length=100, verbose_name='제목')),
                ('position', models.PositiveSmallIntegerField(default=1, verbose_name='순서')),
            ],
            options={
                'verbose_name': '약관 이력',
                'verbose_name_plural': '약관 이력',
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='TermSectionEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('main_category', models.PositiveSmallIntegerField(verbose_name='장')),
                ('sub_category', models.PositiveSmallIntegerField(verbose_name='항')),
                ('title', tokpik.text.TrimmedCharField(blank=True, help_text='앞 항에 이어지는 내용이면 비워 둡니다.', max_length=100, verbose_name='제목')),
                ('content', tokpik.text.TrimmedTextField(verbose_name='내용')),
            ],
            options={
                'verbose_name': '약관 조항 이력',
                'verbose_name_plural': '약관 조항 이력',
                'abstract': False,
                'default_permissions': (),
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policy',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_policyevent" ("content", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "title") VALUES (NEW."content", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."position", NEW."title"); RETURN NULL;', hash='86ff2fd5748194ea2fec9f985d64f4d238873148', operation='INSERT', pgid='pgtrigger_insert_insert_13459', table='accounts_policy', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policy',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_policyevent" ("content", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "title") SELECT old_values."content", old_values."id", _pgh_attached_context.value, NOW(), \'update\', old_values."id", old_values."position", old_values."title" FROM ( SELECT old_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='857e7a9396017b902744c2557a37526255609f51', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_42859', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='accounts_policy', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='policy',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_policyevent" ("content", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "title") SELECT old_values."content", old_values."id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."position", old_values."title" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='e1da7130d3ea977d5130401fe15e6630b6a68bf2', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_29367', referencing='REFERENCING OLD TABLE AS old_values ', table='accounts_policy', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='term',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_termevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "title") VALUES (NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."position", NEW."title"); RETURN NULL;', hash='498f17e9282c0e1ab28278a43a1c0f6608a3f27c', operation='INSERT', pgid='pgtrigger_insert_insert_c929a', table='accounts_term', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='term',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_termevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "title") SELECT old_values."id", _pgh_attached_context.value, NOW(), \'update\', old_values."id", old_values."position", old_values."title" FROM ( SELECT old_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='ca8210d6bd0c1fe1b7f7de7efca1242c483076c3', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_1cb91', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='accounts_term', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='term',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_termevent" ("id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "title") SELECT old_values."id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."position", old_values."title" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='f996d5e9de1708d5ed56527593c27d0c6dbbf4ef', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_a4a58', referencing='REFERENCING OLD TABLE AS old_values ', table='accounts_term', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='termsection',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_termsectionevent" ("content", "id", "main_category", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sub_category", "term_id", "title") VALUES (NEW."content", NEW."id", NEW."main_category", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."sub_category", NEW."term_id", NEW."title"); RETURN NULL;', hash='35f752eabf5126408f57864b5302abecb0d8f5c0', operation='INSERT', pgid='pgtrigger_insert_insert_31b0b', table='accounts_termsection', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='termsection',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_termsectionevent" ("content", "id", "main_category", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sub_category", "term_id", "title") SELECT old_values."content", old_values."id", old_values."main_category", _pgh_attached_context.value, NOW(), \'update\', old_values."id", old_values."sub_category", old_values."term_id", old_values."title" FROM ( SELECT old_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='f1ee1371446bfd42c826d9f6a05e564eda39297f', level='STATEMENT', operation='UPDATE', pgid='pgtrigger_update_update_838b3', referencing='REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ', table='accounts_termsection', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='termsection',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "accounts_termsectionevent" ("content", "id", "main_category", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "sub_category", "term_id", "title") SELECT old_values."content", old_values."id", old_values."main_category", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."sub_category", old_values."term_id", old_values."title" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;', hash='5c46a36d5b8c72219011306e0c8a6ae07b2befae', level='STATEMENT', operation='DELETE', pgid='pgtrigger_delete_delete_cf9fc', referencing='REFERENCING OLD TABLE AS old_values ', table='accounts_termsection', when='AFTER')),
        ),
        migrations.AddField(
            model_name='policyevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='policyevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounts.policy'),
        ),
        migrations.AddField(
            model_name='termevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='termevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounts.term'),
        ),
        migrations.AddField(
            model_name='termsectionevent',
            name='pgh_context',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context'),
        ),
        migrations.AddField(
            model_name='termsectionevent',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='accounts.termsection'),
        ),
        migrations.AddField(
            model_name='termsectionevent',
            name='term',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.term', verbose_name='약관'),
        ),
        migrations.RunSQL(KEEP_SEARCH_PATH, migrations.RunSQL.noop),
    ]
