"""Who calls while the schema is fuzzed: FUZZ_AS is `owner`, `stranger` or `nobody`. Loaded by schemathesis.

The owner's ids stand in about half of the paths that the owner and the stranger call, so that what is guarded is
there to be found.
"""

import json
import os
from typing import Any

import django
import schemathesis

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tokpik.settings")
django.setup()

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.sessions import begin_session
from tokpik.fields import BIGGEST_ID

WHO = os.environ["FUZZ_AS"]
OWNERS = json.loads(os.environ["FUZZ_IDS"])
KAKAO_IDS = {"owner": 990_001, "stranger": 990_002}
# After these the token may be good no more.
ENDING = {
    ("DELETE", "/users/sessions/{session_id}"),
    ("POST", "/logout"),
    ("POST", "/logout/all"),
    ("POST", "/login/kakao"),
    ("POST", "/refresh"),
}


class SignedIn:
    token = ""

    def get(self, case: Any, context: Any) -> str:
        """A token that is good; somebody new where the account is to be deleted, for the owner is still needed."""
        if (case.method.upper(), case.path) == ("DELETE", "/users"):
            return signed_in(KAKAO_IDS[WHO] + 10)
        self.token = self.token or signed_in(KAKAO_IDS[WHO])
        return self.token

    def set(self, case: Any, data: str, context: Any) -> None:
        case.headers["Authorization"] = f"Bearer {data}"
        if (case.method.upper(), case.path) in ENDING:
            self.token = ""


def signed_in(kakao_id: int) -> str:
    with transaction.atomic():
        user, _ = User.objects.select_for_update(no_key=True).get_or_create(kakao_id=kakao_id)
        return begin_session(user=user, device="", now=timezone.now()).access


if WHO != "nobody":
    schemathesis.auth(refresh_interval=None)(SignedIn)


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Every other id is one of the owner's; one that the schema forbids stays, for it is to be refused."""
    for name, value in (path_parameters or {}).items():
        if isinstance(value, int) and 0 < value <= BIGGEST_ID and value % 2 == 0 and name in OWNERS:
            path_parameters[name] = OWNERS[name]
    return path_parameters
