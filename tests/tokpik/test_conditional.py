"""Lists that are the same for everybody carry an ETag: who has the newest one is sent an empty 304."""

import pytest

from accounts.models import Policy, Term
from topics.models import PlaceTag, TopicTag

LISTS = {
    "/topic-tags": lambda: TopicTag.objects.create(content="새 태그"),
    "/place-tags": lambda: PlaceTag.objects.create(content="새 장소"),
    "/terms": lambda: Term.objects.create(title="이용약관"),
    "/policies": lambda: Policy.objects.create(title="1. 목적", content="내용"),
}
every_list = pytest.mark.parametrize("path", LISTS)


@every_list
def test_who_has_the_newest_is_sent_nothing(nobody, path):
    LISTS[path]()
    first = nobody.get(path)
    assert first["Cache-Control"] == "no-cache"
    again = nobody.get(path, HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert again["Cache-Control"] == "no-cache"


@every_list
def test_a_change_shows_to_who_has_the_old_one(nobody, path):
    before = nobody.get(path)
    LISTS[path]()
    after = nobody.get(path, HTTP_IF_NONE_MATCH=before["ETag"])
    assert after.status_code == 200
    assert after["ETag"] != before["ETag"]
    assert after.content != before.content


@pytest.mark.parametrize("path", ["/users/tags", "/users/scraps"])
def test_what_is_a_users_own_has_none(client, path):
    assert "ETag" not in client.get(path)
