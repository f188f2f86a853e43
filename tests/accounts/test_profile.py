"""POST and GET /users/profiles"""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from accounts.models import User
from tests.factories import PlaceTagFactory, TopicTagFactory, UserFactory
from topics.models import Gender

FINE = {"birth": "1996-03-14", "gender": True}


def send(client, **body):
    return client.post("/users/profiles", body, format="json")


def refused(answer, *fields):
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert list(answer.json()["message"]) == list(fields)
    assert all(isinstance(sentence, str) for sentence in answer.json()["message"].values())
    return True


@pytest.fixture
def today_is(client, monkeypatch):
    """Stops the clock, for somebody who has signed in."""
    return lambda moment: monkeypatch.setattr(timezone, "now", lambda: moment)


def at_noon_in_seoul(day):
    return datetime.fromisoformat(f"{day}T03:00:00Z")


# --- POST ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("gender", "stored"), [(True, Gender.MALE), (False, Gender.FEMALE)])
def test_it_stores_birth_and_gender(client, gender, stored):
    answer = send(client, birth="1996-03-14", gender=gender)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Cache-Control"] == "no-store"
    user = User.objects.get(pk=client.user.pk)
    assert (user.birth, user.gender) == (date(1996, 3, 14), stored)


def test_it_may_be_sent_again_to_change(client):
    send(client, **FINE)
    assert send(client, birth="1980-01-02", gender=False).status_code == 200
    user = User.objects.get(pk=client.user.pk)
    assert (user.birth, user.gender) == (date(1980, 1, 2), Gender.FEMALE)


def test_it_changes_nobody_else(client):
    other = UserFactory()
    send(client, **FINE)
    other.refresh_from_db()
    assert other.birth is None


def test_it_stores_interests(client):
    topic, place = TopicTagFactory(), PlaceTagFactory()
    send(client, **FINE, topicTagIds=[topic.pk], placeTagIds=[place.pk])
    assert [*client.user.topic_tags.all(), *client.user.place_tags.all()] == [topic, place]


def test_ids_replace_what_was_chosen_before(client):
    old, new = TopicTagFactory(), TopicTagFactory(content="자기 계발")
    client.user.topic_tags.add(old)
    send(client, **FINE, topicTagIds=[new.pk])
    assert list(client.user.topic_tags.all()) == [new]


@pytest.mark.parametrize("lists", [{}, {"topicTagIds": [], "placeTagIds": []}])
def test_absent_or_empty_lists_leave_the_tags_as_they_are(client, lists):
    client.user.topic_tags.add(TopicTagFactory())
    client.user.place_tags.add(PlaceTagFactory())
    assert send(client, **FINE, **lists).status_code == 200
    assert (client.user.topic_tags.count(), client.user.place_tags.count()) == (1, 1)


@pytest.mark.parametrize(
    ("today", "birth", "may"),
    [
        ("2026-06-10", "2012-06-10", True),  # exactly 14 today
        ("2026-06-10", "2012-06-11", False),  # 14 tomorrow
        ("2026-06-10", "2026-06-10", False),  # born today
        ("2026-06-10", "2026-06-11", False),  # born tomorrow
        ("2026-06-10", "1900-01-01", True),
        ("2026-06-10", "1899-12-31", False),
        ("2026-02-28", "2012-02-29", False),  # 14 on the 1st of March
        ("2026-03-01", "2012-02-29", True),
        ("2028-02-28", "2014-02-28", True),
        ("2028-02-29", "2014-03-01", False),
    ],
)
def test_a_person_is_at_least_14_and_born_since_1900(client, today_is, today, birth, may):
    today_is(at_noon_in_seoul(today))
    answer = send(client, birth=birth, gender=True)
    assert answer.status_code == 200 if may else refused(answer, "birth")
    assert User.objects.get(pk=client.user.pk).birth == (date.fromisoformat(birth) if may else None)


@pytest.mark.parametrize(("hour", "may"), [(14, False), (15, True)])
def test_today_is_seouls(client, today_is, hour, may):
    """15:00 UTC is midnight in Seoul."""
    today_is(datetime(2026, 6, 9, hour, 59, tzinfo=UTC))
    answer = send(client, birth="2012-06-10", gender=True)
    assert answer.status_code == 200 if may else refused(answer, "birth")


@pytest.mark.parametrize(
    "birth",
    [
        "1996-3-14",
        "19960314",
        "1996-W11-4",
        "1996-074",
        "1996-03-14T00:00:00",
        "1996-03-14Z",
        " 1996-03-14",
        "1996-02-30",
        "2001-02-29",
        "0000-01-01",
        "1996-13-01",
        "１９９６-03-14",
        "١٩٩٦-03-14",
        "14.03.1996",
        "-996-03-14",
        "96-03-14",
        "",
        "yesterday",
        "1996-03-14\0",
        None,
        19960314,
        True,
        ["1996-03-14"],
        {"year": 1996},
    ],
)
def test_a_birth_has_one_form(client, birth):
    assert refused(send(client, birth=birth, gender=True), "birth")


@pytest.mark.parametrize("gender", [None, "male", "true", "yes", 1, 0, 1.0, [], {}])
def test_a_gender_is_true_or_false(client, gender):
    assert refused(send(client, birth="1996-03-14", gender=gender), "gender")


def test_birth_and_gender_are_required(client):
    assert refused(send(client), "birth", "gender")


@pytest.mark.parametrize("field", ["topicTagIds", "placeTagIds"])
@pytest.mark.parametrize(
    "ids",
    [
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
        [{}],
        [1, 1],
        list(range(1, 52)),
        None,
        "1",
        1,
        {"0": 1},
    ],
)
def test_bad_ids_are_refused_under_their_field_and_nothing_changes(client, field, ids):
    client.user.topic_tags.add(TopicTagFactory())
    client.user.place_tags.add(PlaceTagFactory())
    assert refused(send(client, **FINE, **{field: ids}), field)
    user = User.objects.get(pk=client.user.pk)
    assert (user.birth, user.gender) == (None, None)
    assert (user.topic_tags.count(), user.place_tags.count()) == (1, 1)


def test_an_unknown_tag_among_known_ones_changes_neither_kind(client):
    topic, place = TopicTagFactory(), PlaceTagFactory()
    answer = send(client, **FINE, placeTagIds=[place.pk], topicTagIds=[topic.pk, topic.pk + 1000])
    assert refused(answer, "topicTagIds")
    user = User.objects.get(pk=client.user.pk)
    assert (user.birth, user.topic_tags.count(), user.place_tags.count()) == (None, 0, 0)


@pytest.mark.parametrize("body", [[], "profile", 5, True])
def test_a_body_that_is_no_object_is_a_sentence(client, body):
    answer = client.post("/users/profiles", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert isinstance(answer.json()["message"], str)


def test_unknown_fields_are_ignored(client):
    assert send(client, **FINE, isStaff=True, is_staff=True, kakao_id=5).status_code == 200
    user = User.objects.get(pk=client.user.pk)
    assert (user.is_staff, user.kakao_id) == (False, client.user.kakao_id)


# --- GET -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "masked"),
    [
        ("minji@example.com", "m****@example.com"),
        ("ab@example.com", "a*@example.com"),
        ("a@b.c", "*@b.c"),
        ("min.ji+tag@example.com", "m*********@example.com"),
        ('"a@b"@example.com', '"****@example.com'),
        ("민지@example.com", "민*@example.com"),
        ("", ""),
        ("minji", ""),
    ],
)
def test_it_masks_the_email(sign_in, email, masked):
    answer = sign_in(UserFactory(email=email)).get("/users/profiles")
    assert answer.json() == {"maskedEmail": masked, "profilePhotoUrl": ""}
    assert answer["Cache-Control"] == "no-store"


def test_it_shows_ones_own_photo(sign_in):
    mine = sign_in(UserFactory(photo_url="https://example.com/me.jpg"))
    sign_in(UserFactory(photo_url="https://example.com/other.jpg"))
    assert mine.get("/users/profiles").json()["profilePhotoUrl"] == "https://example.com/me.jpg"


def test_writing_takes_a_bounded_number_of_statements(client, django_assert_max_num_queries):
    topics = [TopicTagFactory(content=f"주제 {number}").pk for number in range(5)]
    places = [PlaceTagFactory(content=f"장소 {number}").pk for number in range(5)]
    with django_assert_max_num_queries(11):  # two of them a savepoint of the test's own
        assert send(client, **FINE, topicTagIds=topics, placeTagIds=places).status_code == 200
