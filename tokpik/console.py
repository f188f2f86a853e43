"""What the console's pages share."""

from typing import Any

from django.http import HttpRequest


class ReadOnly:
    """What staff may look at and not write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
