"""Every operation of the schema under schemathesis, over a running server: a small budget here, more in `make fuzz`."""

import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from tests.e2e.conftest import ROOT, answer

# Cases for each operation and identity, and in which phases; `make fuzz` sets FUZZ_EXAMPLES.
EXAMPLES = os.environ.get("FUZZ_EXAMPLES")
PHASES = "examples,coverage,fuzzing,stateful" if EXAMPLES else "examples,fuzzing,stateful"
SECONDS_MOST = 3600
# A 401 comes before a 405: whoever has no token is not told which methods there are.
LEFT_OUT = {"nobody": ["--exclude-checks=unsupported_method"]}
OWNER = 990_001
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def ids(service, kakao):
    """What the owner has, by the names of the paths' parameters."""
    return owned(service, kakao)


def owned(service, kakao):
    def call(method, path, body=None):
        with closing(service.connect()) as connection:
            status, _, said = answer(connection, method, path, body=body and json.dumps(body), headers=headers)
        assert status == 200, said
        return json.loads(said) if said else None

    headers = dict(JSON)
    pair = call("POST", "/login/kakao", {"code": kakao.grant(OWNER)})
    headers["Authorization"] = f"Bearer {pair['accessToken']}"
    scrap = call("POST", "/users/scraps", {"scrapName": "내 것"})["scrapId"]
    call("POST", f"/users/scraps/{scrap}/topics/1")
    day = timezone.localdate() + timedelta(days=1)
    window = {"notificationStartTime": "19:00", "notificationEndTime": "21:00", "notificationIntervalMinutes": 20}
    reminder = {"notificationName": "알림", "scrapId": scrap, "notificationTalkTopicIds": [1], **window}
    call("POST", "/users/notifications", {**reminder, "noticeDate": day.isoformat()})
    notification = call("GET", "/users/notifications")["contents"][0]["notificationId"]
    return {"scrap_id": scrap, "topic_id": 1, "notification_id": notification}


@pytest.mark.parametrize("who", ["owner", "stranger", "nobody"])
def test_no_server_error_and_no_answer_that_is_not_documented(who, ids, environment, service, tmp_path):
    command = [
        Path(sys.executable).with_name("schemathesis"),
        f"--config-file={ROOT / 'tests/e2e/schemathesis.toml'}",
        "run",
        f"http://127.0.0.1:{service.port}/schema",
        "--checks=all",
        *LEFT_OUT.get(who, []),
        f"--phases={PHASES}",
        f"--max-examples={EXAMPLES or 4}",
        "--continue-on-failure",
        "--generation-database=none",
        "--suppress-health-check=all",
        "--warnings=off",
    ]
    variables = environment | {"FUZZ_AS": who, "FUZZ_IDS": json.dumps(ids), "PYTHONPATH": str(ROOT)}
    outcome = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=SECONDS_MOST)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "Traceback" not in service.log.read_text()
