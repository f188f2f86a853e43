"""Kakao's side of a login (https://developers.kakao.com/docs/latest/ko/kakaologin/rest-api)."""

import logging
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from contextvars import copy_context
from dataclasses import dataclass
from functools import cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import Lock
from typing import Any

import httpx2
from django.conf import settings

from tokpik.errors import KakaoCodeRejected, Problem, UpstreamUnavailable
from tokpik.fields import BIGGEST_ID
from tokpik.outside import NotBegun, Places, bounded

logger = logging.getLogger(__name__)
PACKET_SECONDS = 3.0
# A time-out is per packet; this bounds a whole login, both calls together.
LOGIN_SECONDS = 6.0
# How long one more login than may wait for Kakao waits for its turn.
QUEUE_SECONDS = 1.0
CODE_USED_OR_UNKNOWN = "KOE320"
# A call from the background, as a whole; shorter than the lease that a login waits for (`accounts.errands`).
ERRAND_SECONDS = 2.5
NOT_LINKED = -101
TOKEN_LONGEST, EMAIL_LONGEST, ADDRESS_LONGEST = 4096, 254, 2048


@dataclass(frozen=True)
class Identity:
    """Who Kakao says this is. `email` only when Kakao calls it valid and verified, else ""; likewise the photo."""

    kakao_id: int
    email: str
    photo_url: str


class Gate:
    """At most half of a process's threads wait for Kakao, so that a Kakao that hangs leaves the rest to serve."""

    def __init__(self, places: int) -> None:
        self.places = Places(places)
        self.pool = ThreadPoolExecutor(places, thread_name_prefix="kakao")
        # Without cookies: they would travel from one person's login to the next one's.
        nothing = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
        self.client = httpx2.Client(timeout=PACKET_SECONDS, cookies=nothing)

    def identify(self, code: str) -> Identity:
        if not self.places.take(QUEUE_SECONDS):
            raise UpstreamUnavailable
        # With the request's context: what the call logs carries the request's id.
        asked = self.pool.submit(copy_context().run, exchange, self.client, code)
        # Not when we cease to wait: a call that is still under way keeps its place.
        asked.add_done_callback(lambda done: self.places.release())
        try:
            return asked.result(LOGIN_SECONDS)
        except TookTooLong as error:
            raise UpstreamUnavailable from error


# Without it, several first calls at the same moment would make several gates or runners.
making = Lock()


@cache
def gate() -> Gate:
    """Made on first use: threads and connections do not survive a fork."""
    return Gate(max(1, settings.WEB_THREADS // 2))


def identify(code: str) -> Identity:
    """Exchange an authorisation code, once, for whom it belongs to. Hold no database connection over this.

    Raises `KakaoCodeRejected` for a code that is used, expired or unknown; `UpstreamUnavailable` when Kakao is
    down, slow or refuses our configuration.
    """
    with making:
        the_gate = gate()
    return the_gate.identify(code)


@cache
def errand_runner(path: str) -> tuple[ThreadPoolExecutor, httpx2.Client]:
    """For calls from the background, apart from the logins, and each kind apart from the other."""
    return ThreadPoolExecutor(2, thread_name_prefix="kakao-errand"), httpx2.Client(timeout=ERRAND_SECONDS)


def unlink(kakao_id: int) -> None:
    """Have Kakao forget the link to somebody; it may be gone already. Raises `UpstreamUnavailable`."""
    admin_call("POST", "/v1/user/unlink", data={"target_id_type": "user_id", "target_id": str(kakao_id)})


def is_linked(kakao_id: int) -> bool:
    """Whether somebody is still linked to this application. Raises `UpstreamUnavailable`."""
    return admin_call("GET", "/v2/user/me", params={"target_id_type": "user_id", "target_id": str(kakao_id)})


def admin_call(method: str, path: str, **request: Any) -> bool:
    """A call with the admin key, bounded as a whole; False when Kakao says that nobody is linked."""
    with making:
        pool, client = errand_runner(path)
    headers = {"Authorization": f"KakaoAK {settings.KAKAO_ADMIN_KEY}"}
    send = partial(client.request, method, f"{settings.KAKAO_API_URL}{path}", headers=headers, **request)
    try:
        response = bounded(pool, ERRAND_SECONDS, send)
        answer = response.json()
    except (NotBegun, TookTooLong, httpx2.HTTPError, ValueError, RecursionError) as error:
        logger.warning("Kakao did not answer: %s", type(error).__name__)
        raise UpstreamUnavailable from error
    if isinstance(answer, dict) and response.is_success:
        return True
    if isinstance(answer, dict) and answer.get("code") == NOT_LINKED:
        return False
    logger.error("Kakao refused a call with the admin key: status %s", response.status_code)
    raise UpstreamUnavailable


def exchange(client: httpx2.Client, code: str) -> Identity:
    form = {
        "grant_type": "authorization_code",
        "client_id": settings.KAKAO_CLIENT_ID,
        "redirect_uri": settings.KAKAO_REDIRECT_URI,
        "code": code,
    }
    if settings.KAKAO_CLIENT_SECRET:
        form["client_secret"] = settings.KAKAO_CLIENT_SECRET
    granted = call(client, "POST", f"{settings.KAKAO_AUTH_URL}/oauth/token", data=form)
    token = text(granted, "access_token", TOKEN_LONGEST)
    if not token:
        raise UpstreamUnavailable
    headers = {"Authorization": f"Bearer {token}"}
    return identity(call(client, "GET", f"{settings.KAKAO_API_URL}/v2/user/me", headers=headers))


def call(client: httpx2.Client, method: str, url: str, **request: Any) -> dict[str, Any]:
    """One call, never repeated: a code is good for one exchange. Bodies are not logged, they hold tokens."""
    try:
        response = client.request(method, url, **request)
        answer = response.json()
    except (httpx2.HTTPError, ValueError, RecursionError) as error:
        raise UpstreamUnavailable from error
    if not isinstance(answer, dict):
        answer = {}
    elif response.is_success:
        return answer
    raise refusal(response.status_code, str(answer.get("error_code", "none")))


def refusal(status: int, error_code: str) -> Problem:
    if error_code == CODE_USED_OR_UNKNOWN:
        return KakaoCodeRejected()
    # Below 500 it is our keys or our redirect address: nobody can sign in until that is mended.
    level = logging.WARNING if status >= 500 else logging.ERROR
    logger.log(level, "Kakao refused the login: status %s, error_code %s", status, error_code)
    return UpstreamUnavailable()


def identity(me: dict[str, Any]) -> Identity:
    """Raises `UpstreamUnavailable` for an answer that names nobody; all else in it may be missing or misshapen."""
    kakao_id = me.get("id")
    if type(kakao_id) is not int or not 0 < kakao_id <= BIGGEST_ID:
        raise UpstreamUnavailable
    account = part(me, "kakao_account")
    verified = account.get("is_email_valid") is True and account.get("is_email_verified") is True
    return Identity(
        kakao_id=kakao_id,
        email=text(account, "email", EMAIL_LONGEST) if verified else "",
        photo_url=text(part(account, "profile"), "profile_image_url", ADDRESS_LONGEST),
    )


def part(answer: dict[str, Any], name: str) -> dict[str, Any]:
    value = answer.get(name)
    return value if isinstance(value, dict) else {}


def text(answer: dict[str, Any], name: str, longest: int) -> str:
    """The empty string for what is not there or cannot be kept: NUL, lone surrogates and their like."""
    value = answer.get(name)
    return value if isinstance(value, str) and value.isprintable() and len(value) <= longest else ""
