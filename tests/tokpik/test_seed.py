"""manage.py seed"""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Barrier

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Policy, Term
from tokpik.models import SeededItem
from topics.models import PlaceTag, Topic, TopicDetail, TopicTag
from topics.seeding import CATALOGUE, read_catalogue, seed

TOPIC_TAGS = {
    1: "사랑과 연애",
    2: "비즈니스와 업무",
    3: "아이스브레이킹",
    4: "유머와 웃음",
    5: "요즘 핫한 이슈",
    6: "취미와 여가활동",
    7: "자기 계발",
    8: "인간관계",
}
PLACE_TAGS = {1: "집", 2: "학교", 3: "직장", 4: "카페", 5: "대중교통"}

TOPIC = """
[[topics]]
key = "{key}"
place = "{place}"
title = "{title}"
subtitle = "냉장고와 책장이 나보다 먼저 말해 버린 것들"
situation = "1 : 1"
purposes = ["소개팅", "친목"]
moods = ["편안한"]
partner_gender = "male"
ages = [20, 39]

[[topics.details]]
title = "냉장고 문"
content = "냉장고에서 절대 떨어지지 않는 음식이 뭐예요?"

[[topics.details]]
title = "책장"
content = "{content}"
"""


@pytest.fixture
def folder(tmp_path):
    """A catalogue of one topic; `write` writes the file anew."""

    class Folder:
        def write(self, *keys, title="집 데이트에서 들킨 나의 취향", content="두 번 읽은 책은요?", place="집"):
            topics = [TOPIC.format(key=key, title=title, content=content, place=place) for key in keys]
            (tmp_path / "love.toml").write_text('tag = "사랑과 연애"\n' + "".join(topics), "utf-8")

        def load(self):
            return {name: (outcome.created, outcome.updated) for name, outcome in seed(tmp_path)}["topics"]

    folder = Folder()
    folder.write("one")
    return folder


def state():
    return [
        list(kind.objects.order_by("pk").values()) for kind in (TopicTag, PlaceTag, Topic, TopicDetail, Term, Policy)
    ]


def test_it_loads_everything_and_a_second_time_nothing(db):
    out = StringIO()
    call_command("seed", stdout=out)
    assert Topic.objects.published().count() == len(dict(read_catalogue()))
    assert Term.objects.exists()
    assert Policy.objects.exists()
    assert f"topics: {Topic.objects.count()} created, 0 updated" in out.getvalue()
    before = state()
    out = StringIO()
    call_command("seed", stdout=out)
    assert state() == before
    assert {line.split(": ")[1] for line in out.getvalue().splitlines()} == {"0 created, 0 updated"}


def test_the_tags_have_the_ids_that_the_client_knows_and_new_ones_come_after(db):
    call_command("seed", stdout=StringIO())
    for kind, names in ((TopicTag, TOPIC_TAGS), (PlaceTag, PLACE_TAGS)):
        assert dict(kind.objects.values_list("pk", "content")) == names
        assert [tag.pk for tag in kind.objects.all()] == list(names)
        new = kind.objects.create(content="새 태그")
        assert (new.pk, new.position) == (len(names) + 1, len(names) + 1)


def test_a_topic_is_loaded_with_all_that_the_file_says(db, folder):
    assert folder.load() == (1, 0)
    topic = Topic.objects.get()
    assert (topic.title, topic.topic_tag.content, topic.place_tag.content) == (
        "집 데이트에서 들킨 나의 취향",
        "사랑과 연애",
        "집",
    )
    assert (topic.situation.text, topic.purposes, topic.moods) == ("1 : 1", ["소개팅", "친목"], ["편안한"])
    assert (topic.partner_gender, topic.partner_age_lower, topic.partner_age_upper) == ("male", 20, 39)
    assert (topic.status, topic.source, topic.made_for) == ("published", "curated", None)
    assert [(detail.position, detail.title, detail.content) for detail in topic.details.all()] == [
        (1, "냉장고 문", "냉장고에서 절대 떨어지지 않는 음식이 뭐예요?"),
        (2, "책장", "두 번 읽은 책은요?"),
    ]


def test_a_change_of_the_file_updates_a_topic_that_nobody_touched(db, folder):
    folder.load()
    before = Topic.objects.get()
    folder.write("one", title="새로 고쳐 쓴 제목입니다", content="새 내용")
    assert folder.load() == (0, 1)
    topic = Topic.objects.get()
    assert (topic.pk, topic.title) == (before.pk, "새로 고쳐 쓴 제목입니다")
    assert [detail.content for detail in topic.details.all()][1:] == ["새 내용"]
    assert folder.load() == (0, 0)
    folder.write("one")
    assert folder.load() == (0, 1)


def test_a_new_topic_in_the_file_is_loaded_and_one_taken_out_stays(db, folder):
    folder.load()
    folder.write("two")
    assert folder.load() == (1, 0)
    assert Topic.objects.count() == 2


EDITS = {
    "title": lambda topic: Topic.objects.update(title="편집자가 고친 제목"),
    "tag": lambda topic: Topic.objects.update(topic_tag=TopicTag.objects.last()),
    "ages": lambda topic: Topic.objects.update(partner_age_lower=None),
    "detail": lambda topic: topic.details.filter(position=2).update(content="편집자가 고친 내용"),
    "one more detail": lambda topic: topic.details.create(title="하나 더", content="더"),
    "one detail less": lambda topic: topic.details.first().delete(),
    "order of details": lambda topic: topic.details.filter(position=1).update(position=3),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_what_staff_edited_is_not_overwritten(db, folder, edit):
    folder.load()
    edit(Topic.objects.get())
    before = state()
    folder.write("one", title="새로 고쳐 쓴 제목입니다")
    assert folder.load() == (0, 0)
    assert state() == before


def test_a_topic_that_staff_hid_is_updated_and_stays_hidden(db, folder):
    folder.load()
    Topic.objects.get().hide()
    folder.write("one", title="새로 고쳐 쓴 제목입니다")
    assert folder.load() == (0, 1)
    assert Topic.objects.get().status == "hidden"


def test_what_staff_deleted_does_not_come_back(db, folder):
    folder.load()
    Topic.objects.all().delete()
    folder.write("one", title="새로 고쳐 쓴 제목입니다")
    assert folder.load() == (0, 0)
    PlaceTag.objects.get(content="카페").delete()
    folder.load()
    assert not Topic.objects.exists()
    assert not PlaceTag.objects.filter(content="카페").exists()


def test_new_topics_of_a_tag_that_staff_renamed_or_deleted_are_left_out(db, folder):
    folder.load()
    PlaceTag.objects.filter(content="카페").update(content="찻집")
    PlaceTag.objects.filter(content="학교").delete()
    for place in ("카페", "학교"):
        folder.write("one", f"in {place}", place=place)
        assert folder.load() == (0, 0)
    assert PlaceTag.objects.get(pk=4).content == "찻집"


def test_terms_and_policies_that_staff_edited_or_deleted_stay_so(db):
    call_command("seed", stdout=StringIO())
    Term.objects.first().delete()
    Policy.objects.filter(pk=Policy.objects.first().pk).update(title="고친 방침")
    SeededItem.objects.filter(collection="policies").update(fingerprint="another file's")
    before = state()
    call_command("seed", stdout=StringIO())
    assert state() == before


@pytest.mark.django_db(transaction=True)
def test_two_at_once_load_everything_once():
    together = Barrier(2, timeout=30)

    def run():
        try:
            together.wait()
            call_command("seed", stdout=StringIO())
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(run) for _ in range(2)]:
            done.result()
    assert Topic.objects.count() == len(dict(read_catalogue(CATALOGUE)))
    assert dict(TopicTag.objects.values_list("pk", "content")) == TOPIC_TAGS
    assert SeededItem.objects.filter(collection="topics").count() == Topic.objects.count()
