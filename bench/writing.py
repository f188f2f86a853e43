"""Writing: refreshing, signing in, seeding, cleaning up."""

import re
from pathlib import Path

from django.db import connection
from django.test.utils import override_settings
from django.utils import timezone

from accounts.cleanup import clear_expired
from bench import rotation
from bench.counting import Count, client, counted, counting
from bench.stage import Stage
from bench.table import Row, at_least, at_most
from tests.kakao import FakeKakao

MEGABYTE = 1024 * 1024
# In a round.
REFRESHES_MOST = 100
TOKENS = """
WITH made AS (
    INSERT INTO token_blacklist_outstandingtoken (jti, token, created_at, expires_at)
    SELECT md5(number::text), md5(number::text), now() - interval '9 days', now() - interval '6 days'
    FROM generate_series(1, %s) number RETURNING id
)
INSERT INTO token_blacklist_blacklistedtoken (token_id, blacklisted_at) SELECT id, now() - interval '8 days' FROM made
"""


def rows(stage: Stage) -> list[Row]:
    return [*signing_in(), refreshing(stage), seeding(stage), *cleaning(stage)]


def signing_in() -> list[Row]:
    """Statements of a login of somebody known, and of the refresh that follows."""
    phone = client()
    with FakeKakao() as kakao, override_settings(KAKAO_AUTH_URL=kakao.url, KAKAO_API_URL=kakao.url):
        answers = []

        def login() -> object:
            answers.append(phone.post("/login/kakao", {"code": kakao.grant(7)}, content_type="application/json"))
            return answers[-1]

        known = counted(login)
    tokens = iter([answers[0].json()["refreshToken"], answers[1].json()["refreshToken"]])
    fresh = counted(lambda: phone.post("/refresh", {"refreshToken": next(tokens)}, content_type="application/json"))
    return [statements("login of a known user", known, 8), statements("refresh", fresh, 6)]


def statements(what: str, count: Count, most: int) -> Row:
    return at_most(f"{what}: SQL statements, with BEGIN and COMMIT", len(count.statements), most)


def refreshing(stage: Stage) -> Row:
    ours, stock, times = rotation.measure(stage.size.rounds, min(stage.size.batch, REFRESHES_MOST))
    what = "CPU of a refresh, web and database: stock simplejwt's / ours"
    return at_least(what, times, 3, " ×", f" ({stock:,.0f} and {ours:,.0f} µs)")


def seeding(stage: Stage) -> Row:
    catalogue = stage.main.catalogue
    return at_most(f"seeding {catalogue.topics:,} topics", catalogue.seconds, 90, " s")


def cleaning(stage: Stage) -> list[Row]:
    count = stage.size.expired
    with connection.cursor() as cursor:
        cursor.execute(TOKENS, [count])
        cursor.execute("ANALYZE token_blacklist_outstandingtoken, token_blacklist_blacklistedtoken")
    # From here on the kernel notes the most memory anew.
    Path("/proc/self/clear_refs").write_text("5")
    before = memory("VmRSS")
    with counting() as asked:
        deleted = sum(number for _, number in clear_expired(now=timezone.now()))
    assert deleted >= 2 * count, f"{deleted} of {2 * count} rows were deleted"
    grown = (memory("VmHWM") - before) / MEGABYTE
    what = f"clearing {count:,} expired tokens"
    return [
        at_most(f"{what}: SQL statements", len(asked.statements), 50),
        at_most(f"{what}: memory beyond what was used before", grown, 10, " MB"),
    ]


def memory(name: str) -> int:
    """Bytes of this process's, as the kernel counts them."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) * 1024
