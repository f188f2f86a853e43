"""GET /users/scraps"""

import pytest

from tests.factories import ScrapFactory, ScrapTopicFactory, TopicFactory
from topics.models import Topic


def listed(client):
    answer = client.get("/users/scraps")
    assert answer.status_code == 200
    return answer.json()["scraps"]


def kind(topic):
    return {"topicTypeId": topic.topic_tag_id, "topicTypeContent": topic.topic_tag.content}


def test_somebody_without_folders_has_an_empty_list(client):
    assert listed(client) == []


def test_it_shows_the_newest_folder_first_and_its_newest_topic_first(client):
    older, newer = ScrapFactory(user=client.user, name="먼저"), ScrapFactory(user=client.user, name="나중")
    tags = ("사랑과 연애", "인간관계", "사랑과 연애", "유머와 웃음")
    topics = [ScrapTopicFactory(scrap=older, topic=TopicFactory(tag=tag)).topic for tag in tags]
    assert listed(client) == [
        {"scrapId": newer.pk, "scrapName": "나중", "recentTopicTypes": []},
        {"scrapId": older.pk, "scrapName": "먼저", "recentTopicTypes": [kind(topic) for topic in reversed(topics)]},
    ]


def test_newest_is_what_was_put_in_last_and_not_the_newest_topic(client, scrap):
    young, old = TopicFactory(tag="인간관계"), TopicFactory(tag="유머와 웃음")
    for topic in (max(young, old, key=lambda each: each.pk), min(young, old, key=lambda each: each.pk)):
        ScrapTopicFactory(scrap=scrap, topic=topic)
    assert listed(client)[0]["recentTopicTypes"] == [kind(young), kind(old)]


def test_a_renamed_folder_keeps_its_place(client):
    older, newer = ScrapFactory(user=client.user), ScrapFactory(user=client.user)
    client.patch(f"/users/scraps/{older.pk}/titles", {"scrapTitle": "새 이름"}, format="json")
    assert [scrap["scrapId"] for scrap in listed(client)] == [newer.pk, older.pk]


def test_it_hides_other_peoples_folders(client, sign_in):
    ScrapTopicFactory(scrap__user=client.user)
    assert listed(sign_in()) == []


def test_a_hidden_topic_is_not_counted_and_comes_back(client, scrap):
    topics = [ScrapTopicFactory(scrap=scrap).topic for _ in range(3)]
    topics[1].hide()
    assert len(listed(client)[0]["recentTopicTypes"]) == 2
    topics[1].publish()
    assert len(listed(client)[0]["recentTopicTypes"]) == 3


@pytest.mark.parametrize(("made_for_me", "shown"), [(True, 1), (False, 0)])
def test_a_draft_counts_for_whom_it_was_written(client, sign_in, scrap, made_for_me, shown):
    owner = client.user if made_for_me else sign_in().user
    ScrapTopicFactory(scrap=scrap, topic=TopicFactory(status=Topic.Status.DRAFT, made_for=owner))
    assert len(listed(client)[0]["recentTopicTypes"]) == shown


def test_it_needs_a_token(nobody):
    assert nobody.get("/users/scraps").status_code == 401


@pytest.mark.parametrize("count", [5, 500])
def test_it_takes_two_statements_over_few_and_many_rows(client, django_assert_num_queries, count):
    topics = [
        TopicFactory(tag=tag) for tag in ("사랑과 연애", "인간관계", "유머와 웃음", "자기 계발", "취미와 여가활동")
    ]
    for index in range(count // 5):
        scrap = ScrapFactory(user=client.user, name=f"폴더 {index}")
        for topic in topics:
            ScrapTopicFactory(scrap=scrap, topic=topic)
    with django_assert_num_queries(2):
        scraps = listed(client)
    assert sum(len(scrap["recentTopicTypes"]) for scrap in scraps) == count
