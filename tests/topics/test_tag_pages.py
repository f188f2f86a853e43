"""/admin/topics/topictag/ and placetag/: what breaks the client is asked twice, what is in use is moved first"""

import pytest
from django.urls import reverse

from tests.factories import PlaceTagFactory, TopicFactory, TopicTagFactory, UserFactory
from tokpik.history import edits
from topics.models import PlaceTag, Topic, TopicTag


def page(model, name, *args):
    return reverse(f"admin:topics_{model._meta.model_name}_{name}", args=args)


KINDS = [(TopicTag, TopicTagFactory, "사랑과 연애"), (PlaceTag, PlaceTagFactory, "집")]


@pytest.mark.parametrize(("model", "factory", "known"), KINDS)
def test_renaming_a_tag_that_the_client_knows_is_asked_twice(staff, model, factory, known):
    tag = factory(content=known)
    content = staff.post(page(model, "change", tag.pk), {"content": "새 이름"}).content.decode()
    assert f"앱은 ‘{known}’라는 이름으로" in content
    assert model.objects.get().content == known
    assert staff.post(page(model, "change", tag.pk), {"content": "새 이름", "confirmed": "on"}).status_code == 302
    assert model.objects.get().content == "새 이름"


@pytest.mark.parametrize(("model", "factory", "known"), KINDS)
def test_adding_a_tag_that_the_client_does_not_know_is_asked_twice(staff, model, factory, known):
    assert "태그를 모릅니다" in staff.post(page(model, "add"), {"content": "처음 듣는"}).content.decode()
    assert not model.objects.exists()
    assert staff.post(page(model, "add"), {"content": "처음 듣는", "confirmed": "on"}).status_code == 302
    assert staff.post(page(model, "add"), {"content": known}).status_code == 302
    assert model.objects.count() == 2


def test_a_tag_moves_in_the_order_without_a_question(staff):
    tag = TopicTagFactory()
    assert staff.post(page(TopicTag, "change", tag.pk), {"content": tag.content, "position": 7}).status_code == 302
    tag.refresh_from_db()
    assert tag.position == 7


@pytest.mark.parametrize(
    ("model", "factory", "field"),
    [(TopicTag, TopicTagFactory, "topic_tags"), (PlaceTag, PlaceTagFactory, "place_tags")],
)
def test_a_tag_in_use_says_what_hangs_on_it_and_moves_it(staff, model, factory, field):
    topic = TopicFactory()
    tag, other = model.objects.get(), factory(content="다른 태그")
    both, one = UserFactory(), UserFactory()
    getattr(both, field).set([tag, other])
    getattr(one, field).set([tag])
    content = staff.get(page(model, "delete", tag.pk)).content.decode()
    assert "주제 1개가 달려 있고" in content
    assert "관심사 2개에" in content
    answer = staff.post(page(model, "delete", tag.pk), {"by": ""})
    assert "옮길 태그를 골라 주세요" in answer.content.decode()
    assert model.objects.filter(pk=tag.pk).exists()
    assert staff.post(page(model, "delete", tag.pk), {"by": other.pk}).status_code == 302
    topic.refresh_from_db()
    assert getattr(topic, field.removesuffix("s")) == other
    assert [list(getattr(user, field).all()) for user in (both, one)] == [[other], [other]]
    assert list(model.objects.all()) == [other]


def test_a_tag_is_not_moved_to_itself(staff):
    TopicFactory()
    tag = TopicTag.objects.get()
    assert staff.post(page(TopicTag, "delete", tag.pk), {"by": tag.pk}).status_code == 200
    assert Topic.objects.get().topic_tag == tag


def test_a_free_tag_is_deleted_and_its_history_stays(staff):
    tag = TopicTagFactory()
    assert "달린 주제도" in staff.get(page(TopicTag, "delete", tag.pk)).content.decode()
    assert staff.post(page(TopicTag, "delete", tag.pk)).status_code == 302
    [edit] = edits((TopicTag, {"id": tag.pk}))
    assert (edit.who, edit.changes[0].after) == ("curator", None)


def test_many_tags_are_not_deleted_at_once(staff):
    tag = TopicTagFactory()
    staff.post(page(TopicTag, "changelist"), {"action": "delete_selected", "_selected_action": [tag.pk], "post": "yes"})
    assert TopicTag.objects.exists()


def test_the_list_counts_topics(staff):
    TopicFactory.create_batch(2)
    assert "2개" in staff.get(page(TopicTag, "changelist")).content.decode()
