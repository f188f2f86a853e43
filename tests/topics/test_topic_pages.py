"""/admin/topics/topic/: the list by which a curator decides, and one topic's page"""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.roles import give_role
from tests.factories import ScrapFactory, ScrapTopicFactory, TopicDetailFactory, TopicFactory
from tests.topics.conftest import form_of, page
from topics import duplicates
from topics.duplicates import similar_to
from topics.models import Topic

LIST = "/admin/topics/topic/"


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """On a busy machine any statement may take as long as comparing may."""
    monkeypatch.setattr(duplicates, "COMPARING_MS", 60_000)


def listed(staff, query=""):
    answer = staff.get(LIST + query)
    assert answer.status_code == 200
    return {topic.pk: topic for topic in answer.context["cl"].result_list}


def test_the_list_shows_scraps_details_and_twins(staff):
    kept, bare = TopicFactory(title="첫만남에 꺼낼 이야기"), TopicFactory(title="첫 만남에, 꺼낼 이야기!")
    ScrapTopicFactory.create_batch(2, topic=kept)
    TopicDetailFactory(topic=kept)
    other = TopicFactory()
    rows = listed(staff)
    shown = {pk: (row.scraps, row.detail_count, row.twin and row.twin.pk) for pk, row in rows.items()}
    assert shown == {kept.pk: (2, 1, bare.pk), bare.pk: (0, 0, kept.pk), other.pk: (0, 0, None)}


def test_the_list_warns_of_the_title_that_is_most_alike(staff):
    topic = TopicFactory(title="엘리베이터에서 만난 상사와 나눌 이야기")
    near = TopicFactory(title="엘리베이터에서 만난 상사와 나눌 말")
    TopicFactory(title="엘리베이터에서 만난 고양이")
    content = staff.get(LIST).content.decode()
    rows = listed(staff)
    assert rows[topic.pk].twin.pk == near.pk
    assert 0.6 <= rows[topic.pk].twin.similarity < 1
    link = page("change", near.pk)
    assert f'<a class="console-warning" href="{link}">{near.pk}번과 {rows[topic.pk].twin.similarity:.0%}</a>' in content
    same = TopicFactory(title="엘리베이터에서, 만난 상사와 나눌이야기!")
    assert listed(staff)[topic.pk].twin.pk == same.pk
    assert f"{same.pk}번과 같음" in staff.get(LIST).content.decode()


def test_a_hidden_topic_is_nobodys_twin(staff):
    one, _ = TopicFactory(title="같은 말"), TopicFactory(title="같은말", status="hidden")
    assert listed(staff)[one.pk].twin is None


def test_where_comparing_takes_too_long_only_equal_titles_are_told(staff, monkeypatch):
    one, same = TopicFactory(title="회식 자리에서 꺼낼 이야기"), TopicFactory(title="회식자리에서 꺼낼 이야기")
    near = TopicFactory(title="회식 자리에서 꺼낼만한 이야기")
    monkeypatch.setattr(duplicates, "ALIKE", f"{duplicates.ALIKE} AND pg_sleep(60) IS NOT NULL")
    monkeypatch.setattr(duplicates, "COMPARING_MS", 50)
    rows = listed(staff)
    assert {pk: row.twin and row.twin.pk for pk, row in rows.items()} == {
        one.pk: same.pk,
        same.pk: one.pk,
        near.pk: None,
    }
    content = staff.get(LIST).content.decode()
    assert content.count("견주지 못함") == 1


def test_a_curators_list_takes_twenty_statements_at_most_where_comparing_takes_too_long(roles, monkeypatch):
    TopicFactory.create_batch(3)
    monkeypatch.setattr(duplicates, "ALIKE", f"{duplicates.ALIKE} AND pg_sleep(60) IS NOT NULL")
    monkeypatch.setattr(duplicates, "COMPARING_MS", 50)
    give_role(user := User.objects.create_staff(username="curator", password="x"), "curator")
    client = Client()
    client.force_login(user)
    with CaptureQueriesContext(connection) as queries:
        assert not next(iter(listed(client).values())).compared
    assert len(queries) <= 20


@pytest.mark.parametrize("query", ["첫만남", "첫 만남", "만남 이야기", "이야기꺼낼", "꺼낼", "냉장고"])
def test_search_minds_no_spacing(staff, query):
    found = TopicFactory(title="첫 만남에 꺼낼이야기", subtitle="냉장고가 말한 것")
    if query == "이야기꺼낼":
        assert listed(staff, f"?q={query}") == {}
    else:
        assert list(listed(staff, f"?q={query}")) == [found.pk]


def test_search_finds_decomposed_hangul_case_and_numbers(staff):
    import unicodedata

    topic = TopicFactory(title="MBTI로 여는 첫인사")
    TopicFactory(title="다른 이야기")
    for query in ("mbti", unicodedata.normalize("NFD", "첫인사"), str(topic.pk)):
        assert list(listed(staff, f"?q={query}")) == [topic.pk]
    assert len(listed(staff, "?q=%21%3F")) == 2


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?status__exact=draft", ["draft"]),
        ("?has_details=yes", ["detailed"]),
        ("?has_details=no", ["draft", "twin", "twin"]),
        ("?has_twin=yes", ["twin", "twin"]),
        ("?has_twin=no", ["draft", "detailed"]),
        ("?partner_age_lower_from=20&partner_age_lower_to=29", ["draft"]),
        ("?created_at_from=2026-03-14&created_at_to=2026-03-14", ["draft"]),
        ("?created_at_from=2026-03-15", ["detailed", "twin", "twin"]),
        ("?created_at_from=x&created_at_to=9999-12-31", ["draft", "detailed", "twin", "twin"]),
    ],
)
def test_the_list_is_narrowed(staff, query, shown):
    TopicFactory(title="draft", status="draft", partner_age_lower=25)
    TopicDetailFactory(topic__title="detailed")
    TopicFactory.create_batch(2, title="twin")
    # The last second of the day in Seoul.
    Topic.objects.filter(title="draft").update(created_at="2026-03-14T14:59:59Z")
    assert sorted(topic.title for topic in listed(staff, query).values()) == sorted(shown)


def test_the_list_takes_as_many_statements_for_many_rows_as_for_few(staff):
    def statements():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            listed(staff)
        return len(queries)

    TopicFactory.create_batch(3)
    few = statements()
    TopicDetailFactory.create_batch(30)
    assert statements() == few <= 20


def test_a_page_of_the_list_is_all_that_is_read(staff):
    TopicFactory.create_batch(40)
    with CaptureQueriesContext(connection) as queries:
        assert len(listed(staff)) == 30
    selects = [query["sql"] for query in queries if 'FROM "topics_topic"' in query["sql"]]
    assert selects
    assert all("LIMIT" in sql or " IN (" in sql for sql in selects)


def test_titles_and_statuses_are_edited_in_place(staff):
    topic = TopicFactory(title="오타가 있는 재목")
    form = row_form(topic) | {"form-0-title": "오타가 없는 제목", "form-0-status": "hidden"}
    assert staff.post(LIST, form).status_code == 302
    topic.refresh_from_db()
    assert (topic.title, topic.status) == ("오타가 없는 제목", "hidden")


def row_form(topic):
    return {
        "form-TOTAL_FORMS": 1,
        "form-INITIAL_FORMS": 1,
        "form-0-id": topic.pk,
        "form-0-title": topic.title,
        "initial-form-0-title": topic.title,
        "form-0-status": topic.status,
        "initial-form-0-status": topic.status,
        "_save": "1",
    }


def test_a_row_that_changed_meanwhile_is_refused(staff):
    topic = TopicFactory(title="처음")
    form = row_form(topic) | {"form-0-title": "내 제목"}
    Topic.objects.update(title="남의 제목")
    answer = staff.post(LIST, form)
    assert "그사이 다른 사람이 ‘남의 제목’" in answer.content.decode()
    topic.refresh_from_db()
    assert topic.title == "남의 제목"


def test_a_row_is_saved_beside_another_field_that_changed_meanwhile(staff):
    topic = TopicFactory(title="처음")
    form = row_form(topic) | {"form-0-title": "내 제목"}
    Topic.objects.update(status="hidden", subtitle="남의 부제")
    staff.post(LIST, form)
    topic.refresh_from_db()
    assert (topic.title, topic.status, topic.subtitle) == ("내 제목", "hidden", "남의 부제")


def test_a_row_with_a_bad_title_says_so(staff):
    topic = TopicFactory()
    answer = staff.post(LIST, row_form(topic) | {"form-0-title": "50% 할인"})
    assert "제목에는" in answer.content.decode()


def test_a_save_that_is_not_based_on_the_newest_version_shows_both(staff):
    topic = TopicDetailFactory(title="먼저 있던 상세").topic
    form = form_of(topic, title="내 제목", **{"details-0-title": "내 상세"})
    Topic.objects.filter(pk=topic.pk).update(title="남의 제목")
    answer = staff.post(page("change", topic.pk), form)
    content = answer.content.decode()
    assert "그사이 다른 사람이 이 주제를 고쳤습니다" in content
    for text in ("남의 제목", "내 제목", "먼저 있던 상세", "내 상세"):
        assert text in content
    topic.refresh_from_db()
    assert topic.title == "남의 제목"
    shown = answer.context["adminform"].form
    assert shown["title"].value() == "내 제목"
    again = shown["version"].value()
    assert staff.post(page("change", topic.pk), form | {"version": again}).status_code == 302
    topic.refresh_from_db()
    assert topic.title == "내 제목"


def test_a_detail_that_changed_meanwhile_counts_too(staff):
    detail = TopicDetailFactory()
    form = form_of(detail.topic)
    detail.content = "다른 내용"
    detail.save()
    assert staff.post(page("change", detail.topic_id), form).status_code == 200
    detail.refresh_from_db()
    assert detail.content == "다른 내용"


@pytest.mark.parametrize("version", ["", "x", "0" * 64])
def test_a_save_without_a_version_is_refused(staff, version):
    topic = TopicFactory()
    assert staff.post(page("change", topic.pk), form_of(topic, version=version, title="새")).status_code == 200
    assert Topic.objects.get().title == topic.title


def test_details_are_put_in_another_order(staff, client):
    topic = TopicFactory()
    for title in ("하나", "둘"):
        TopicDetailFactory(topic=topic, title=title)
    form = form_of(topic, **{"details-0-position": 2, "details-1-position": 1})
    assert staff.post(page("change", topic.pk), form).status_code == 302
    shown = client.get(f"/topics/{topic.pk}/details").json()["details"]
    assert [detail["itemTitle"] for detail in shown] == ["둘", "하나"]


def test_the_page_shows_what_the_client_shows_and_what_is_similar(staff):
    topic = TopicDetailFactory(topic__title="회식 자리에서 꺼낼 이야기", title="건배할 때").topic
    twin = TopicFactory(title="회식자리에서 꺼낼만한 이야기")
    content = staff.get(page("change", topic.pk)).content.decode()
    assert "건배할 때" in content.split("상세 화면 미리 보기")[1]
    assert f"{twin.pk} · {twin.title}" in content


def test_the_most_similar_come_first_and_strangers_not_at_all(db):
    topic = TopicFactory(title="엘리베이터에서 만난 상사와 나눌 이야기")
    near = TopicFactory(title="엘리베이터에서 만난 상사와 나눌 말")
    same = TopicFactory(title="엘리베이터에서 만난 상사와 나눌이야기.")
    TopicFactory(title="고양이를 키우는 사람에게 묻는 것")
    found = similar_to(topic)
    assert [twin.pk for twin in found] == [same.pk, near.pk]
    assert found[0].similarity == 1 > found[1].similarity >= 0.5


def test_a_topic_in_a_folder_is_hidden_not_deleted(staff):
    kept, free = ScrapTopicFactory().topic, TopicFactory()
    assert staff.post(page("delete", kept.pk), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [kept.pk, free.pk], "post": "yes"}
    answer = staff.post(LIST, chosen)
    assert "폴더에 담겨 있어 숨길 수만 있습니다" in answer.content.decode()
    assert Topic.objects.count() == 2
    staff.post(LIST, chosen | {"_selected_action": [free.pk]})
    assert list(Topic.objects.all()) == [kept]


def test_hiding_shows_in_the_app_at_once(staff, client):
    topic = TopicFactory()
    assert client.get(f"/topics/{topic.pk}/details").status_code == 200
    staff.post(page("change", topic.pk), form_of(topic, status="hidden"))
    assert client.get(f"/topics/{topic.pk}/details").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_of_many_saves_at_the_same_moment_one_is_kept():
    curator = User.objects.create_staff(username="curator", password="x", is_superuser=True)
    topic = TopicDetailFactory().topic
    form = form_of(topic)
    start = Barrier(4)

    def save(number):
        client = Client()
        client.force_login(curator)
        try:
            start.wait(60)
            return client.post(page("change", topic.pk), form | {"title": f"제목 {number}"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(save, range(4)))
    assert sorted(answers) == [200, 200, 200, 302]
    assert Topic.objects.get().title == f"제목 {answers.index(302)}"


@pytest.mark.django_db(transaction=True)
def test_nobody_loses_an_entry_to_a_deletion_at_the_same_moment(sign_in):
    """Whoever of the two is first: the topic stays with its entry, or it is gone and the entry was refused."""
    curator = User.objects.create_staff(username="curator", password="x", is_superuser=True)
    staff = Client()
    staff.force_login(curator)
    app = sign_in()
    scrap = ScrapFactory(user=app.user)
    for _ in range(10):
        topic, start = TopicFactory(), Barrier(2)

        def delete(pk=topic.pk, start=start):
            start.wait(60)
            staff.post(page("delete", pk), {"post": "yes"})
            connection.close()

        def keep(pk=topic.pk, start=start):
            start.wait(60)
            answer = app.post(f"/users/scraps/{scrap.pk}/topics/{pk}")
            connection.close()
            return answer.status_code

        with ThreadPoolExecutor(2) as pool:
            deletion, kept = pool.submit(delete), pool.submit(keep)
            deletion.result()
            expected = kept.result()
        assert expected == (200 if Topic.objects.filter(pk=topic.pk).exists() else 404)
