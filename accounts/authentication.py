"""Who a request is from: an access token of ours, of a session that lives."""

from django.db import DEFAULT_DB_ALIAS
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import revocations, tokens
from accounts.models import User
from tokpik import reading
from tokpik.errors import SessionRevoked


class UserRequest(Request):
    """A request that a view with a token gets: its `user` is one of ours, of which only the id is known yet."""

    user: User
    auth: tokens.AccessToken


def bearer(request: Request) -> str | None:
    """What stands behind "Bearer" in the Authorization header; None without one."""
    scheme, _, raw = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return raw.strip() if scheme.lower() == "bearer" else None


class AccessTokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, tokens.AccessToken] | None:
        raw = bearer(request)
        if raw is None:
            return None
        token = tokens.read_access(raw)
        return self.living_user(token), token

    def living_user(self, token: tokens.AccessToken) -> User:
        """Whose session this is, without a look into the database. Raises `SessionRevoked` for one that has ended.

        Only the id is loaded; whoever writes for the user takes the row, and sees if it is gone.
        """
        reading.current.ensure()
        if revocations.refuses(token):
            raise SessionRevoked
        return User.from_db(DEFAULT_DB_ALIAS, ["id"], [token.user_id])

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
