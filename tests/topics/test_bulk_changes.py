"""/admin/topics/topic/bulk/: many topics at once, after a page that says what will happen"""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from tests.factories import PlaceTagFactory, ScrapTopicFactory, TopicFactory, TopicTagFactory
from topics import bulk_admin, curating
from topics.models import Topic

LIST, BULK = "/admin/topics/topic/", "/admin/topics/topic/bulk/"


@pytest.fixture
def topics(db):
    scraped = ScrapTopicFactory().topic
    return [TopicFactory(status="draft"), TopicFactory(status="hidden"), scraped]


def asked(staff, action, topics):
    answer = staff.post(LIST, {"action": f"{action}_selected", "_selected_action": [topic.pk for topic in topics]})
    return answer.content.decode()


def statuses(topics):
    by_id = dict(Topic.objects.values_list("pk", "status"))
    return [by_id[topic.pk] for topic in topics]


def ids(topics):
    return ",".join(str(topic.pk) for topic in topics)


def test_the_page_says_what_will_happen_and_nothing_happens_yet(staff, topics):
    content = asked(staff, "publish", topics)
    assert "초안 1개와 숨긴 주제 1개가 게시되어" in content
    assert "이미 게시된 1개는 그대로" in content
    content = asked(staff, "hide", topics)
    assert "1개는 사용자의 폴더에 담겨 있습니다" in content
    assert "태그가 바뀝니다" in asked(staff, "move", topics)
    assert statuses(topics) == ["draft", "hidden", "published"]


def test_they_are_published(staff, topics):
    answer = staff.post(BULK + "?status__exact=draft", {"what": "publish", "topics": ids(topics)}, follow=True)
    assert "주제 2개를 게시했습니다" in answer.content.decode()
    assert answer.request["QUERY_STRING"] == "status__exact=draft"
    assert statuses(topics) == ["published"] * 3


def test_they_are_hidden_and_gone_from_the_app(staff, client, topics):
    staff.post(BULK, {"what": "hide", "topics": ids(topics)})
    assert statuses(topics) == ["hidden"] * 3
    assert client.get(f"/topics/{topics[2].pk}/details").status_code == 404


def test_they_are_moved_to_the_tags_that_are_given(staff, topics):
    tag, place = TopicTagFactory(content="인간관계"), PlaceTagFactory(content="카페")
    staff.post(BULK, {"what": "move", "topics": ids(topics[:2]), "topic_tag": tag.pk})
    assert list(Topic.objects.filter(topic_tag=tag).order_by("pk")) == sorted(topics[:2], key=lambda topic: topic.pk)
    assert not Topic.objects.filter(place_tag=place).exists()
    staff.post(BULK, {"what": "move", "topics": ids(topics), "place_tag": place.pk})
    assert Topic.objects.filter(place_tag=place).count() == 3


def test_a_move_to_nowhere_is_asked_again(staff, topics):
    answer = staff.post(BULK, {"what": "move", "topics": ids(topics)})
    assert "옮길 태그를 하나 이상 골라 주세요" in answer.content.decode()


@pytest.mark.parametrize(
    "form", [{}, {"what": "publish"}, {"what": "x", "topics": "1"}, {"what": "hide", "topics": "1,x"}, {"topics": "٣"}]
)
def test_nonsense_changes_nothing(staff, topics, form):
    answer = staff.post(BULK, form, follow=True)
    assert "주제를 다시 골라 주세요" in answer.content.decode()
    assert statuses(topics) == ["draft", "hidden", "published"]


def test_more_than_the_most_are_refused(staff, topics, monkeypatch):
    monkeypatch.setattr(bulk_admin, "TOPICS_MOST", 2)
    chosen = {"action": "hide_selected", "_selected_action": [topics[0].pk], "select_across": "1"}
    assert "한 번에 2개까지" in staff.post(LIST, chosen, follow=True).content.decode()


def test_only_who_may_change_topics_does(topics):
    viewer = User.objects.create_staff(username="viewer", password="x")
    viewer.user_permissions.add(Permission.objects.get(codename="view_topic"))
    client = Client()
    client.force_login(viewer)
    assert client.post(BULK, {"what": "publish", "topics": ids(topics)}).status_code == 403
    assert "게시하기" not in client.get(LIST).content.decode()
    assert statuses(topics) == ["draft", "hidden", "published"]


def test_what_has_that_status_already_is_not_touched(topics):
    before = topics[2].updated_at
    curating.set_status(ids=[topic.pk for topic in topics], status="published")
    topics[2].refresh_from_db()
    assert topics[2].updated_at == before
