"""What raises a correction: every way in which rows are written, and what it tells cached answers."""

import random
from collections import Counter
from contextlib import ExitStack
from threading import Event
from types import SimpleNamespace

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import Policy, Term, TermSection, User
from tests.accounts.racing import behind_my_locks, in_a_connection_of_its_own, race
from tests.factories import (
    PlaceTagFactory,
    SituationFactory,
    TopicDetailFactory,
    TopicFactory,
    TopicTagFactory,
    UserFactory,
)
from tests.topics.conftest import form_of
from topics import corrections
from topics.models import Correction, PlaceTag, Situation, Topic, TopicDetail, TopicTag

DRAFT, PUBLISHED, HIDDEN = Topic.Status.DRAFT, Topic.Status.PUBLISHED, Topic.Status.HIDDEN


def corrected():
    """The pairs, with a * for any."""
    names = {"사랑과 연애": "love", "인간관계": "people", "집": "home", "카페": "cafe"}
    tags = {tag.pk: names.get(tag.content, tag.content) for tag in TopicTag.objects.all()} | {None: "*"}
    places = {tag.pk: names.get(tag.content, tag.content) for tag in PlaceTag.objects.all()} | {None: "*"}
    raised = Counter()
    for row in Correction.objects.all():
        pair = (row.topic_tag, row.place_tag)
        name = "lists" if pair == corrections.LISTS else f"{tags[pair[0]]} × {places[pair[1]]}"
        raised[name] += row.raised
    return raised


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def copy_in(statement, *rows):
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


@pytest.fixture
def c(db):
    """Two published topics of different pairs, a draft and a hidden one, each with a detail; and nothing corrected."""
    love, people = TopicTagFactory(content="사랑과 연애"), TopicTagFactory(content="인간관계")
    home, cafe = PlaceTagFactory(content="집"), PlaceTagFactory(content="카페")
    anyone, friends = SituationFactory(text=""), SituationFactory(text="친구")
    shown = TopicFactory(topic_tag=love, place_tag=home, situation=anyone)
    other = TopicFactory(topic_tag=people, place_tag=cafe, situation=anyone)
    draft, hidden = (
        TopicFactory(topic_tag=love, place_tag=home, situation=anyone, status=status, made_for=UserFactory())
        for status in (DRAFT, HIDDEN)
    )
    details = [TopicDetailFactory(topic=topic) for topic in (shown, other, draft, hidden)]
    term = Term.objects.create(title="이용약관")
    section = TermSection.objects.create(term=term, main_category="1", sub_category="1", content="내용")
    policy = Policy.objects.create(title="1. 목적", content="내용")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    Correction.objects.all().delete()
    return SimpleNamespace(**{name: value for name, value in locals().items() if name not in ("cursor", "db")})


def saved(row, **fields):
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


def saved_in_bulk(rows, **fields):
    for row in rows:
        for name, value in fields.items():
            setattr(row, name, value)
    type(rows[0]).objects.bulk_update(rows, fields)


def a_topic(c, **fields):
    given = {"title": "새 제목", "subtitle": "새 부제", "situation": c.anyone, "status": PUBLISHED}
    return Topic(**given | {"topic_tag": c.love, "place_tag": c.home} | fields)


def upserted(c, *topics, fields=("title",)):
    Topic.objects.bulk_create(topics, update_conflicts=True, unique_fields=["id"], update_fields=fields)


def staff():
    client = Client()
    client.force_login(User.objects.create_staff(username="staff", password="x", is_superuser=True))
    return client


def sent(topic, detail, **fields):
    form = form_of(topic, **fields)
    assert staff().post(f"/admin/topics/topic/{topic.pk}/change/", form).status_code == 302


def deleted_by_action(*topics):
    form = {"action": "delete_selected", "_selected_action": [topic.pk for topic in topics], "post": "yes"}
    assert staff().post("/admin/topics/topic/", form).status_code == 302


def all_of(c):
    return Topic.objects.all()


INSERT_DETAIL = "INSERT INTO topics_topicdetail (topic_id, position, title, content) VALUES (%s, 9, 'a', 'b')"
MERGE = """
MERGE INTO topics_topic USING (VALUES (%s::bigint, 'x'), (%s, NULL)) AS given (id, title)
ON topics_topic.id = given.id
WHEN MATCHED AND given.title IS NULL THEN DELETE
WHEN MATCHED THEN UPDATE SET title = given.title
"""
COPY_TOPICS = (
    "COPY topics_topic (title, subtitle, situation_id, purposes, moods, topic_tag_id, place_tag_id, status, source,"
    " created_at, updated_at) FROM STDIN"
)
COPY_DETAILS = "COPY topics_topicdetail (topic_id, position, title, content) FROM STDIN"
NOW = "2027-03-14 12:00+09"

# How it is written, and what that corrects; `love × home` is the pair of `shown`, `draft` and `hidden`.
TOPICS = {
    "saved with another title": (lambda c: saved(c.shown, title="새 제목"), "love × home"),
    "saved with another subtitle": (lambda c: saved(c.shown, subtitle="새 부제"), "love × home"),
    "saved with another situation": (lambda c: saved(c.shown, situation=c.friends), "love × home"),
    "saved with another gender": (lambda c: saved(c.shown, partner_gender="male"), "love × home"),
    "saved with a lower age": (lambda c: saved(c.shown, partner_age_lower=20), "love × home"),
    "saved with an upper age": (lambda c: saved(c.shown, partner_age_upper=30), "love × home"),
    "saved as it was": (lambda c: c.shown.save(), ""),
    "saved with other labels only": (lambda c: saved(c.shown, purposes=["친목"], moods=["편안한"]), ""),
    "saved with another source": (lambda c: saved(c.shown, source="generated"), ""),
    "moved to another pair": (
        lambda c: saved(c.shown, topic_tag=c.people, place_tag=c.cafe),
        "love × home, people × cafe",
    ),
    "moved to another place": (lambda c: saved(c.shown, place_tag=c.cafe), "love × home, love × cafe"),
    "hidden": (lambda c: c.shown.hide(), "love × home"),
    "made a draft": (lambda c: saved(c.shown, status=DRAFT), "love × home"),
    "hidden and moved at once": (
        lambda c: saved(c.shown, status=HIDDEN, place_tag=c.cafe),
        "love × home, love × cafe",
    ),
    "published": (lambda c: c.draft.publish(), ""),
    "published again": (lambda c: c.hidden.publish(), ""),
    "published under another title": (lambda c: saved(c.draft, title="새 제목", status=PUBLISHED), ""),
    "a draft changed": (lambda c: saved(c.draft, title="새 제목", place_tag=c.cafe), ""),
    "a hidden one changed": (lambda c: saved(c.hidden, title="새 제목"), ""),
    "created": (lambda c: TopicFactory(topic_tag=c.love, place_tag=c.home, situation=c.anyone), ""),
    "created in bulk": (lambda c: Topic.objects.bulk_create([a_topic(c), a_topic(c)]), ""),
    "updated": (lambda c: Topic.objects.filter(pk=c.shown.pk).update(title="새 제목"), "love × home"),
    "updated, all of them": (lambda c: all_of(c).update(title="새 제목"), "love × home, people × cafe"),
    "updated, none of them": (lambda c: Topic.objects.filter(pk=0).update(title="새 제목"), ""),
    "updated to what they were": (lambda c: Topic.objects.filter(pk=c.shown.pk).update(title=c.shown.title), ""),
    "only their time updated": (lambda c: all_of(c).update(updated_at=NOW), ""),
    "their owners updated": (lambda c: all_of(c).update(made_for=None), ""),
    "moved in bulk": (
        lambda c: all_of(c).update(topic_tag=c.people),
        "love × home, people × home",
    ),
    "hidden in bulk": (lambda c: all_of(c).update(status=HIDDEN), "love × home, people × cafe"),
    "published in bulk": (lambda c: all_of(c).update(status=PUBLISHED), ""),
    "a hundred of one pair, once": (
        lambda c: (Topic.objects.bulk_create([a_topic(c) for _ in range(100)]), all_of(c).update(subtitle="새 부제")),
        "love × home, people × cafe",
    ),
    "bulk_update": (lambda c: saved_in_bulk([c.shown, c.other, c.draft], title="새"), "love × home, people × cafe"),
    "bulk_update of drafts": (lambda c: saved_in_bulk([c.draft, c.hidden], title="새 제목"), ""),
    "bulk_update to what it was": (lambda c: saved_in_bulk([c.shown], title=c.shown.title), ""),
    "upserted, one there and one not": (
        lambda c: upserted(c, a_topic(c, pk=c.shown.pk), a_topic(c, pk=10**9)),
        "love × home",
    ),
    "upserted, a draft": (lambda c: upserted(c, a_topic(c, pk=c.draft.pk)), ""),
    "upserted, what it was": (lambda c: upserted(c, a_topic(c, pk=c.shown.pk, title=c.shown.title)), ""),
    "upserted, moved": (
        lambda c: upserted(c, a_topic(c, pk=c.shown.pk, place_tag=c.cafe), fields=["place_tag"]),
        "love × home, love × cafe",
    ),
    "deleted, with its detail": (lambda c: c.shown.delete(), "love × home, love × home"),
    "deleted in bulk": (
        lambda c: all_of(c).delete(),
        "love × home, love × home, people × cafe, people × cafe",
    ),
    "a draft deleted": (lambda c: c.draft.delete(), ""),
    "a hidden one deleted": (lambda c: c.hidden.delete(), ""),
    "SQL: updated": (lambda c: sql("UPDATE topics_topic SET title = 'x'"), "love × home, people × cafe"),
    "SQL: its number changed": (
        lambda c: sql("UPDATE topics_topic SET id = 10^9 WHERE id = %s", TopicFactory(tag="인간관계").pk),
        "people × home",
    ),
    "SQL: hidden in a CTE": (
        lambda c: sql(
            "WITH gone AS (UPDATE topics_topic SET status = 'hidden' WHERE id = %s RETURNING id) SELECT * FROM gone",
            c.other.pk,
        ),
        "people × cafe",
    ),
    "SQL: inserted": (
        lambda c: sql(
            "INSERT INTO topics_topic (title, subtitle, situation_id, purposes, moods, topic_tag_id, place_tag_id,"
            " status, source, created_at, updated_at) SELECT title, subtitle, situation_id, purposes, moods,"
            " topic_tag_id, place_tag_id, status, source, created_at, updated_at FROM topics_topic"
        ),
        "",
    ),
    "SQL: merged, one updated and one deleted": (
        lambda c: sql(MERGE, c.other.pk, TopicFactory(topic_tag=c.love, place_tag=c.cafe, situation=c.anyone).pk),
        "people × cafe, love × cafe",
    ),
    "SQL: truncated, and with them their details": (
        lambda c: sql("TRUNCATE topics_topic CASCADE"),
        "* × *, * × *",
    ),
    "SQL: as who sets no search path": (
        lambda c: sql(
            "SELECT set_config('search_path', '', true);"
            "UPDATE public.topics_topic SET title = 'x';"
            "SELECT set_config('search_path', 'public', true)"
        ),
        "love × home, people × cafe",
    ),
    "copied in": (
        lambda c: copy_in(
            COPY_TOPICS,
            ("a", "b", c.anyone.pk, [], [], c.love.pk, c.home.pk, "published", "curated", NOW, NOW),
        ),
        "",
    ),
    "in the console: another title": (
        lambda c: sent(c.shown, c.details[0], title="새 제목"),
        "love × home",
    ),
    "in the console: sent as it was": (lambda c: sent(c.shown, c.details[0]), ""),
    "in the console: title and detail": (
        lambda c: sent(c.shown, c.details[0], **{"title": "새 제목", "details-0-content": "새 내용"}),
        "love × home, love × home",
    ),
    "in the console: a detail deleted": (
        lambda c: sent(c.shown, c.details[0], **{"details-0-DELETE": "on"}),
        "love × home",
    ),
    "in the console: a detail added": (
        lambda c: sent(
            c.shown,
            c.details[0],
            **{"details-TOTAL_FORMS": 2, "details-1-topic": c.shown.pk, "details-1-title": "a"},
            **{"details-1-content": "b"},
        ),
        "love × home",
    ),
    "in the console: moved and hidden": (
        lambda c: sent(c.shown, c.details[0], status=HIDDEN, topic_tag=c.people.pk),
        "love × home, people × home",
    ),
    "in the console: published, with another detail": (
        lambda c: sent(c.draft, c.details[2], **{"status": PUBLISHED, "details-0-content": "새 내용"}),
        "love × home",
    ),
    "in the console: a draft": (lambda c: sent(c.draft, c.details[2], **{"details-0-content": "새 내용"}), ""),
    "in the console: deleted by its action": (
        lambda c: deleted_by_action(c.shown, c.other, c.draft),
        "love × home, love × home, people × cafe, people × cafe",
    ),
    "their owner deleted": (lambda c: User.objects.all().delete(), ""),
}
DETAILS = {
    "added": (lambda c: TopicDetailFactory(topic=c.shown), "love × home"),
    "added to a draft": (lambda c: TopicDetailFactory(topic=c.draft), ""),
    "added to a hidden one": (lambda c: TopicDetailFactory(topic=c.hidden), ""),
    "added in bulk": (
        lambda c: TopicDetail.objects.bulk_create(
            [TopicDetail(topic=t, title="a", content="b", position=9) for t in (c.shown, c.shown, c.other, c.draft)]
        ),
        "love × home, people × cafe",
    ),
    "copied in": (
        lambda c: copy_in(COPY_DETAILS, (c.shown.pk, 9, "a", "b"), (c.draft.pk, 9, "a", "b")),
        "love × home",
    ),
    "SQL: added": (lambda c: sql(INSERT_DETAIL, c.other.pk), "people × cafe"),
    "changed": (lambda c: saved(c.details[0], content="새 내용"), "love × home"),
    "in another order": (lambda c: saved(c.details[0], position=7), "love × home"),
    "saved as they were": (lambda c: c.details[0].save(), ""),
    "of a draft changed": (lambda c: saved(c.details[2], content="새 내용"), ""),
    "of a hidden one changed": (lambda c: saved(c.details[3], content="새 내용"), ""),
    "changed in bulk": (lambda c: TopicDetail.objects.update(content="새 내용"), "love × home, people × cafe"),
    "bulk_update": (lambda c: saved_in_bulk(c.details, content="새 내용"), "love × home, people × cafe"),
    "given to another topic": (lambda c: saved(c.details[0], topic=c.other), "love × home, people × cafe"),
    "given to a draft": (lambda c: saved(c.details[0], topic=c.draft), "love × home"),
    "given to a published one": (lambda c: saved(c.details[2], topic=c.other), "people × cafe"),
    "upserted": (
        lambda c: TopicDetail.objects.bulk_create(
            [TopicDetail(pk=c.details[1].pk, topic=c.other, title="새", content="새", position=1)],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["title"],
        ),
        "people × cafe",
    ),
    "deleted": (lambda c: c.details[0].delete(), "love × home"),
    "of a draft deleted": (lambda c: c.details[2].delete(), ""),
    "deleted in bulk": (lambda c: TopicDetail.objects.all().delete(), "love × home, people × cafe"),
    "SQL: truncated": (lambda c: sql("TRUNCATE topics_topicdetail"), "* × *"),
}
TAGS = {
    "a topic tag renamed": (lambda c: saved(c.love, content="사랑"), "사랑 × *, lists"),
    "a place tag renamed": (lambda c: saved(c.home, content="우리 집"), "* × 우리 집, lists"),
    "tags in another order": (lambda c: saved(c.love, position=9), "lists"),
    "a topic tag added": (lambda c: TopicTag.objects.create(content="새 태그"), "lists"),
    "a place tag added": (lambda c: PlaceTag.objects.create(content="새 장소"), "lists"),
    "tags added in bulk": (lambda c: TopicTag.objects.bulk_create([TopicTag(content=x) for x in "ab"]), "lists"),
    "a tag deleted": (lambda c: TopicTag.objects.create(content="새 태그").delete(), "lists, lists"),
    "all renamed at once": (
        lambda c: sql("UPDATE topics_topictag SET content = content || '!'"),
        "사랑과 연애! × *, 인간관계! × *, lists",
    ),
    # Of lists each statement counts.
    "saved as they were": (lambda c: c.love.save(), "lists"),
    "SQL: truncated, and with them topics and details": (
        lambda c: sql("TRUNCATE topics_placetag CASCADE"),
        "* × *, * × *, * × *",
    ),
    "a situation's text changed": (lambda c: saved(c.friends, text="오랜 친구"), "* × *"),
    "situations changed in bulk": (lambda c: sql("UPDATE topics_situation SET text = text || '!'"), "* × *"),
    "a situation saved as it was": (lambda c: c.friends.save(), ""),
    "a situation added": (lambda c: Situation.objects.create(text="새 상황"), ""),
    "a situation that nothing has deleted": (lambda c: c.friends.delete(), ""),
}
TEXTS = {
    "a term added": (lambda c: Term.objects.create(title="새 약관"), "lists"),
    "a term changed": (lambda c: saved(c.term, title="새 이름"), "lists"),
    "a term deleted, with its section": (lambda c: c.term.delete(), "lists, lists"),
    "a section added": (
        lambda c: TermSection.objects.create(term=c.term, main_category="2", sub_category="1", content="내용"),
        "lists",
    ),
    "a section changed": (lambda c: saved(c.section, content="새 내용"), "lists"),
    "sections changed in bulk": (lambda c: TermSection.objects.update(content="새 내용"), "lists"),
    "a section deleted": (lambda c: c.section.delete(), "lists"),
    "a policy added": (lambda c: Policy.objects.create(title="2. 항목", content="내용"), "lists"),
    "a policy changed": (lambda c: saved(c.policy, content="새 내용"), "lists"),
    "a policy deleted": (lambda c: c.policy.delete(), "lists"),
    "SQL: terms truncated, and with them sections": (lambda c: sql("TRUNCATE accounts_term CASCADE"), "lists, lists"),
    "SQL: policies truncated": (lambda c: sql("TRUNCATE accounts_policy"), "lists"),
}
WRITTEN = {"topics": TOPICS, "details": DETAILS, "tags": TAGS, "texts": TEXTS}


@pytest.mark.parametrize(("kind", "how"), [(kind, how) for kind, ways in WRITTEN.items() for how in ways])
def test_each_way_to_write_corrects_just_what_it_changed(c, kind, how):
    write, pairs = WRITTEN[kind][how]
    write(c)
    assert corrected() == Counter(pairs.split(", ") if pairs else [])


def test_what_is_rolled_back_corrects_nothing(c):
    with transaction.atomic():
        c.shown.hide()
        transaction.set_rollback(True)
    assert corrected() == Counter()


# --- Revisions -----------------------------------------------------------------------------------------------------


def revisions(*pairs):
    """As the worker's reading has them, which must be as a fill has them."""
    corrections.take(read_part(), True)
    known = [corrections.revision_of(*pair) for pair in pairs]
    with connection.cursor() as cursor:
        for pair, revision in zip(pairs, known, strict=True):
            cursor.execute("SELECT " + corrections.REVISION.format(topic_tag=pair[0], place_tag=pair[1]))
            assert cursor.fetchone()[0] == revision
    return known


def read_part():
    with connection.cursor() as cursor:
        cursor.execute(corrections.part().sql)
        return cursor.fetchone()[0]


def test_a_row_without_a_tag_counts_for_all_its_pairs(db):
    pairs = [(1, 1), (1, 2), (2, 1), (2, 2), corrections.LISTS, corrections.FLAGS]
    for row, raised in [
        ((1, 1), [1, 0, 0, 0, 0, 0]),
        ((1, None), [1, 1, 0, 0, 0, 0]),
        ((None, 1), [1, 0, 1, 0, 0, 0]),
        ((None, None), [1, 1, 1, 1, 1, 1]),
        (corrections.LISTS, [0, 0, 0, 0, 1, 0]),
        (corrections.FLAGS, [0, 0, 0, 0, 0, 1]),
    ]:
        before = revisions(*pairs)
        Correction.objects.create(topic_tag=row[0], place_tag=row[1])
        after = revisions(*pairs)
        assert [now - then for now, then in zip(after, before, strict=True)] == raised


def test_folding_changes_no_revision_and_leaves_a_row_a_pair(db):
    pairs = [(1, 1), (1, 2), (2, 2)]
    Correction.objects.all().delete()
    for topic_tag, place_tag in [(1, 1), (1, 1), (1, 2), (1, None), (1, None), (None, None), (None, None), (None, 2)]:
        Correction.objects.create(topic_tag=topic_tag, place_tag=place_tag)
    before = revisions(*pairs)
    assert corrections.fold() is False
    assert revisions(*pairs) == before == [6, 6, 3]
    assert Correction.objects.count() == 5
    left = set(Correction.objects.values_list("pk", flat=True))
    corrections.fold()
    assert set(Correction.objects.values_list("pk", flat=True)) == left, "nothing to add up: no row is touched"


@pytest.mark.django_db(transaction=True)
def test_folding_beside_writers_loses_nothing_and_is_never_seen_half_done():
    """Two fold, three write, one reads: its sums only grow."""
    topics = [TopicFactory(tag=tag, place=place) for tag in ("가", "나") for place in ("집", "카페")]
    Correction.objects.all().delete()
    writing, each = [0] * 3, 60

    def write(number):
        luck = random.Random(number)
        for turn in range(each):
            with transaction.atomic():
                for topic in luck.sample(topics, 1):
                    Topic.objects.filter(pk=topic.pk).update(title=f"{number} {turn}")
        writing[number] = 1

    def until_written(step):
        while not all(writing):
            step()
        return True

    def sums():
        return sum(raised for _, _, raised in read_part() or ())

    seen = []
    race(
        *[lambda number=number: write(number) for number in range(3)],
        *[lambda: until_written(corrections.fold)] * 2,
        lambda: until_written(lambda: seen.append(sums())),
    )
    assert seen == sorted(seen)
    assert sums() == 3 * each
    corrections.fold()
    assert sums() == 3 * each
    assert Correction.objects.count() == len(topics)


@pytest.mark.django_db(transaction=True)
def test_two_bulk_edits_that_cross_wait_for_nobody():
    """Each corrects the other's pairs, in the other order, before either commits; folding waits for neither."""
    places = ["집", "카페"]
    topics = {who: [TopicFactory(place=place) for place in places] for who in ("one", "other")}
    for pair in topics.values():
        for topic in pair:
            TopicDetailFactory(topic=topic)
    Correction.objects.all().delete()
    half = {"one": Event(), "other": Event()}

    def edit(mine, others, order):
        with transaction.atomic():
            for turn, place in enumerate(order):
                Topic.objects.filter(pk=topics[mine][place].pk).update(title="새 제목")
                TopicDetail.objects.filter(topic=topics[mine][place]).update(content="새 내용")
                if turn == 0:
                    half[mine].set()
                    assert half[others].wait(60)
            corrections.fold()

    race(lambda: edit("one", "other", [0, 1]), lambda: edit("other", "one", [1, 0]))
    assert sorted(corrected().values()) == [4, 4]


@pytest.mark.django_db(transaction=True)
def test_an_open_import_holds_up_no_editor():
    imported, edited = TopicFactory(), TopicFactory()
    Correction.objects.all().delete()
    with transaction.atomic():
        Topic.objects.filter(pk=imported.pk).update(title="들여온 제목")
        [_] = race(lambda: in_a_connection_of_its_own(lambda: saved(edited, title="고친 제목")))
    assert corrected() == Counter({"love × home": 2})


LATE_DETAILS = {
    "added": lambda detail: TopicDetailFactory(topic=detail.topic),
    "changed": lambda detail: saved(detail, content="새 내용"),
    "deleted": lambda detail: detail.delete(),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", LATE_DETAILS)
def test_a_detail_waits_for_its_topic_to_be_published_and_corrects(how):
    """It would be read as a draft's, and whoever cached the topic a moment later would keep it as it was."""
    detail = TopicDetailFactory(topic__status=DRAFT)
    Correction.objects.all().delete()
    with ExitStack() as waiting:
        with transaction.atomic():
            Topic.objects.get(pk=detail.topic_id).publish()
            written = waiting.enter_context(behind_my_locks(lambda: LATE_DETAILS[how](detail)))
        written.result(60)
    assert corrected() == Counter({"love × home": 1})


@pytest.mark.django_db(transaction=True)
def test_two_edit_details_of_one_topic_side_by_side():
    topic = TopicFactory()
    details = [TopicDetailFactory(topic=topic) for _ in range(2)]
    Correction.objects.all().delete()
    with transaction.atomic():
        saved(details[0], content="하나")
        race(lambda: saved(details[1], content="둘"))
    assert corrected() == Counter({"love × home": 2})
