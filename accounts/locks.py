"""A user's row is the lock: whatever writes for a user holds it, and their deletion waits for it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from accounts.models import User
from tokpik.errors import SessionRevoked


def holds_user(user_id: int) -> bool:
    """Lock the user's row until the transaction ends; False when the user is gone or deactivated.

    `FOR NO KEY UPDATE`: one write of a user at a time, so that quotas are exact; rows that refer to the user can
    still be inserted elsewhere.
    """
    return bool(User.objects.select_for_update(no_key=True).filter(pk=user_id, is_active=True).values_list("pk"))


@contextmanager
def writing_for(user: User) -> Iterator[None]:
    """A transaction for a user's own write. Raises `SessionRevoked` when the user is gone: the deletion won."""
    with transaction.atomic():
        if not holds_user(user.pk):
            raise SessionRevoked
        yield
