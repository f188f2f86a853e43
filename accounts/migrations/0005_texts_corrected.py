"""Terms and policies are cached lists: every change of theirs is a correction (docs/decisions/0011)."""

from django.db import migrations

TABLES = ("term", "termsection", "policy")
CREATE = "".join(f"""
CREATE TRIGGER {table}_list_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON accounts_{table}
FOR EACH STATEMENT EXECUTE FUNCTION topics_list_changed();
""" for table in TABLES)
DROP = "".join(f"DROP TRIGGER {table}_list_changed ON accounts_{table};" for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_revocation_triggers"), ("topics", "0005_corrections")]

    operations = [migrations.RunSQL(CREATE, DROP)]
