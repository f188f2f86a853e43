"""POST /users/scraps"""

import unicodedata
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from scraps import services
from scraps.models import Scrap
from tests.accounts.racing import race
from tests.factories import ScrapFactory
from tests.scraps.conftest import BAD_NAMES


def create(client, name="주말"):
    return client.post("/users/scraps", {"scrapName": name}, format="json")


def made(client, name="주말"):
    answer = create(client, name)
    assert answer.status_code == 200
    assert list(answer.json()) == ["scrapId"]
    return answer.json()["scrapId"]


def age(scrap_id, **by):
    Scrap.objects.filter(pk=scrap_id).update(created_at=timezone.now() - timedelta(**by))


def test_it_makes_a_folder_of_this_user(client):
    scrap = Scrap.objects.get(pk=made(client, "소개팅 필승 👍"))
    assert (scrap.user, scrap.name) == (client.user, "소개팅 필승 👍")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  주말 \n", "주말"),
        (unicodedata.normalize("NFD", "주말"), "주말"),
        ("\u3000주말\u00a0", "주말"),
        ("주  말", "주  말"),
        ("글" * 100, "글" * 100),
        (f"  {'글' * 100}  ", "글" * 100),
        (unicodedata.normalize("NFD", "글" * 100), "글" * 100),
        ("👍" * 100, "👍" * 100),
        ("<b>&amp;'\"%_\\", "<b>&amp;'\"%_\\"),
    ],
)
def test_the_name_is_kept_trimmed_and_composed(client, sent, kept):
    assert Scrap.objects.get(pk=made(client, sent)).name == kept


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
def test_a_bad_name_is_refused_under_its_field(client, name):
    answer = create(client, name)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["message"]) == ["scrapName"]
    assert not Scrap.objects.exists()


def test_it_needs_a_token(nobody):
    assert create(nobody).status_code == 401


# The client sends Enter twice.


@pytest.mark.parametrize("again", ["주말", " 주말 ", unicodedata.normalize("NFD", "주말")])
def test_the_same_name_again_within_five_seconds_is_the_same_folder(client, again):
    first = made(client)
    age(first, seconds=4)
    assert made(client, again) == first
    assert Scrap.objects.count() == 1


def test_after_five_seconds_it_is_another(client):
    first = made(client)
    age(first, seconds=5, milliseconds=1)
    second = made(client)
    assert second != first
    assert made(client) == second


def test_the_five_seconds_count_from_the_first_and_are_not_prolonged(client):
    first = made(client)
    age(first, seconds=4)
    assert made(client) == first
    age(first, seconds=6)
    assert made(client) != first


def test_another_name_or_another_person_is_another_folder(client, sign_in):
    first = made(client)
    assert len({first, made(client, "주말 밤"), made(client, "주 말"), made(sign_in())}) == 4


def test_a_folder_that_was_renamed_meanwhile_is_not_meant(client):
    first = made(client)
    client.patch(f"/users/scraps/{first}/titles", {"scrapTitle": "평일"}, format="json")
    assert made(client) != first


def test_nor_is_one_that_was_deleted(client):
    first = made(client)
    client.delete(f"/users/scraps/{first}")
    assert made(client) != first


def test_the_limit_on_folders(client, monkeypatch):
    monkeypatch.setattr(services, "SCRAPS_MOST", 2)
    first, second = made(client, "하나"), made(client, "둘")
    refused = create(client, "셋")
    assert (refused.status_code, refused.json()["code"]) == (409, "quota_reached")
    assert {made(client, "하나"), made(client, "둘")} == {first, second}
    age(first, seconds=6)
    assert create(client, "하나").status_code == 409
    client.delete(f"/users/scraps/{first}")
    assert create(client, "셋").status_code == 200


def test_other_peoples_folders_do_not_count(client, monkeypatch):
    monkeypatch.setattr(services, "SCRAPS_MOST", 1)
    ScrapFactory()
    assert create(client).status_code == 200


def test_it_is_two_hundred():
    assert services.SCRAPS_MOST == 200


@pytest.mark.django_db(transaction=True)
def test_equal_names_at_the_same_moment_are_one_folder(client):
    ids = race(*[lambda: made(client)] * 8)
    assert len(set(ids)) == 1
    assert Scrap.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("full", [False, True])
def test_so_they_are_with_one_place_left_and_with_none(client, monkeypatch, full):
    first = {made(client)} if full else set()
    monkeypatch.setattr(services, "SCRAPS_MOST", 1)
    ids = race(*[lambda: made(client)] * 8)
    assert len(first | set(ids)) == 1


@pytest.mark.django_db(transaction=True)
def test_the_limit_is_exact_at_the_same_moment_too(client, monkeypatch):
    monkeypatch.setattr(services, "SCRAPS_MOST", 7)
    answers = race(*[partial(create, client, f"폴더 {n}") for n in range(16)])
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [409] * 9
    assert Scrap.objects.count() == 7
