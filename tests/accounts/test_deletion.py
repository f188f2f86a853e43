"""DELETE /users"""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import KakaoUnlink, User
from tests.factories import (
    PlaceTagFactory,
    ScrapFactory,
    ScrapTopicFactory,
    TopicDetailFactory,
    TopicFactory,
    TopicTagFactory,
    UserFactory,
)
from topics.models import GenerationRequest, Topic


def own_something(client):
    """A row in every table that hangs on a user."""
    client.post("/refresh", {"refreshToken": client.pair.refresh}, format="json")
    client.user.topic_tags.add(TopicTagFactory())
    client.user.place_tags.add(PlaceTagFactory())
    ScrapTopicFactory(scrap__user=client.user, topic=Topic.objects.order_by("pk").first())
    draft = TopicFactory(status=Topic.Status.DRAFT, made_for=client.user)
    TopicDetailFactory(topic=draft)
    ScrapTopicFactory(scrap__user=client.user, topic=draft)


def test_everything_the_user_owns_is_gone_from_every_table(sign_in, rows):
    TopicFactory()
    TopicTagFactory()
    PlaceTagFactory()
    before = rows()
    client = sign_in(UserFactory(kakao_id=-5))
    sign_in(client.user)
    own_something(client)
    during = rows()
    for table in (
        "accounts.Session",
        "accounts.User_topic_tags",
        "accounts.User_place_tags",
        "scraps.Scrap",
        "scraps.ScrapTopic",
        "topics.TopicDetail",
        "token_blacklist.OutstandingToken",
        "token_blacklist.BlacklistedToken",
    ):
        assert table in during, table
    answer = client.delete("/users")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Cache-Control"] == "no-store"
    assert rows() == before


def test_what_other_people_own_stays(sign_in, rows):
    TopicFactory()
    TopicTagFactory()
    PlaceTagFactory()
    other = sign_in()
    own_something(other)
    before = rows()
    mine = sign_in(UserFactory(kakao_id=-5))
    own_something(mine)
    mine.delete("/users")
    assert rows() == before
    assert other.get("/users/scraps/topics/count").json() == {"count": 2}


def test_kakao_is_to_be_told(sign_in):
    before = timezone.now()
    sign_in(UserFactory(kakao_id=7001)).delete("/users")
    unlink = KakaoUnlink.objects.get()
    assert unlink.kakao_id == 7001
    assert unlink.created_at >= before


def test_kakao_knows_nothing_of_made_up_people(sign_in):
    sign_in(UserFactory(kakao_id=-7001)).delete("/users")
    sign_in(UserFactory(kakao_id=None, username="editor")).delete("/users")
    assert not KakaoUnlink.objects.exists()
    assert not User.objects.exists()


def test_who_came_back_and_leaves_again_is_told_once(sign_in):
    for _ in range(2):
        assert sign_in(UserFactory(kakao_id=7001)).delete("/users").status_code == 200
    assert KakaoUnlink.objects.count() == 1


def test_drafts_that_were_written_for_the_user_go_and_other_topics_forget_whom_they_were_made_for(client):
    """A topic that staff hid may be in other people's folders, and come back there."""
    made = {status: TopicFactory(status=status, made_for=client.user) for status in Topic.Status}
    others = TopicFactory(status=Topic.Status.DRAFT, made_for=UserFactory())
    client.delete("/users")
    kept = [made[Topic.Status.PUBLISHED], made[Topic.Status.HIDDEN]]
    assert set(Topic.objects.all()) == {*kept, others}
    assert not Topic.objects.filter(pk__in=[topic.pk for topic in kept]).exclude(made_for=None).exists()


def test_details_that_are_being_written_for_everybody_forget_who_opened_the_topic(client):
    asked = {why: GenerationRequest.objects.create(why=why, user=client.user) for why in ("details", "search")}
    client.delete("/users")
    assert list(GenerationRequest.objects.values_list("pk", "user")) == [(asked["details"].pk, None)]


def test_every_token_stops_at_once(client, sign_in):
    other = sign_in(client.user)
    newest = client.post("/refresh", {"refreshToken": client.pair.refresh}, format="json").json()
    client.delete("/users")
    bearers = [f"Bearer {access}" for access in (client.pair.access, other.pair.access, newest["accessToken"])]
    answers = [client.get("/users/profiles", HTTP_AUTHORIZATION=bearer) for bearer in bearers]
    for token in (client.pair.refresh, other.pair.refresh, newest["refreshToken"]):
        answers.append(client.post("/refresh", {"refreshToken": token}, format="json"))
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(401, "session_revoked")] * 6


def test_a_second_deletion_is_401(client):
    assert client.delete("/users").status_code == 200
    answer = client.delete("/users")
    assert (answer.status_code, answer.json()["code"]) == (401, "session_revoked")
    assert KakaoUnlink.objects.count() == 1


def test_other_people_stay(client):
    other = ScrapFactory().user
    client.delete("/users")
    assert list(User.objects.all()) == [other]


def test_the_number_of_statements_does_not_grow_with_what_is_owned(sign_in, django_assert_num_queries):
    small, large = sign_in(), sign_in()
    topics = [TopicFactory() for _ in range(6)]
    for client, count in ((small, 1), (large, 6)):
        for topic in topics[:count]:
            ScrapTopicFactory(scrap__user=client.user, topic=topic)
            TopicFactory(status=Topic.Status.DRAFT, made_for=client.user)
    statements = count_of(small)
    with django_assert_num_queries(statements):
        large.delete("/users")


def count_of(client):
    with CaptureQueriesContext(connection) as statements:
        client.delete("/users")
    return len(statements)
