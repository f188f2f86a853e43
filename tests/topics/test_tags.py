"""GET /topic-tags and GET /place-tags"""

import pytest
from rest_framework.test import APIClient

from topics.models import PlaceTag, TopicTag

CALLS = [("/topic-tags", TopicTag, "topicTags", "topicTagId"), ("/place-tags", PlaceTag, "placeTags", "placeTagId")]
every_call = pytest.mark.parametrize(("path", "kind", "name", "id_name"), CALLS, ids=["topic", "place"])


@every_call
def test_anybody_sees_the_tags_in_their_order(nobody, path, kind, name, id_name):
    third, first, second = [kind.objects.create(content=f"{place}번째", position=place) for place in (9, 1, 5)]
    answer = nobody.get(path)
    assert answer.status_code == 200
    assert answer.json() == {name: [{id_name: tag.pk, "content": tag.content} for tag in (first, second, third)]}


@every_call
@pytest.mark.parametrize("authorisation", ["Bearer stale.token.here", "Bearer", "Bearer \xff", "Basic YTpi"])
def test_a_bad_bearer_does_no_harm(db, path, kind, name, id_name, authorisation):
    kind.objects.create(content="집")
    answer = APIClient().get(path, HTTP_AUTHORIZATION=authorisation)
    assert (answer.status_code, len(answer.json()[name])) == (200, 1)


@every_call
def test_without_tags_the_list_is_empty(nobody, path, kind, name, id_name):
    assert nobody.get(path).json() == {name: []}


@every_call
def test_other_methods_are_refused(nobody, path, kind, name, id_name):
    answer = nobody.post(path, {})
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@every_call
@pytest.mark.parametrize("count", [5, 20])
def test_it_takes_two_statements_then_none(nobody, django_assert_num_queries, path, kind, name, id_name, count):
    kind.objects.bulk_create(kind(content=f"태그 {number}") for number in range(count))
    for statements in (2, 0):
        with django_assert_num_queries(statements):
            assert len(nobody.get(path).json()[name]) == count
