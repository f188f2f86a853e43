"""/admin/topics/topic/…/history/ and restore/: who changed what and when, and the way back"""

from io import StringIO

import pytest
from django.core.management import call_command

from tests.factories import TopicDetailFactory, TopicFactory, TopicTagFactory
from tests.topics.conftest import form_of, page
from tokpik import history, history_pages
from topics.history_admin import selections
from topics.models import Topic, TopicDetail

pytestmark = pytest.mark.django_db(transaction=True)  # each edit a transaction of its own: they are told apart by it


@pytest.fixture
def topic(transactional_db):
    return TopicDetailFactory(topic__title="처음 제목", title="처음 상세").topic


def edits_of(topic_id):
    return history.edits(*selections(topic_id))


def lines_of(edit):
    return history_pages.lines_of(edit, Topic)


def lines(topic):
    return [lines_of(edit) for edit in edits_of(topic.pk)]


def test_every_field_is_kept_with_who_when_and_where(staff, topic):
    staff.post(page("change", topic.pk), form_of(topic, title="새 제목", moods="편안한, 유쾌한"))
    [edit] = edits_of(topic.pk)
    assert (edit.who, edit.url) == ("curator", page("change", topic.pk))
    assert sorted(lines_of(edit)) == [("분위기", "–", "편안한, 유쾌한"), ("제목", "처음 제목", "새 제목")]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("옛 글", "새 글", ("옛 글", "새 글")),
        (
            "가" * 400 + "옛" + "나" * 400,
            "가" * 400 + "새로운" + "나" * 400,
            ("…" + "가" * 60 + "옛" + "나" * 60 + "…", "…" + "가" * 60 + "새로운" + "나" * 60 + "…"),
        ),
        ("가" * 400, "가" * 399 + "다", ("…" + "가" * 61, "…" + "가" * 60 + "다")),
        ("가" * 400, "가" * 500, ("…" + "가" * 60, "…" + "가" * 160)),
        ("가" * 400, "나" * 400, ("가" * 400, "나" * 400)),
    ],
)
def test_of_long_texts_a_history_shows_where_they_differ(before, after, shown):
    assert history_pages.where_they_differ(before, after) == shown


def test_a_save_without_a_change_leaves_no_trace(staff, topic):
    staff.post(page("change", topic.pk), form_of(topic))
    assert edits_of(topic.pk) == []


def test_bulk_changes_are_kept_too(staff, topic):
    other = TopicFactory()
    staff.post("/admin/topics/topic/bulk/", {"what": "hide", "topics": f"{topic.pk},{other.pk}"})
    for each in (topic, other):
        [edit] = edits_of(each.pk)
        assert (edit.who, lines_of(edit)) == ("curator", [("상태", "게시", "숨김")])
    Topic.objects.update(title="한꺼번에")
    newest = edits_of(topic.pk)[0]
    assert (newest.who, lines_of(newest)) == (None, [("제목", "처음 제목", "한꺼번에")])


def test_details_that_are_added_changed_and_deleted_are_kept(staff, topic):
    [detail] = topic.details.all()
    added = {"details-TOTAL_FORMS": 2, "details-1-topic": topic.pk, "details-1-position": 2}
    added |= {"details-1-title": "둘째", "details-1-content": "둘째 내용"}
    staff.post(page("change", topic.pk), form_of(topic, **added, **{"details-0-content": "고친 내용"}))
    [first] = lines(topic)
    assert ("상세 ‘처음 상세’ 내용", detail.content, "고친 내용") in first
    assert ("상세 ‘둘째’", "–", "만듦") in first
    staff.post(page("change", topic.pk), form_of(topic, **{"details-0-DELETE": "on"}))
    assert lines(topic)[0] == [("상세 ‘처음 상세’", "있음", "지움")]


def test_a_topic_that_staff_make_begins_its_history(staff, topic):
    form = form_of(topic) | {"title": "직원이 만든 주제", "details-TOTAL_FORMS": 0, "details-INITIAL_FORMS": 0}
    staff.post(page("add"), form)
    [edit] = edits_of(Topic.objects.get(title="직원이 만든 주제").pk)
    assert (edit.who, lines_of(edit)) == ("curator", [("주제", "–", "만듦")])


def restore(staff, topic, edit, version=None):
    query = {"at": edit.at.isoformat()}
    shown = staff.get(page("restore", topic.pk), query)
    return shown, staff.post(
        page("restore", topic.pk), query | {"version": version or shown.context["version"]}, follow=True
    )


def test_a_topic_goes_back_to_any_earlier_version_with_its_details(staff, topic):
    [detail] = topic.details.all()
    staff.post(page("change", topic.pk), form_of(topic, title="둘째 제목", **{"details-0-DELETE": "on"}))
    topic.refresh_from_db()
    staff.post(page("change", topic.pk), form_of(topic, title="셋째 제목", status="hidden"))
    _, oldest = edits_of(topic.pk)
    shown, _ = restore(staff, topic, oldest)
    assert "처음 상세" in shown.content.decode()
    topic.refresh_from_db()
    assert (topic.title, topic.status) == ("처음 제목", "published")
    assert list(topic.details.values_list("pk", "title", "content")) == [(detail.pk, "처음 상세", detail.content)]
    # And back again.
    newest = edits_of(topic.pk)[0]
    restore(staff, topic, newest)
    topic.refresh_from_db()
    assert (topic.title, topic.status, topic.details.count()) == ("셋째 제목", "hidden", 0)


def test_what_was_added_since_goes(staff, topic):
    staff.post(page("change", topic.pk), form_of(topic, **added_detail(topic)))
    assert topic.details.count() == 2
    restore(staff, topic, edits_of(topic.pk)[0])
    assert [detail.title for detail in topic.details.all()] == ["처음 상세"]


def added_detail(topic):
    new = {"details-TOTAL_FORMS": 2, "details-1-topic": topic.pk, "details-1-position": 2}
    return new | {"details-1-title": "둘째", "details-1-content": "둘째 내용"}


def test_a_way_back_that_is_not_based_on_the_newest_version_is_refused(staff, topic):
    Topic.objects.update(title="둘째 제목")
    [edit] = edits_of(topic.pk)
    _, answer = restore(staff, topic, edit, version="0" * 64)
    assert "그사이 다른 사람이" in answer.content.decode()
    assert Topic.objects.get().title == "둘째 제목"


def test_a_tag_of_that_time_that_is_gone_is_said(staff, topic):
    old, new = topic.topic_tag, TopicTagFactory(content="인간관계")
    Topic.objects.update(topic_tag=new)
    old.delete()
    _, answer = restore(staff, topic, edits_of(topic.pk)[0])
    assert "그때의 태그나 상황이 지워져" in answer.content.decode()
    assert Topic.objects.get().topic_tag == new


def test_before_it_was_made_there_is_no_way_back(staff, topic):
    staff.post(page("add"), form_of(topic) | {"title": "새것", "details-TOTAL_FORMS": 0, "details-INITIAL_FORMS": 0})
    made = Topic.objects.get(title="새것")
    [edit] = edits_of(made.pk)
    answer = staff.get(page("restore", made.pk), {"at": edit.at.isoformat()}, follow=True)
    assert "그때는 아직 없던 주제입니다" in answer.content.decode()


@pytest.mark.parametrize("at", ["", "x", "2026-01-01", "2026-13-01T00:00:00+09:00", "2026-01-01T00:00:00"])
def test_a_moment_that_is_none_is_no_page(staff, topic, at):
    assert staff.get(page("restore", topic.pk), {"at": at}).status_code == 404


def test_the_history_page_opens(staff, topic):
    Topic.objects.update(title="둘째 제목")
    content = staff.get(page("history", topic.pk)).content.decode()
    assert "처음 제목" in content
    assert "이 변경 전으로 되돌리기" in content


def test_seeding_leaves_no_history(transactional_db):
    call_command("seed", stdout=StringIO())
    assert Topic.objects.exists()
    for model in (Topic, TopicDetail):
        assert not model.events.rel.related_model.objects.exists()
