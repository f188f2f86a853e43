"""The one call to the model (`topics.generation.model`): whatever a server does is an outcome."""

from datetime import timedelta
from typing import Any

import pytest

from tests.openai import Reply, completion
from topics.generation import model as ours
from topics.generation.prompts import Prompt

PROMPT = Prompt("topics-1", "topics", {"type": "object"}, {"개수": 8})


def ask(model, reply):
    model.answers.append(reply)
    return ours.ask(PROMPT)


GARBAGE: dict[str, Any] = {
    "no JSON": b"<html>\x80 busy</html>",
    "nothing": b"",
    "null": None,
    "a list": [1],
    "no choices": {"choices": []},
    "a message that is none": {"choices": [{"message": "hello"}]},
    "content that is none": {"choices": [{"message": {"content": [1]}}]},
    "usage that is none": {**completion({}), "usage": [1]},
    "no content": completion(""),
    "prose": completion("물론이죠! 주제를 추천해 드릴게요."),
    "cut short": completion('{"topics": [{"title": "반만 쓴'),
    "endless": b'{"choices": "' + b"x" * (ours.ANSWER_BYTES_MOST + 1),
    "deep": completion("[" * 100_000),
    "half of a surrogate pair": completion('{"topics": "\\ud800"}'),
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_garbled(model, body):
    assert ask(model, Reply(body=body)).outcome == "garbled"


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(500), "failed"),
        (Reply(401, {"error": {"message": "bad key"}}), "failed"),
        (Reply(302, headers={"Location": "http://127.0.0.1:9/"}), "failed"),
        (Reply(429), "limited"),
        (Reply(body=b'{"choices"', cut=True), "cut"),
        (Reply(cut=True), "cut"),
        (Reply(body=completion(None, refusal="쓸 수 없습니다.")), "declined"),
        (Reply(body=completion({"topics": []})), "written"),
    ],
)
def test_every_answer_has_its_outcome_and_none_is_asked_for_twice(model, reply, outcome):
    assert ask(model, reply).outcome == outcome
    assert len(model.calls) == 1


def test_a_call_is_bounded_as_a_whole(model, monkeypatch):
    monkeypatch.setattr(ours, "CALL_SECONDS", 0.2)
    assert ask(model, Reply(hang=True)).outcome == "late"


def test_one_that_has_to_queue_too_long_is_never_sent(model, monkeypatch):
    """All threads that call still wait for answers that nobody waits for any more."""
    monkeypatch.setattr(ours, "CALL_SECONDS", 0.2)
    for _ in range(ours.CALLS_AT_ONCE):
        assert ask(model, Reply(hang=True)).outcome == "late"
    assert ask(model, Reply(hang=True)).outcome == "unsent"
    assert len(model.calls) == ours.CALLS_AT_ONCE


def test_nobody_at_the_address_is_unsent(model, settings):
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    assert ours.ask(PROMPT).outcome == "unsent"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("30", 30), ("2.5", 2.5), ("86400", 3600), ("9" * 400, 3600), ("-5", 0), ("soon", 0), ("\u00b2", 0), ("1.2.3", 0)],
)
def test_it_hears_how_long_the_server_wants_to_be_left_alone(model, said, seconds):
    assert ask(model, Reply(429, headers={"Retry-After": said})).retry_after == timedelta(seconds=seconds)


def test_what_is_sent(model):
    ask(model, Reply(body=completion({"topics": []})))
    [call] = model.calls
    assert call.headers["authorization"] == "Bearer sk-test"
    assert call.body["model"] == "gpt-4.1-mini"
    assert call.body["response_format"]["json_schema"] == {
        "name": "topics",
        "strict": True,
        "schema": {"type": "object"},
    }
    assert call.data == {"개수": 8}


def test_tokens_are_what_the_server_counted_if_it_did(model):
    reply = ask(model, Reply(body=completion({})))
    assert (reply.input_tokens, reply.output_tokens) == (700, 300)
    for usage in (None, {}, {"prompt_tokens": -1, "completion_tokens": 10**20}, {"prompt_tokens": "7"}):
        reply = ask(model, Reply(body={**completion({}), "usage": usage}))
        assert (reply.outcome, reply.input_tokens, reply.output_tokens) == ("written", None, None)
