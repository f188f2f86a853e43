"""The catalogue as it is shipped: the tags that the client knows, and the topics of `topics/catalogue/*.toml`."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.color import no_style
from django.db import connection

from tokpik.seeding import Collection, Content, Outcome, load
from topics.models import PlaceTag, Situation, Tag, Topic, TopicDetail, TopicTag

# The client knows tags by these ids (from 1, in this order) and by these exact names.
TOPIC_TAGS = [
    "사랑과 연애",
    "비즈니스와 업무",
    "아이스브레이킹",
    "유머와 웃음",
    "요즘 핫한 이슈",
    "취미와 여가활동",
    "자기 계발",
    "인간관계",
]
PLACE_TAGS = ["집", "학교", "직장", "카페", "대중교통"]
CATALOGUE = Path(__file__).parent / "catalogue"


def seed(folder: Path = CATALOGUE) -> Iterator[tuple[str, Outcome]]:
    yield "topic tags", load(tags(TopicTag, TOPIC_TAGS))
    yield "place tags", load(tags(PlaceTag, PLACE_TAGS))
    yield "topics", load(Collection("topics", loadable(folder), read_topic, create_topic, update_topic))


def tags(kind: type[Tag], names: list[str]) -> Collection:
    def read(pk: int) -> Content | None:
        return kind._default_manager.filter(pk=pk).values("content", "position").first()  # type: ignore[return-value]

    def create(content: Content) -> int:
        tag, _ = kind._default_manager.get_or_create(
            content=content["content"],
            defaults={"id": content["position"], **content},  # type: ignore[misc]
        )
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), [kind]):
                cursor.execute(statement)
        return tag.pk

    def update(pk: int, content: Content) -> None:
        kind._default_manager.filter(pk=pk).update(**content)

    items = {name: {"content": name, "position": place} for place, name in enumerate(names, start=1)}
    return Collection(kind._meta.db_table, items, read, create, update)


def loadable(folder: Path) -> dict[str, Content]:
    """What the files hold, without the topics of tags that staff renamed or deleted."""
    topic_tags, place_tags = (set(kind.objects.values_list("content", flat=True)) for kind in (TopicTag, PlaceTag))
    return {
        key: content
        for key, content in read_catalogue(folder)
        if content["topic_tag"] in topic_tags and content["place"] in place_tags
    }


def read_catalogue(folder: Path = CATALOGUE) -> Iterator[tuple[str, Content]]:
    """(key, content) of every topic in the files, one file for each topic tag."""
    for file in sorted(folder.glob("*.toml")):
        document = tomllib.loads(file.read_text("utf-8"))
        for topic in document["topics"]:
            yield topic.pop("key"), {"topic_tag": document["tag"], **normalised(topic)}


def normalised(topic: dict[str, Any]) -> Content:
    lower, upper = topic.pop("ages", (None, None))
    details = [[detail["title"], detail["content"]] for detail in topic.pop("details")]
    return {"partner_gender": None, **topic, "lower": lower, "upper": upper, "details": details}


def read_topic(pk: int) -> Content | None:
    topic = Topic.objects.select_related("topic_tag", "place_tag", "situation").filter(pk=pk).first()
    if topic is None:
        return None
    return {
        "topic_tag": topic.topic_tag.content,
        "place": topic.place_tag.content,
        "title": topic.title,
        "subtitle": topic.subtitle,
        "situation": topic.situation.text,
        "purposes": topic.purposes,
        "moods": topic.moods,
        "partner_gender": topic.partner_gender,
        "lower": topic.partner_age_lower,
        "upper": topic.partner_age_upper,
        "details": [[detail.title, detail.content] for detail in topic.details.all()],
    }


def columns(content: Content) -> dict[str, Any]:
    return {
        "topic_tag": TopicTag.objects.get(content=content["topic_tag"]),
        "place_tag": PlaceTag.objects.get(content=content["place"]),
        "situation": Situation.objects.get_or_create(text=content["situation"])[0],
        "partner_age_lower": content["lower"],
        "partner_age_upper": content["upper"],
        **{name: content[name] for name in ("title", "subtitle", "purposes", "moods", "partner_gender")},
    }


def create_topic(content: Content) -> int:
    topic = Topic.objects.create(status=Topic.Status.PUBLISHED, **columns(content))
    write_details(topic.pk, content)
    return topic.pk


def update_topic(pk: int, content: Content) -> None:
    """Its status stays: a topic that staff hid is changed and stays hidden."""
    topic = Topic.objects.get(pk=pk)
    for name, value in columns(content).items():
        setattr(topic, name, value)
    topic.save()
    topic.details.all().delete()
    write_details(pk, content)


def write_details(pk: int, content: Content) -> None:
    TopicDetail.objects.bulk_create(
        TopicDetail(topic_id=pk, position=position, title=title, content=text)
        for position, (title, text) in enumerate(content["details"], start=1)
    )
