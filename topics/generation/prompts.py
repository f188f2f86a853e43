"""Prompts: instructions from a template file with a version, what users typed only as data beside them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from topics.generation.wishes import Wish
from topics.models import AGE_MOST, Topic

FOLDER = Path(__file__).parents[1] / "prompts"
TOPICS, DETAILS = "topics-1", "details-1"
# What the data calls each filter, and the name of one value of it in the answer.
NAMES = {"situations": ("상황", "situation"), "purposes": ("목적", "purpose"), "moods": ("분위기", "mood")}


@dataclass(frozen=True)
class Prompt:
    """`version` names the template file; `schema` is what the answer has to be."""

    version: str
    name: str
    schema: dict[str, Any]
    data: dict[str, Any]

    @property
    def messages(self) -> list[dict[str, str]]:
        return [
            {"role": "system", "content": template(self.version)},
            {"role": "user", "content": orjson.dumps(self.data).decode()},
        ]


@cache
def template(version: str) -> str:
    return (FOLDER / f"{version}.txt").read_text("utf-8").strip()


def for_topics(wish: Wish) -> Prompt:
    fields = {"title": TEXT, "subtitle": TEXT}
    fields |= {"topicTag": one_of(list(wish.topic_tags)), "placeTag": one_of(list(wish.place_tags))}
    for name, (_, one) in NAMES.items():
        if choices := wish.choices(name):
            fields[one] = one_of(choices)
    data = {"개수": wish.count, **conditions({name: list(wish.asked.get(name, ())) for name in NAMES})}
    data |= partner("남성" if wish.men else None, wish.ages) | ({"이미 있는 제목": wish.titles} if wish.titles else {})
    return Prompt(TOPICS, "topics", list_of("topics", fields), data)


def for_details(topic: Topic) -> Prompt:
    """`topic` with its situation and tags."""
    data: dict[str, Any] = {"제목": topic.title, "부제": topic.subtitle}
    data |= {"주제": topic.topic_tag.content, "장소": topic.place_tag.content}
    situations = [topic.situation.text] if topic.situation.text else []
    data |= conditions({"situations": situations, "purposes": topic.purposes, "moods": topic.moods})
    ages = None
    if topic.partner_age_lower is not None or topic.partner_age_upper is not None:
        ages = (topic.partner_age_lower or 0, AGE_MOST if topic.partner_age_upper is None else topic.partner_age_upper)
    data |= partner(topic.get_partner_gender_display() if topic.partner_gender else None, ages)
    return Prompt(DETAILS, "details", list_of("items", {"title": TEXT, "content": TEXT}), data)


def conditions(asked: dict[str, list[str]]) -> dict[str, list[str]]:
    return {NAMES[name][0]: values for name, values in asked.items() if values}


def partner(gender: str | None, ages: tuple[int, int] | None) -> dict[str, str]:
    data = {"상대의 성별": gender} if gender else {}
    if ages:
        data["상대의 나이"] = f"{ages[0]}세" if ages[0] == ages[1] else f"{ages[0]}세부터 {ages[1]}세까지"
    return data


TEXT = {"type": "string"}


def one_of(values: list[str]) -> dict[str, Any]:
    return {"type": "string", "enum": values}


def list_of(name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """As strict structured output wants it: every field required, nothing else allowed."""
    return thing({name: {"type": "array", "items": thing(fields)}})


def thing(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
