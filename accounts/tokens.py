"""The tokens' form: what they claim, which key signs them, and how a pair follows from its parent.

simplejwt is the codec. Nothing here touches the database: a pair is a pure function of its arguments, which is
what lets a lost answer be given again byte for byte without storing a token (docs/decisions/0003).
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from hashlib import md5, sha256
from typing import Any
from uuid import UUID, uuid5

import jwt
from django.conf import settings
from rest_framework_simplejwt import tokens
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenBackendError, TokenError
from rest_framework_simplejwt.settings import api_settings

from tokpik.errors import TokenExpired, TokenInvalid
from tokpik.fields import BIGGEST_ID


def key_name(key: str) -> str:
    """A key's `kid`: the start of its digest, which tells nothing about it."""
    return sha256(key.encode()).hexdigest()[:8]


class KeyRing(TokenBackend):
    """simplejwt's codec with more than one key: tokens name theirs in the header (RFC 7515, 4.1.4)."""

    def __init__(self, signing_key: str, old_keys: list[str]) -> None:
        super().__init__(api_settings.ALGORITHM, signing_key, issuer=api_settings.ISSUER, leeway=api_settings.LEEWAY)
        self.keys = {key_name(key): key for key in (*old_keys, signing_key)}
        self.current = key_name(signing_key)

    def get_verifying_key(self, token: Any) -> Any:
        try:
            return self._prepare_key(self.keys[jwt.get_unverified_header(token)["kid"]])
        except (KeyError, TypeError) as error:
            raise TokenBackendError("Token is signed with no key of ours") from error

    def sign(self, payload: dict[str, Any], kid: str) -> str:
        claims = {**payload, "iss": self.issuer}
        return jwt.encode(claims, self.keys[kid], algorithm=self.algorithm, headers={"kid": kid})


@cache
def key_ring() -> KeyRing:
    return KeyRing(api_settings.SIGNING_KEY, settings.JWT_OLD_KEYS)


def mark(session_id: UUID) -> UUID:
    """What is written down when the session ends: it tells nobody which one that was. A trigger does the same."""
    return UUID(md5(str(session_id).encode(), usedforsecurity=False).hexdigest())


class Claims:
    """What both kinds of token say: whose, of which session (`sid`), which one (`jti`), until when."""

    payload: dict[str, Any]

    @property
    def token_backend(self) -> KeyRing:
        return key_ring()

    def verify(self) -> None:
        """Without simplejwt's look into the blacklist, which is too early here: the rotation's unique row decides."""
        self.check_exp()  # type: ignore[attr-defined]
        self.verify_token_type()  # type: ignore[attr-defined]
        self.session_id = UUID(self.payload["sid"])
        self.mark = mark(self.session_id)
        self.jti = UUID(self.payload["jti"])
        self.user_id = int(self.payload["user_id"])
        self.issued_at = int(self.payload["iat"])
        if not 0 < self.user_id <= BIGGEST_ID:
            raise ValueError("No user has such an id")


class AccessToken(Claims, tokens.AccessToken):
    pass


class RefreshToken(Claims, tokens.RefreshToken):  # type: ignore[misc]
    def verify(self) -> None:
        super().verify()
        # When refreshing ends for this session, however often it is used.
        self.end = datetime.fromtimestamp(self.payload["end"], UTC)


# What a token of the right signature, or of none, may run into.
MISSHAPEN = (LookupError, TypeError, AttributeError, ValueError, OverflowError, RecursionError)


def read(kind: type[Any], raw: str) -> Any:
    """A token's claims. Raises `TokenExpired`, or `TokenInvalid` for a wrong signature, kind, issuer, form or claim."""
    try:
        return kind(raw)
    except ExpiredTokenError as error:
        raise TokenExpired from error
    except (TokenError, *MISSHAPEN) as error:
        raise TokenInvalid from error


# Tokens of living people are sent many times; the check of their signature is most of what a quick request costs.
@lru_cache(maxsize=4096)
def signed(ring: KeyRing, raw: str) -> AccessToken:
    """An access token that was good when it came first. Raises as `read`; nothing is remembered of what it refuses."""
    token: AccessToken = read(AccessToken, raw)
    return token


def read_access(raw: str) -> AccessToken:
    """As `read`: its signature is checked once, whether it has expired each time."""
    token = signed(key_ring(), raw)
    if token.payload["exp"] <= time.time() - api_settings.LEEWAY:
        raise TokenExpired
    return token


def session_named_by(raw: str) -> UUID | None:
    """The session of a token of ours, of either kind, expired and spent ones too; None for any other string."""
    ring = key_ring()
    try:
        options: Any = {"verify_exp": False, "verify_iat": False}
        payload = jwt.decode(
            raw, ring.get_verifying_key(raw), algorithms=[ring.algorithm], issuer=ring.issuer, options=options
        )
        return UUID(payload["sid"])
    except (jwt.InvalidTokenError, TokenBackendError, *MISSHAPEN):
        return None


@dataclass(frozen=True)
class Pair:
    access: str
    refresh: str
    jti: UUID
    expires_at: datetime
    kid: str

    @property
    def digest(self) -> str:
        """What is stored in the place of the refresh token: the key's name and a hash."""
        return f"{self.kid}:{sha256(self.refresh.encode()).hexdigest()}"

    def as_json(self) -> dict[str, str]:
        return {"accessToken": self.access, "refreshToken": self.refresh}


def child_jti(session_id: UUID, parent: UUID) -> UUID:
    return uuid5(session_id, parent.hex)


def make_pair(
    *, user_id: int, session_id: UUID, jti: UUID, issued_at: datetime, end: datetime, kid: str | None = None
) -> Pair:
    """The pair whose refresh token is `jti`: the same arguments give the same bytes.

    `issued_at` is cut to whole seconds; `end` bounds the refresh token; `kid` names the key, by default today's.
    """
    kid = kid or key_ring().current
    issued = int(issued_at.timestamp())
    last = int(end.timestamp())
    expires = min(issued + int(api_settings.REFRESH_TOKEN_LIFETIME.total_seconds()), last)
    whose = {"sid": str(session_id), "user_id": str(user_id)}
    refresh = {"token_type": "refresh", "exp": expires, "iat": issued, "jti": jti.hex, **whose, "end": last}
    access = {
        "token_type": "access",
        "exp": issued + int(api_settings.ACCESS_TOKEN_LIFETIME.total_seconds()),
        "iat": issued,
        "jti": uuid5(jti, "access").hex,
        **whose,
    }
    sign = key_ring().sign
    return Pair(sign(access, kid), sign(refresh, kid), jti, datetime.fromtimestamp(expires, UTC), kid)
