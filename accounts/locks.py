"""A user's row is the lock: whatever writes for a user holds it, and their deletion waits for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from accounts.models import User
from tokpik.errors import SessionRevoked


@contextmanager
def writing_for(user: User) -> Iterator[None]:
    """A transaction for a user's own write, which holds the user's row until its end.

    `FOR NO KEY UPDATE`: one write of a user at a time, so that quotas are exact; rows that refer to the user can
    still be inserted elsewhere. Raises `SessionRevoked` when the user is gone or deactivated: the deletion won.
    """
    with transaction.atomic():
        if not User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).values_list("pk"):
            raise SessionRevoked
        yield
