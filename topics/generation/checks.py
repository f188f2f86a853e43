"""What the model wrote, item by item: good ones are kept, whatever stands beside them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tokpik.text import clean
from topics.generation.prompts import NAMES
from topics.generation.wishes import OTHER, Wish
from topics.models import NOT_URL_SAFE
from topics.text import squeeze

TOPICS_MOST, DETAILS_MOST = 30, 5
TITLE_MOST, SUBTITLE_MOST, ITEM_TITLE_MOST = 30, 45, 45
CONTENT_LEAST, CONTENT_MOST = 100, 1000
# Text that is longer is not even read.
LETTERS_READ = 10_000
# From here on a typed value that comes back is somebody's words, not the word for a thing.
QUOTE_LETTERS = 5
HANGUL = re.compile(r"[가-힣]")


@dataclass(frozen=True)
class Item:
    """`reason` says why it is dropped; "" when it is kept. `fields` are the columns of the topic to make."""

    title: str
    text: str
    reason: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


class Unfit(Exception):
    """Why an item is dropped, as staff read it."""


def topics_in(answer: Any, wish: Wish) -> list[Item] | None:
    """None for an answer that is no list of topics at all."""
    return items_in(answer, "topics", "subtitle", lambda item, title, text: topic_fields(item, title, text, wish))


def details_in(answer: Any) -> list[Item] | None:
    items = items_in(answer, "items", "content", check_detail)
    return items and list(first_good(items, DETAILS_MOST))


def items_in(answer: Any, name: str, second: str, check: Any) -> list[Item] | None:
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, list):
        return None
    return [checked(item, second, check) for item in found[:TOPICS_MOST]]


def first_good(items: list[Item], most: int) -> Iterator[Item]:
    for item in items:
        if item.reason or most > 0:
            yield item
        most -= not item.reason


def checked(item: Any, second: str, check: Any) -> Item:
    if not isinstance(item, dict):
        return Item("", "", "형식이 다름")
    title, text = (as_text(item.get(name)) for name in ("title", second))
    try:
        if not title or not text:
            raise Unfit("빈 글")
        return Item(title, text, fields=check(item, title, text))
    except Unfit as unfit:
        return Item(title[:200], text[:2000], reason=str(unfit))


def as_text(value: Any) -> str:
    """ "" for what is not text, or cannot be stored."""
    if not isinstance(value, str) or "\0" in value or len(value) > LETTERS_READ:
        return ""
    return clean(value)


def topic_fields(item: dict[str, Any], title: str, subtitle: str, wish: Wish) -> dict[str, Any]:
    check_line(title, TITLE_MOST)
    check_line(subtitle, SUBTITLE_MOST)
    check_title(title)
    refuse_quotes(f"{title} {subtitle}", wish.typed)
    topic_tag, place_tag = tag(item.get("topicTag"), wish.topic_tags), tag(item.get("placeTag"), wish.place_tags)
    named = {name: one_value(item.get(one), wish.choices(name)) for name, (_, one) in NAMES.items()}
    return {
        "topic_tag_id": topic_tag,
        "place_tag_id": place_tag,
        "situation": named["situations"],
        "purposes": [named["purposes"]] if named["purposes"] else [],
        "moods": [named["moods"]] if named["moods"] else [],
        "partner_gender": wish.gender,
        "partner_age_lower": wish.ages and wish.ages[0],
        "partner_age_upper": wish.ages and wish.ages[1],
    }


def check_detail(item: dict[str, Any], title: str, content: str) -> dict[str, Any]:
    check_line(title, ITEM_TITLE_MOST)
    check_title(title)
    if not CONTENT_LEAST <= len(content) <= CONTENT_MOST:
        raise Unfit("글의 길이")
    if not HANGUL.search(content) or not content.replace("\n", " ").isprintable():
        raise Unfit("쓸 수 없는 글자")
    return {}


def check_line(text: str, most: int) -> None:
    if len(text) > most:
        raise Unfit("너무 긺")
    if not HANGUL.search(text) or not text.isprintable():
        raise Unfit("쓸 수 없는 글자")


def check_title(title: str) -> None:
    """The client puts titles into a URL without escaping them."""
    if set(title) & set(NOT_URL_SAFE):
        raise Unfit("제목에 쓸 수 없는 부호")


def refuse_quotes(text: str, typed: list[str]) -> None:
    """One person's words are never stored in a topic's fields, whatever the model repeats."""
    squeezed = squeeze(text)
    if any(len(squeeze(value)) >= QUOTE_LETTERS and squeeze(value) in squeezed for value in typed):
        raise Unfit("직접 쓴 말을 옮김")


def tag(name: Any, tags: Any) -> int:
    if not isinstance(name, str) or clean(name) not in tags:
        raise Unfit("없는 태그")
    return int(tags[clean(name)])


def one_value(value: Any, choices: list[str]) -> str:
    """ "" where there was nothing to choose, or the topic fits something that was typed."""
    if not choices:
        return ""
    if value not in choices:
        raise Unfit("없는 값")
    return "" if value == OTHER else str(value)
