"""The roles of the console: groups, and what each may do. Whatever exists already is kept, so it may run again."""

from django.db import migrations

VIEW, ALL = ["view"], ["view", "add", "change", "delete"]
TEXTS = ["accounts.term", "accounts.termsection", "accounts.policy"]
CATALOGUE = ["topics.topic", "topics.topicdetail", "topics.topictag", "topics.placetag"]
PEOPLE = ["accounts.session", "scraps.scrap", "scraps.scraptopic", "notifications.notification", "notifications.push"]
ROLES = {
    "curator": {
        **dict.fromkeys([*CATALOGUE, *TEXTS], ALL),
        "topics.situation": ["view", "add", "change"],
        # To decide on details that wait.
        "topics.generationrequest": ["view", "change"],
        **dict.fromkeys(["topics.generateditem", "topics.modelcall"], VIEW),
        "tokpik.hourlycounts": ["view", "change"],
    },
    "support": {
        **dict.fromkeys([*CATALOGUE, *TEXTS, *PEOPLE, "topics.situation"], VIEW),
        **dict.fromkeys(["accounts.kakaounlink", "accounts.kakaonotice"], VIEW),
        "accounts.session": ["view", "change"],
        "accounts.user": ["view", "change"],
    },
    "viewer": dict.fromkeys([*CATALOGUE, *TEXTS, "topics.situation", "topics.modelcall", "tokpik.hourlycounts"], VIEW),
}


def permission(apps, label, action):
    """As Django itself makes it, which is only after all migrations."""
    app, model = label.split(".")
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label=app, model=model)
    name = f"Can {action} {apps.get_model(label)._meta.verbose_name}"
    found, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=kind, codename=f"{action}_{model}", defaults={"name": name}
    )
    return found


def make_roles(apps, schema_editor):
    for role, rights in ROLES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=role)
        group.permissions.add(*(permission(apps, label, action) for label in rights for action in rights[label]))


def drop_roles(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("tokpik", "0002_hourlycounts"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("topics", "0009_history"),
        ("accounts", "0006_history"),
        ("scraps", "0001_initial"),
        ("notifications", "0002_push_cascade"),
    ]

    operations = [migrations.RunPython(make_roles, drop_roles)]
