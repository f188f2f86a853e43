"""Whatever ends or deletes a session leaves a revocation (docs/decisions/0008)."""

from django.db import migrations

XID = """
ALTER TABLE accounts_revocation ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX revocation_xid ON accounts_revocation (xid);
"""
SESSION_ENDED = """
CREATE FUNCTION accounts_session_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_revocation (sid) VALUES (OLD.id);
    RETURN NULL;
END
$$;
CREATE TRIGGER session_ended AFTER UPDATE OF revoked_at ON accounts_session FOR EACH ROW
WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION accounts_session_ended();
CREATE TRIGGER session_deleted AFTER DELETE ON accounts_session FOR EACH ROW
WHEN (OLD.revoked_at IS NULL) EXECUTE FUNCTION accounts_session_ended();
"""
USER_DEACTIVATED = """
CREATE FUNCTION accounts_user_deactivated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- In the order of their ids, as every other ending locks them.
    PERFORM FROM accounts_session WHERE user_id = NEW.id AND revoked_at IS NULL ORDER BY id FOR NO KEY UPDATE;
    UPDATE accounts_session
    SET revoked_at = now(), revoked_why = 'inactive', push_target = '', push_target_hash = NULL
    WHERE user_id = NEW.id AND revoked_at IS NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER user_deactivated AFTER UPDATE OF is_active ON accounts_user FOR EACH ROW
WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION accounts_user_deactivated();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_sessions")]

    operations = [
        migrations.RunSQL(XID, "ALTER TABLE accounts_revocation DROP COLUMN xid"),
        migrations.RunSQL(SESSION_ENDED, "DROP FUNCTION accounts_session_ended CASCADE"),
        migrations.RunSQL(USER_DEACTIVATED, "DROP FUNCTION accounts_user_deactivated CASCADE"),
    ]
