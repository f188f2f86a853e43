"""What staff see of what a model wrote, and what they decide."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import give_role
from tests.factories import TopicDetailFactory, TopicFactory, UserFactory
from topics.models import GeneratedItem, GenerationRequest, ModelCall, TopicDetail


@pytest.fixture
def staff(db):
    client = Client()
    client.force_login(User.objects.create_staff(username="staff", password="x", is_superuser=True))
    return client


@pytest.fixture
def waiting(db):
    """Details of a published topic that wait."""
    request = GenerationRequest.objects.create(why="details", status="waiting", topic=TopicFactory())
    GeneratedItem.objects.create(request=request, title="첫 방법", text="가" * 100, outcome="kept")
    GeneratedItem.objects.create(request=request, title="나쁜 방법", text="짧음", outcome="unfit", reason="글의 길이")
    return request


def called(outcome, day=None, **fields):
    now = timezone.now()
    fields = {"why": "search", "prompt": "topics-1", "model": "gpt-4.1-mini", "began_at": now, **fields}
    return ModelCall.objects.create(outcome=outcome, day=day or timezone.localdate(now), **fields)


def page(client, name, *args, query=""):
    answer = client.get(reverse(f"admin:topics_{name}", args=args) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def act(client, action, request):
    path = reverse("admin:topics_generationrequest_changelist")
    return client.post(path, {"action": action, "_selected_action": [request.pk]}, follow=True)


def test_a_request_shows_its_items_with_their_similarity_and_its_calls(staff, waiting):
    nearest = TopicFactory(title="아주 비슷한 주제")
    GeneratedItem.objects.create(
        request=waiting, title="두 번 쓴 주제", text="부제", outcome="duplicate", similarity=0.87, nearest=nearest
    )
    called("written", request=waiting, cost=Decimal("0.00076"))
    content = page(staff, "generationrequest_change", waiting.pk)
    for shown in ("첫 방법", "글의 길이", "0.87", "아주 비슷한 주제", "0.000760"):
        assert shown in content


@pytest.mark.parametrize(
    ("search", "words"),
    [
        (
            {"purposes": ["친목"], "situations": ["첫만남", "친구"], "moods": [], "men": True, "ages": [20, 29]},
            "목적 친목 / 상황 첫만남, 친구 / 남성 / 20–29세",
        ),
        ({"purposes": [], "situations": [], "moods": [], "men": False, "ages": None}, "조건 없이"),
    ],
)
def test_a_search_is_told_in_words(staff, search, words):
    request = GenerationRequest.objects.create(why="search", search=search)
    assert words in page(staff, "generationrequest_changelist")
    assert words in page(staff, "generationrequest_change", request.pk)


def test_a_search_by_interests_names_the_tags(staff):
    topic = TopicFactory()
    search = {"topic_tags": [topic.topic_tag_id], "place_tags": [topic.place_tag_id]}
    request = GenerationRequest.objects.create(why="search", search=search)
    words = f"관심사: {topic.topic_tag}, {topic.place_tag}"
    assert words in page(staff, "generationrequest_change", request.pk)
    request.search = {"topic_tags": [], "place_tags": []}
    request.save()
    assert "관심사: 고르지 않음" in page(staff, "generationrequest_change", request.pk)


@pytest.mark.parametrize("role", ["curator", "admin"])
def test_who_asked_is_for_those_to_see_who_may_look_at_people(roles, waiting, role):
    give_role(user := User.objects.create_staff(username=role, password="x"), role)
    client = Client()
    client.force_login(user)
    person = UserFactory()
    GenerationRequest.objects.update(user=person)
    topic = TopicFactory(made_for=person)
    call = called("written", user=person)
    pages = [
        page(client, "generationrequest_changelist"),
        page(client, "generationrequest_change", waiting.pk),
        page(client, "modelcall_change", call.pk),
        page(client, "topic_change", topic.pk),
    ]
    assert {str(person) in each for each in pages} == {role == "admin"}


def test_the_list_takes_as_many_statements_for_many_as_for_few(staff):
    def statements():
        with CaptureQueriesContext(connection) as queries:
            page(staff, "generationrequest_changelist")
        return len(queries)

    def add(count):
        for topic in TopicFactory.create_batch(count):
            GenerationRequest.objects.create(
                why="search", search={"topic_tags": [topic.topic_tag_id], "place_tags": []}
            )
            GenerationRequest.objects.create(why="details", topic=topic)

    add(2)
    few = statements()
    add(8)
    assert statements() == few <= 20


def test_the_calls_are_filtered(staff):
    called("written")
    called("limited", why="details")
    assert page(staff, "modelcall_changelist", query="?outcome__exact=limited").count("field-outcome") == 1
    assert page(staff, "modelcall_changelist", query="?why__exact=bulk").count("field-outcome") == 0


def test_spending_and_failures_stand_by_day(staff):
    for outcome in ("written", "written", "failed", "nothing_fit"):
        called(outcome, input_tokens=700, output_tokens=300, cost=Decimal("0.1"))
    called("under_way")
    called("written", day=timezone.localdate() - timedelta(days=20))
    content = page(staff, "modelcall_changelist")
    table = content.split('id="spending"')[1].split("</table>")[0]
    cells = [cell.split("</td>")[0] for cell in table.split("<td>")[1:]]
    assert cells == ["5", "2", "40.0%", "2800", "1200", "0.4000"]


def test_staff_put_details_into_the_catalogue(staff, waiting):
    answer = act(staff, "put_in", waiting)
    assert "1건을 실었습니다" in answer.content.decode()
    assert list(TopicDetail.objects.values_list("title", flat=True)) == ["첫 방법"]
    waiting.refresh_from_db()
    assert waiting.status == "done"


def test_staff_throw_details_away(staff, waiting):
    act(staff, "throw_away", waiting)
    waiting.refresh_from_db()
    assert waiting.status == "discarded"
    assert not TopicDetail.objects.exists()


@pytest.mark.parametrize("status", ["open", "done", "failed", "discarded"])
def test_only_what_waits_is_decided_on(staff, waiting, status):
    GenerationRequest.objects.update(status=status)
    assert "0건" in act(staff, "put_in", waiting).content.decode()
    assert not TopicDetail.objects.exists()


def test_who_may_only_look_decides_nothing(waiting):
    viewer = User.objects.create_staff(username="viewer", password="x")
    viewer.user_permissions.add(Permission.objects.get(codename="view_generationrequest"))
    client = Client()
    client.force_login(viewer)
    act(client, "put_in", waiting)
    waiting.refresh_from_db()
    assert waiting.status == "waiting"


def test_nothing_is_written_there(staff, waiting):
    for model, pk in (("generationrequest", waiting.pk), ("modelcall", called("written").pk)):
        for action in ("change", "delete"):
            path = reverse(f"admin:topics_{model}_{action}", args=[pk])
            assert staff.post(path, {"post": "yes"}).status_code == 403


def test_a_topic_says_that_a_model_wrote_it(staff):
    TopicDetailFactory(topic=TopicFactory(source="generated"))
    assert "AI 작성" in page(staff, "topic_changelist").split('id="result_list"')[1]
