"""/admin/topics/topic/review/: drafts, one after another"""

import pytest

from tests.factories import TopicDetailFactory, TopicFactory
from tests.topics.conftest import form_of, page
from topics.models import Topic

REVIEW = "/admin/topics/topic/review/"


@pytest.fixture
def drafts(db):
    TopicFactory()
    return [TopicDetailFactory(topic__status="draft").topic for _ in range(3)]


def shown(answer):
    assert answer.status_code == 200
    return answer.context["draft"]


def decide(staff, topic, decision, **form):
    version = staff.get(REVIEW, {"after": topic.pk - 1}).context["version"]
    form = {"after": topic.pk - 1, "topic": topic.pk, "version": version, decision: "1"} | form
    return staff.post(REVIEW, form, follow=True)


def status(topic):
    return Topic.objects.get(pk=topic.pk).status


def test_the_oldest_draft_comes_first_and_a_decision_brings_the_next(staff, drafts):
    assert shown(staff.get(REVIEW)) == drafts[0]
    assert shown(decide(staff, drafts[0], "publish")) == drafts[1]
    assert shown(decide(staff, drafts[1], "hide")) == drafts[2]
    assert [status(topic) for topic in drafts] == ["published", "hidden", "draft"]


def test_a_draft_that_was_passed_over_comes_again_at_the_end(staff, drafts):
    answer = staff.get(REVIEW, {"after": drafts[2].pk})
    assert shown(answer) is None
    assert "넘긴 초안이 남아 있습니다" in answer.content.decode()


def test_without_drafts_the_queue_says_so(staff, db):
    assert "기다리는 초안이 없습니다" in staff.get(REVIEW).content.decode()


def test_decisions_are_taken_back_one_by_one(staff, drafts):
    decide(staff, drafts[0], "publish")
    decide(staff, drafts[1], "hide")
    assert shown(staff.post(REVIEW, {"undo": "1", "after": drafts[1].pk}, follow=True)) == drafts[1]
    assert shown(staff.post(REVIEW, {"undo": "1", "after": drafts[1].pk}, follow=True)) == drafts[0]
    assert [status(topic) for topic in drafts] == ["draft"] * 3
    assert staff.post(REVIEW, {"undo": "1"}, follow=True).status_code == 200


def test_a_decision_that_somebody_has_written_over_is_not_taken_back(staff, drafts):
    decide(staff, drafts[0], "publish")
    Topic.objects.filter(pk=drafts[0].pk).update(title="그사이 고침")
    answer = staff.post(REVIEW, {"undo": "1"}, follow=True)
    assert "그사이 다른 사람이" in answer.content.decode()
    assert status(drafts[0]) == "published"


def test_a_draft_that_changed_while_it_was_looked_at_is_shown_again(staff, drafts):
    answer = decide(staff, drafts[0], "publish", version="0" * 64)
    assert "그사이 다른 사람이" in answer.content.decode()
    assert shown(answer) == drafts[0]
    assert status(drafts[0]) == "draft"


@pytest.mark.parametrize(
    "form", [{}, {"publish": "1"}, {"publish": "1", "topic": "x"}, {"publish": "1", "topic": 9**9}]
)
def test_nonsense_decides_nothing(staff, drafts, form):
    assert shown(staff.post(REVIEW, form, follow=True)) == drafts[0]
    assert shown(staff.get(REVIEW, {"after": "x"})) == drafts[0]


def test_near_duplicates_stand_beside_it(staff, drafts):
    Topic.objects.filter(pk=drafts[0].pk).update(title="비 오는 날 듣는 노래")
    twin = TopicFactory(title="비오는 날 듣는 노래")
    assert [found.pk for found in staff.get(REVIEW).context["twins"]] == [twin.pk]


def test_who_edits_a_draft_comes_back_to_the_queue(staff, drafts):
    answer = staff.post(page("change", drafts[0].pk) + "?review=1", form_of(drafts[0], title="고친 제목"))
    assert answer["Location"] == f"{REVIEW}?after={drafts[0].pk - 1}"


def test_the_queue_takes_few_statements(staff, drafts, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        staff.get(REVIEW)


def test_who_may_not_change_topics_may_not_review(drafts):
    from django.test import Client

    from accounts.models import User

    client = Client()
    client.force_login(User.objects.create_staff(username="viewer", password="x"))
    assert client.get(REVIEW).status_code == 403
    assert client.post(REVIEW, {"publish": "1", "topic": drafts[0].pk}).status_code == 403
