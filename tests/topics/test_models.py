"""The catalogue's models: what fills itself, and what the database refuses."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from tests.factories import (
    PlaceTagFactory,
    SituationFactory,
    TopicDetailFactory,
    TopicFactory,
    TopicTagFactory,
    UserFactory,
)
from topics.models import PlaceTag, Situation, Topic, TopicDetail, TopicTag

DECOMPOSED = unicodedata.normalize("NFD", "첫만남")


def refused(make):
    with pytest.raises(IntegrityError), transaction.atomic():
        make()


@pytest.mark.parametrize("kind", [TopicTag, PlaceTag])
def test_a_tag_comes_after_the_last_one_and_its_name_is_unique(db, kind):
    first = kind.objects.create(content="하나")
    kind.objects.create(content="먼 곳", position=40)
    last = kind.objects.create(content="마지막")
    assert (first.position, last.position) == (1, 41)
    refused(lambda: kind.objects.create(content=" 하나 "))


def test_a_detail_comes_after_the_last_one_of_its_topic(db):
    topic = TopicFactory()
    TopicDetailFactory(position=7)
    assert [TopicDetailFactory(topic=topic).position for _ in range(3)] == [1, 2, 3]
    last = TopicDetail.objects.get(topic=topic, position=3)
    last.title = "다른 제목"
    last.save()
    assert last.position == 3


@pytest.mark.parametrize("how", ["create", "bulk_create", "save", "update"])
def test_texts_are_stored_trimmed_and_composed_however_they_are_written(db, how):
    topic = TopicFactory()
    texts = {
        "title": f" {DECOMPOSED}\n",
        "subtitle": f"\t{DECOMPOSED} ",
        "purposes": [f" {DECOMPOSED} "],
        "moods": ["Mood "],
    }
    match how:
        case "create":
            topic = TopicFactory(**texts)
        case "bulk_create":
            tags = {name: getattr(topic, name) for name in ("situation", "topic_tag", "place_tag")}
            [topic] = Topic.objects.bulk_create([TopicFactory.build(**tags, **texts)])
        case "save":
            for name, value in texts.items():
                setattr(topic, name, value)
            topic.save()
        case "update":
            Topic.objects.update(**texts)
    topic = Topic.objects.get(pk=topic.pk)
    assert (topic.title, topic.subtitle) == ("첫만남", "첫만남")
    assert (topic.purposes, topic.moods) == (["첫만남"], ["Mood"])


def test_a_detail_and_a_situation_are_stored_trimmed_and_composed(db):
    detail = TopicDetailFactory(title=f" {DECOMPOSED}", content=f"{DECOMPOSED}\n")
    detail.refresh_from_db()
    assert (detail.title, detail.content) == ("첫만남", "첫만남")
    assert SituationFactory(text=f" {DECOMPOSED} ") == Situation.objects.get(text="첫만남")


@pytest.mark.parametrize("text", ["ΟΔΟΣ", "Straße", "ﬁn", "İstanbul", "ĄÉ 첫만남 100%", "ΐ", "Ω", "\\'\"", ""])
def test_a_situation_folds_as_python_does_whatever_the_database(db, text):
    situation = SituationFactory(text=text)
    situation.refresh_from_db()
    assert situation.folded == unicodedata.normalize("NFC", text).casefold()


def test_a_situation_is_there_once(db):
    SituationFactory(text="첫만남")
    refused(lambda: Situation.objects.create(text=DECOMPOSED))


def test_a_renamed_situation_folds_anew(db):
    situation = SituationFactory(text="School")
    Situation.objects.update(text="ÉCOLE")
    situation.refresh_from_db()
    assert situation.folded == "école"


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": " \n"},
        {"subtitle": "\t"},
        {"partner_age_lower": -1},
        {"partner_age_upper": -1},
        {"partner_age_lower": 121},
        {"partner_age_upper": 121},
        {"partner_age_lower": 30, "partner_age_upper": 29},
    ],
    ids=repr,
)
def test_the_database_refuses_a_topic_that_makes_no_sense(db, wrong):
    refused(lambda: TopicFactory(**wrong))
    TopicFactory()
    refused(lambda: Topic.objects.update(**wrong))


@pytest.mark.parametrize("ages", [(None, None), (0, None), (None, 0), (0, 120), (30, 30), (120, 120)])
def test_ages_may_be_open_on_either_side(db, ages):
    topic = TopicFactory(partner_age_lower=ages[0], partner_age_upper=ages[1])
    assert Topic.objects.get(partner_age_lower=ages[0], partner_age_upper=ages[1]) == topic


@pytest.mark.parametrize("wrong", [{"title": " "}, {"content": ""}])
def test_the_database_refuses_a_blank_detail(db, wrong):
    refused(lambda: TopicDetailFactory(**wrong))


@pytest.mark.parametrize("sign", "&#%+")
def test_a_title_that_the_client_cannot_put_into_an_address_is_invalid(db, sign):
    topic = TopicFactory(title=f"너와 나 {sign} 우리")
    with pytest.raises(ValidationError) as refusal:
        topic.full_clean()
    assert refusal.value.message_dict == {"title": ["제목에는 & # % + 를 쓸 수 없습니다."]}


def test_what_is_named_in_the_contract_is_enough_to_create_a_topic(db):
    topic = Topic.objects.create(
        title="제목",
        subtitle="부제",
        situation=SituationFactory(),
        topic_tag=TopicTagFactory(),
        place_tag=PlaceTagFactory(),
    )
    topic.refresh_from_db()
    assert (topic.status, topic.source, topic.made_for) == ("draft", "curated", None)
    assert (topic.purposes, topic.moods) == ([], [])
    assert (topic.partner_gender, topic.partner_age_lower, topic.partner_age_upper) == (None, None, None)
    assert str(topic) == "제목"


@pytest.mark.parametrize(("method", "status"), [("publish", "published"), ("hide", "hidden")])
def test_publishing_and_hiding_are_saved_and_overwrite_nothing_else(db, method, status):
    topic = TopicFactory(status=Topic.Status.DRAFT)
    Topic.objects.update(title="다른 사람이 고친 제목")
    before = topic.updated_at
    getattr(topic, method)()
    topic.refresh_from_db()
    assert (topic.status, topic.title) == (status, "다른 사람이 고친 제목")
    assert topic.updated_at > before


def test_what_a_topic_refers_to_cannot_be_deleted(db):
    topic = TopicFactory()
    for used in (topic.topic_tag, topic.place_tag, topic.situation):
        with pytest.raises(ProtectedError):
            used.delete()
    topic.delete()
    topic.topic_tag.delete()


def test_a_topic_outlives_whom_it_was_written_for_and_takes_its_details_along(db):
    topic = TopicDetailFactory(topic__status=Topic.Status.DRAFT, topic__made_for=UserFactory()).topic
    topic.made_for.delete()
    topic.refresh_from_db()
    assert topic.made_for is None
    topic.delete()
    assert not TopicDetail.objects.exists()


def test_a_restore_can_compute_the_labels_again(db):
    """`pg_restore` sets an empty search path while rows are loaded."""
    topic = TopicFactory(purposes=["Tea"])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = ''")
        cursor.execute("UPDATE public.topics_topic SET moods = '{É}' WHERE id = %s RETURNING labels::text", [topic.pk])
        [labels] = cursor.fetchone()
        cursor.execute("SET LOCAL search_path = public")
    assert {"'ptea'", "'mé'"} <= set(labels.split())
