"""Who a request is from: an access token of ours, of a session that lives."""

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from accounts import tokens
from accounts.models import Session, User
from tokpik.errors import SessionRevoked, TokenInvalid


class UserRequest(Request):
    """A request that a view with a token gets: its `user` is one of ours."""

    user: User
    auth: tokens.AccessToken


class AccessTokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, tokens.AccessToken] | None:
        scheme, _, raw = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        try:
            token = tokens.read(tokens.AccessToken, raw.strip().decode("ascii"))
        except UnicodeDecodeError as error:
            raise TokenInvalid from error
        return self.living_user(token), token

    def living_user(self, token: tokens.AccessToken) -> User:
        """The user of a session that has not ended, in one statement. Raises `SessionRevoked`."""
        living = Session.objects.living().filter(user__is_active=True).select_related("user")
        session = living.filter(pk=token.session_id, user=token.user_id).first()
        if session is None:
            raise SessionRevoked
        return session.user

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
