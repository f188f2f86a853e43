"""Every deletion of a user is told outside of the database; a restore refuses all tokens (docs/decisions/0033)."""

import django.db.models.functions.datetime
from django.db import migrations, models

USER_DELETED = """
CREATE FUNCTION accounts_user_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_deletion (user_id, joined_at) VALUES (OLD.id, OLD.joined_at);
    RETURN NULL;
END
$$;
CREATE TRIGGER user_deleted AFTER DELETE ON accounts_user FOR EACH ROW EXECUTE FUNCTION accounts_user_deleted();
"""
# A revocation outlives the user: it keeps a mark of the session and not its number.
MARK = """
CREATE OR REPLACE FUNCTION accounts_session_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_revocation (sid) VALUES (md5(OLD.id::text)::uuid);
    RETURN NULL;
END
$$;
UPDATE accounts_revocation SET sid = md5(sid::text)::uuid;
"""
# What was marked cannot be told any more: those who end a session in the five hours before may use it for so long.
NUMBER = """
CREATE OR REPLACE FUNCTION accounts_session_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_revocation (sid) VALUES (OLD.id);
    RETURN NULL;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_history")]

    operations = [
        migrations.CreateModel(
            name="Deletion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("user_id", models.BigIntegerField()),
                ("joined_at", models.DateTimeField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={"verbose_name": "계정 삭제 기록", "verbose_name_plural": "계정 삭제 기록"},
        ),
        migrations.CreateModel(
            name="Restoration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
            ],
            options={"verbose_name": "백업 복원 기록", "verbose_name_plural": "백업 복원 기록"},
        ),
        migrations.AlterField(
            model_name="session",
            name="revoked_why",
            field=models.CharField(blank=True, choices=[('logout', '로그아웃'), ('elsewhere', '다른 기기에서 종료'), ('replaced', '같은 기기에서 다시 로그인'), ('surplus', '세션이 너무 많음'), ('reuse', '사용한 토큰이 다시 옴'), ('inactive', '비활성 계정'), ('staff', '직원이 종료'), ('restored', '백업 복원')], max_length=10, verbose_name='종료 이유'),
        ),
        migrations.RunSQL(USER_DELETED, "DROP FUNCTION accounts_user_deleted CASCADE"),
        migrations.RunSQL(MARK, NUMBER),
    ]
