"""PATCH /users/scraps/{scrapId}/titles"""

import unicodedata

import pytest

from tests.factories import ScrapFactory
from tests.scraps.conftest import BAD_NAMES, NO_IDS, NOT_FOUND


def rename(client, scrap_id, name="평일"):
    return client.patch(f"/users/scraps/{scrap_id}/titles", {"scrapTitle": name}, format="json")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("평일", "평일"), (f" {unicodedata.normalize('NFD', '평일')} ", "평일"), ("글" * 100, "글" * 100)],
)
def test_it_gives_a_folder_another_name(client, scrap, sent, kept):
    answer = rename(client, scrap.pk, sent)
    assert (answer.status_code, answer.content) == (200, b"")
    scrap.refresh_from_db()
    assert scrap.name == kept


def test_the_same_name_and_that_of_another_folder_are_fine(client, scrap):
    other = ScrapFactory(user=client.user, name="평일")
    for _ in range(2):
        assert rename(client, scrap.pk, other.name).status_code == 200


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
def test_a_bad_name_is_refused_under_its_field(client, scrap, name):
    answer = rename(client, scrap.pk, name)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["message"]) == ["scrapTitle"]
    before = scrap.name
    scrap.refresh_from_db()
    assert scrap.name == before


def test_the_other_calls_field_name_does_not_do(client, scrap):
    answer = client.patch(f"/users/scraps/{scrap.pk}/titles", {"scrapName": "평일"}, format="json")
    assert answer.json()["message"] == {"scrapTitle": "필수 항목입니다."}


def test_a_strangers_folder_is_as_good_as_none(client):
    foreign = ScrapFactory(name="남의 폴더")
    for scrap_id in (foreign.pk, foreign.pk + 10**6, *NO_IDS):
        answer = rename(client, scrap_id)
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)
    foreign.refresh_from_db()
    assert foreign.name == "남의 폴더"


def test_it_needs_a_token(nobody):
    assert rename(nobody, ScrapFactory().pk).status_code == 401
