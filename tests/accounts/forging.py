"""Tokens that we did not make, or would not make like that."""

import warnings
from typing import Any

import jwt
from jwt.warnings import InsecureKeyLengthWarning

from accounts.tokens import key_ring

GONE: Any = object()


def claims(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def resigned(token: str, *, key: str | None = None, algorithm: str = "HS256", kid: Any = None, **changed: Any) -> str:
    """This token with claims changed (or `GONE`) and signed anew: rightly, unless a key, algorithm or kid is given."""
    ring = key_ring()
    payload = {name: value for name, value in {**claims(token), **changed}.items() if value is not GONE}
    secret: Any = None if algorithm == "none" else key or ring.keys[ring.current]
    headers = {} if kid is GONE else {"kid": kid or ring.current}
    with warnings.catch_warnings():
        # Our key is too short for the longer algorithms that we do not use.
        warnings.simplefilter("ignore", InsecureKeyLengthWarning)
        return jwt.encode(payload, secret, algorithm=algorithm, headers=headers)
