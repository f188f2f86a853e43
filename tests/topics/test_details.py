"""GET /topics/{id}/details"""

from tests.factories import ScrapTopicFactory, TopicDetailFactory, TopicFactory, UserFactory
from topics.models import Topic


def test_it_shows_at_most_five_details_in_their_order(client):
    topic = TopicFactory()
    for number in range(6):
        TopicDetailFactory(topic=topic, title=f"방법 {number}", content=f"내용 {number}")
    answer = client.get(f"/topics/{topic.pk}/details")
    assert answer.status_code == 200
    assert answer.json() == {
        "details": [{"itemTitle": f"방법 {number}", "itemContent": f"내용 {number}"} for number in range(5)],
        "scraped": False,
    }


def test_a_topic_without_details_shows_its_own_title_and_subtitle(client):
    topic = TopicFactory(title="첫 데이트", subtitle="무엇을 물을까")
    assert client.get(f"/topics/{topic.pk}/details").json()["details"] == [
        {"itemTitle": "첫 데이트", "itemContent": "무엇을 물을까"}
    ]


def test_it_says_whether_this_user_scraped_the_topic(client, sign_in):
    entry = ScrapTopicFactory(scrap__user=client.user)
    assert client.get(f"/topics/{entry.topic_id}/details").json()["scraped"] is True
    assert sign_in().get(f"/topics/{entry.topic_id}/details").json()["scraped"] is False


def test_a_hidden_topic_and_somebody_elses_draft_are_not_there(client):
    for topic in (
        TopicFactory(status=Topic.Status.HIDDEN, made_for=client.user),
        TopicFactory(status=Topic.Status.DRAFT),
        TopicFactory(status=Topic.Status.DRAFT, made_for=UserFactory()),
    ):
        answer = client.get(f"/topics/{topic.pk}/details")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_draft_is_there_for_whom_it_was_written(client):
    topic = TopicFactory(status=Topic.Status.DRAFT, made_for=client.user)
    assert client.get(f"/topics/{topic.pk}/details").status_code == 200


def test_it_needs_a_token(nobody):
    answer = nobody.get(f"/topics/{TopicFactory().pk}/details")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_malformed_id_is_not_found(client, nobody):
    for bad in ("NaN", "-1", "1.5", "٣", "9223372036854775808", "1" * 40):
        assert client.get(f"/topics/{bad}/details").status_code == 404
        assert nobody.get(f"/topics/{bad}/details").status_code == 401


def test_it_takes_two_statements_then_none(client, django_assert_num_queries):
    topic = TopicDetailFactory().topic
    for _ in range(4):
        TopicDetailFactory(topic=topic)
    for statements in (2, 0):
        with django_assert_num_queries(statements):
            client.get(f"/topics/{topic.pk}/details")
