"""A session that ends in one worker is refused by all of them within one second, whatever the cache does."""

import json
import os
import signal
from contextlib import closing
from time import monotonic

import pytest

from tests.e2e.conftest import CACHE, answer

JSON = {"Content-Type": "application/json"}
# What the contract promises; and how long it is watched that nobody lets the session in again.
PROMISED, WATCHED = 1.0, 1.5


class Keeper:
    """A connection that is kept open, so that it stays with one worker."""

    def __init__(self, server):
        self.connection = server.connect()

    def get(self, access):
        status, _, body = answer(self.connection, "GET", "/users/tags", headers={"Authorization": f"Bearer {access}"})
        return status, json.loads(body).get("code")


@pytest.fixture
def keepers(servers):
    """Several connections to each server: a worker takes what it can, and a few reach all of them."""
    made = [Keeper(server) for server in servers for _ in range(6)]
    yield made
    for keeper in made:
        keeper.connection.close()


def login(server, kakao, kakao_id):
    with closing(server.connect()) as connection:
        code = json.dumps({"code": kakao.grant(kakao_id)})
        status, _, body = answer(connection, "POST", "/login/kakao", body=code, headers=JSON)
    assert status == 200
    return json.loads(body)


def logout(server, pair):
    with closing(server.connect()) as connection:
        body = json.dumps({"refreshToken": pair["refreshToken"]})
        assert answer(connection, "POST", "/logout", body=body, headers=JSON)[0] == 200


def delete_account(server, pair):
    with closing(server.connect()) as connection:
        headers = {"Authorization": f"Bearer {pair['accessToken']}"}
        assert answer(connection, "DELETE", "/users", headers=headers)[0] == 200


# In this order: the cache does not come back.
@pytest.mark.parametrize("trouble", CACHE.values(), ids=CACHE)
def test_within_a_second_everybody_refuses(servers, keepers, kakao, cache, trouble):
    client, process, _ = cache
    for number, end in enumerate((logout, delete_account)):
        pair = login(servers[0], kakao, 880_001 + number)
        access = pair["accessToken"]
        assert {keeper.get(access) for keeper in keepers} == {(200, None)}
        trouble(client, process)
        end(servers[0], pair)
        ended_at = monotonic()
        # Asked all the time, so that none is idle; what is asked after the promised second must be refused.
        while (asked_at := monotonic()) - ended_at < WATCHED:
            outcomes = []
            for keeper in keepers:
                asked = monotonic()
                outcomes.append((asked - ended_at, keeper.get(access)))
            late = [outcome for after, outcome in outcomes if after > PROMISED]
            assert set(late) <= {(401, "session_revoked")}
            assert {outcome for _, outcome in outcomes} <= {(200, None), (401, "session_revoked")}
        if process.poll() is None:
            os.kill(process.pid, signal.SIGCONT)
        assert {keeper.get(access) for keeper in keepers} == {(401, "session_revoked")}
        assert asked_at
