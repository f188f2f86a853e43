"""Which site stands at /admin/."""

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    default_site = "accounts.sign_in.ConsoleSite"
