"""GET and PATCH /users/tags and /users/place-tags"""

import pytest

from tests.factories import PlaceTagFactory, TopicTagFactory, UserFactory

TOPICS = ("/users/tags", "topicTagIds", "talkTopicTags", "topic_tags", TopicTagFactory)
PLACES = ("/users/place-tags", "placeTagIds", "placeTopicTags", "place_tags", PlaceTagFactory)


class Kind:
    """One of the two kinds of tag, and its call."""

    def __init__(self, path, sent, shown, relation, factory):
        self.path, self.sent, self.shown, self.relation, self.factory = path, sent, shown, relation, factory

    def make(self, count):
        """Tags whose order is not that of their ids."""
        return [self.factory(content=f"태그 {number}", position=100 - number) for number in range(count)]

    def chosen(self, user):
        return getattr(user, self.relation)

    def patch(self, client, ids):
        return client.patch(self.path, {self.sent: ids}, format="json")


@pytest.fixture(params=[TOPICS, PLACES], ids=["topics", "places"])
def kind(request):
    return Kind(*request.param)


def test_nobody_has_interests_at_first(client, kind):
    kind.make(2)
    answer = client.get(kind.path)
    assert answer.status_code == 200
    assert answer.json() == {"userId": client.user.pk, kind.shown: []}
    assert answer["Cache-Control"] == "no-store"


def test_it_shows_ones_own_in_their_order(client, kind):
    tags = kind.make(5)
    kind.chosen(client.user).set(tags[:4])
    kind.chosen(UserFactory()).set(tags[4:])
    assert client.get(kind.path).json() == {
        "userId": client.user.pk,
        kind.shown: [{"id": tag.pk, "content": tag.content} for tag in reversed(tags[:4])],
    }


def test_choosing_replaces_and_answers_what_is_chosen_now(client, kind):
    first, second, third = kind.make(3)
    kind.chosen(client.user).set([first, second])
    answer = kind.patch(client, [second.pk, third.pk])
    assert answer.status_code == 200
    assert answer.json() == {
        "userId": client.user.pk,
        kind.shown: [{"id": tag.pk, "content": tag.content} for tag in (third, second)],
    }
    assert client.get(kind.path).json() == answer.json()


def test_choosing_the_same_again_changes_nothing(client, kind):
    ids = [tag.pk for tag in kind.make(3)]
    assert kind.patch(client, ids).json() == kind.patch(client, ids[::-1]).json()
    assert kind.chosen(client.user).count() == 3


def test_choosing_one_kind_leaves_the_other_and_other_people(client, kind):
    other = UserFactory()
    for user in (client.user, other):
        user.topic_tags.add(TopicTagFactory())
        user.place_tags.add(PlaceTagFactory())
    (new,) = kind.make(1)
    kind.patch(client, [new.pk])
    kept = {"topic_tags", "place_tags"} - {kind.relation}
    assert [getattr(client.user, relation).get().content for relation in kept] != ["태그 0"]
    assert "태그 0" not in [other.topic_tags.get().content, other.place_tags.get().content]


def test_fifty_may_be_chosen(client, kind):
    assert len(kind.patch(client, [tag.pk for tag in kind.make(50)]).json()[kind.shown]) == 50


@pytest.mark.parametrize(
    "ids",
    [
        [],
        None,
        [2**62],
        [0],
        [-1],
        [2**63],
        [10**30],
        ["1"],
        [1.0],
        [1.5],
        [True],
        [None],
        [[1]],
        [1, 1],
        list(range(1, 52)),
        "1",
        1,
        {"0": 1},
    ],
)
def test_bad_ids_are_refused_under_their_field_and_nothing_changes(client, kind, ids):
    (tag,) = kind.make(1)
    kind.chosen(client.user).add(tag)
    answer = kind.patch(client, ids)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["message"]) == [kind.sent]
    assert isinstance(answer.json()["message"][kind.sent], str)
    assert list(kind.chosen(client.user).all()) == [tag]


def test_an_unknown_id_among_known_ones_changes_nothing(client, kind):
    old, new = kind.make(2)
    kind.chosen(client.user).add(old)
    assert kind.patch(client, [new.pk, new.pk + 1000]).status_code == 400
    assert list(kind.chosen(client.user).all()) == [old]


@pytest.mark.parametrize("body", [{}, {"ids": [1]}])
def test_the_ids_are_required(client, kind, body):
    answer = client.patch(kind.path, body, format="json")
    assert (answer.status_code, list(answer.json()["message"])) == (400, [kind.sent])


def test_a_body_that_is_no_object_is_a_sentence(client, kind):
    answer = client.patch(kind.path, [1], format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert isinstance(answer.json()["message"], str)


def test_reading_takes_one_statement(client, kind, django_assert_num_queries):
    kind.chosen(client.user).set(kind.make(6))
    with django_assert_num_queries(1):
        client.get(kind.path)


def test_choosing_takes_as_many_statements_for_one_as_for_many(client, kind, django_assert_num_queries):
    """Token, savepoint of the test, the user's lock, known, chosen, gone, new, savepoint, answer."""
    tags = kind.make(12)
    kind.chosen(client.user).set(tags[:6])
    with django_assert_num_queries(8):
        assert kind.patch(client, [tag.pk for tag in tags[6:]]).status_code == 200
    with django_assert_num_queries(8):
        assert kind.patch(client, [tags[0].pk]).status_code == 200
