"""/admin/topics/topic/review/: what waits for staff, one after another"""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import give_role
from tests.factories import TopicDetailFactory, TopicFactory
from tests.topics.conftest import form_of, page
from topics.generation.publishing import publish_step
from topics.models import GeneratedItem, GenerationRequest, Topic

REVIEW = "/admin/topics/topic/review/"
TOLD = "그사이 다른 사람이"


@pytest.fixture
def drafts(db):
    TopicFactory()
    return [TopicDetailFactory(topic__status="draft").topic for _ in range(3)]


def details_waiting(**fields):
    """Two details that wait, of a published topic, and one that the checks dropped."""
    fields = {"why": "details", "status": "waiting", "finished_at": timezone.now()} | fields
    request = GenerationRequest.objects.create(topic=TopicFactory(), **fields)
    for title in ("첫 방법", "둘째 방법"):
        GeneratedItem.objects.create(request=request, title=title, text=f"{title}의 내용", outcome="kept")
    GeneratedItem.objects.create(request=request, title="나쁜 방법", text="짧음", outcome="unfit", reason="글의 길이")
    return request


@pytest.fixture
def waiting(db):
    return details_waiting()


def draft(topic):
    return f"draft-{topic.pk}"


def details(request):
    return f"details-{request.pk}"


def before(place):
    kind, pk = place.split("-")
    return f"{kind}-{int(pk) - 1}"


def shown(answer):
    """The place of what is shown; None at the end of the queue."""
    assert answer.status_code == 200
    return answer.context["item"] and str(answer.context["item"].place)


def decide(staff, place, decision, **form):
    item = staff.get(REVIEW, {"after": before(place)}).context["item"]
    form = {"after": before(place), "place": place, "version": item.version, decision: "1"} | form
    return staff.post(REVIEW, form, follow=True)


def undo(staff):
    return staff.post(REVIEW, {"undo": "1"}, follow=True)


def status(row):
    return type(row).objects.get(pk=row.pk).status


def titles(request):
    return list(request.topic.details.values_list("title", flat=True))


def test_the_oldest_draft_comes_first_and_a_decision_brings_the_next(staff, drafts):
    assert shown(staff.get(REVIEW)) == draft(drafts[0])
    assert shown(decide(staff, draft(drafts[0]), "publish")) == draft(drafts[1])
    assert shown(decide(staff, draft(drafts[1]), "hide")) == draft(drafts[2])
    assert [status(topic) for topic in drafts] == ["published", "hidden", "draft"]


def test_details_of_published_topics_come_before_drafts(staff, drafts, waiting):
    other = details_waiting()
    assert shown(staff.get(REVIEW)) == details(waiting)
    assert shown(decide(staff, details(waiting), "publish")) == details(other)
    assert shown(decide(staff, details(other), "hide")) == draft(drafts[0])
    assert (status(waiting), status(other)) == ("done", "discarded")
    assert titles(waiting) == ["첫 방법", "둘째 방법"]
    assert titles(other) == []


def test_details_are_shown_as_the_client_would_show_them_beside_what_it_shows_now(staff, waiting):
    page = staff.get(REVIEW).content.decode()
    written, now = page.split("지금 앱에서 보이는 모습")
    assert written.index("첫 방법의 내용") < written.index("둘째 방법의 내용")
    assert "나쁜 방법" not in page
    assert f"<strong>{waiting.topic.title}</strong><br>{waiting.topic.subtitle}" in now
    assert "첫 방법" not in now


def test_details_that_were_let_in_reach_the_client_and_are_gone_once_taken_back(staff, client, waiting):
    def details():
        return [item["itemTitle"] for item in client.get(f"/topics/{waiting.topic_id}/details").json()["details"]]

    assert details() == [waiting.topic.title]
    decide(staff, f"details-{waiting.pk}", "publish")
    assert details() == ["첫 방법", "둘째 방법"]
    assert shown(undo(staff)) == f"details-{waiting.pk}"
    assert details() == [waiting.topic.title]
    assert status(waiting) == "waiting"


def test_what_was_passed_over_comes_again_at_the_end(staff, drafts, waiting):
    assert shown(staff.get(REVIEW, {"after": details(waiting)})) == draft(drafts[0])
    answer = staff.get(REVIEW, {"after": draft(drafts[2])})
    assert shown(answer) is None
    assert "넘긴 것이 남아 있습니다" in answer.content.decode()


def test_an_empty_queue_says_so(staff, db):
    assert "기다리는 것이 없습니다" in staff.get(REVIEW).content.decode()


def test_details_of_a_topic_that_nobody_sees_do_not_wait(staff, waiting):
    waiting.topic.hide()
    assert shown(staff.get(REVIEW)) is None
    waiting.topic.publish()
    assert shown(staff.get(REVIEW)) == details(waiting)


def test_decisions_are_taken_back_one_by_one(staff, drafts, waiting):
    decide(staff, details(waiting), "hide")
    decide(staff, draft(drafts[0]), "publish")
    decide(staff, draft(drafts[1]), "hide")
    assert [shown(undo(staff)) for _ in range(3)] == [draft(drafts[1]), draft(drafts[0]), details(waiting)]
    assert [status(topic) for topic in drafts] == ["draft"] * 3
    assert status(waiting) == "waiting"
    assert undo(staff).status_code == 200


def test_details_that_were_taken_back_enter_by_themselves_when_it_is_time(staff, waiting):
    decide(staff, details(waiting), "hide")
    GenerationRequest.objects.update(finished_at=timezone.now() - timedelta(hours=24))
    assert publish_step() is False
    undo(staff)
    assert publish_step() is True
    assert titles(waiting) == ["첫 방법", "둘째 방법"]


@pytest.mark.parametrize("decision", ["publish", "hide"])
def test_a_decision_that_somebody_has_written_over_is_not_taken_back(staff, drafts, waiting, decision):
    for place, topic in ((draft(drafts[0]), drafts[0]), (details(waiting), waiting.topic)):
        decide(staff, place, decision)
        Topic.objects.filter(pk=topic.pk).update(title="그사이 고침")
        assert TOLD in undo(staff).content.decode()
    assert status(drafts[0]) == {"publish": "published", "hide": "hidden"}[decision]
    assert status(waiting) == {"publish": "done", "hide": "discarded"}[decision]
    assert titles(waiting) == (["첫 방법", "둘째 방법"] if decision == "publish" else [])


def test_details_that_staff_have_rewritten_are_not_taken_away(staff, waiting):
    decide(staff, details(waiting), "publish")
    waiting.topic.details.filter(title="둘째 방법").update(content="직원이 고친 내용")
    assert TOLD in undo(staff).content.decode()
    assert titles(waiting) == ["첫 방법", "둘째 방법"]


def test_what_changed_while_it_was_looked_at_is_shown_again(staff, drafts, waiting):
    for place, row in ((draft(drafts[0]), drafts[0]), (details(waiting), waiting)):
        before = status(row)
        answer = decide(staff, place, "publish", version="0" * 64)
        assert TOLD in answer.content.decode()
        assert shown(answer) == place
        assert status(row) == before


def test_what_another_has_decided_on_meanwhile_is_told(staff, drafts, waiting):
    for place, row in ((details(waiting), waiting), (draft(drafts[0]), drafts[0])):
        version = staff.get(REVIEW, {"after": before(place)}).context["item"].version
        decide(staff, place, "hide")
        decided = status(row)
        answer = staff.post(
            REVIEW, {"after": before(place), "place": place, "version": version, "publish": "1"}, follow=True
        )
        assert TOLD in answer.content.decode()
        assert status(row) == decided
    assert titles(waiting) == []


def test_details_are_not_let_in_beside_what_staff_wrote_meanwhile(staff, waiting):
    TopicDetailFactory(topic=waiting.topic, title="직원이 쓴 방법")
    page = staff.get(REVIEW).content.decode()
    assert 'name="publish"' not in page
    assert "직원이 쓴 방법" in page
    assert TOLD in decide(staff, details(waiting), "publish").content.decode()
    assert status(waiting) == "waiting"
    decide(staff, details(waiting), "hide")
    undo(staff)
    assert titles(waiting) == ["직원이 쓴 방법"]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"publish": "1"},
        {"publish": "1", "place": "x"},
        {"publish": "1", "place": "topic-1"},
        {"publish": "1", "place": "draft-x"},
        {"publish": "1", "place": f"draft-{9**9}"},
        {"publish": "1", "place": f"draft-{2**64}"},
        {"hide": "1", "place": f"details-{9**9}"},
    ],
)
def test_nonsense_decides_nothing(staff, drafts, form):
    assert shown(staff.post(REVIEW, form, follow=True)) == draft(drafts[0])
    assert shown(staff.get(REVIEW, {"after": form.get("place", "-")[:7]})) == draft(drafts[0])


def test_near_duplicates_stand_beside_a_draft(staff, drafts):
    Topic.objects.filter(pk=drafts[0].pk).update(title="비 오는 날 듣는 노래")
    twin = TopicFactory(title="비오는 날 듣는 노래")
    assert [found.pk for found in staff.get(REVIEW).context["twins"]] == [twin.pk]


def test_who_edits_a_draft_comes_back_to_the_queue(staff, drafts):
    answer = staff.post(
        page("change", drafts[0].pk) + f"?review={draft(drafts[0])}", form_of(drafts[0], title="고친 제목")
    )
    assert answer["Location"] == f"{REVIEW}?after={before(draft(drafts[0]))}"


def edited(request, *texts):
    """What the page of the topic sends, with these details in its form."""
    form = {"details-TOTAL_FORMS": len(texts), "details-INITIAL_FORMS": 0}
    for number, (title, content) in enumerate(texts):
        form |= {f"details-{number}-title": title, f"details-{number}-content": content, f"details-{number}-id": ""}
        form |= {f"details-{number}-topic": request.topic_id, f"details-{number}-position": ""}
    return form_of(request.topic, **form)


def test_details_are_edited_in_the_topics_own_form(staff, waiting):
    address = page("change", waiting.topic_id) + f"?review={details(waiting)}"
    [formset] = [each.formset for each in staff.get(address).context["inline_admin_formsets"]]
    texts = [(form["title"].value(), form["content"].value()) for form in formset.extra_forms]
    assert texts == [("첫 방법", "첫 방법의 내용"), ("둘째 방법", "둘째 방법의 내용")]
    answer = staff.post(address, edited(waiting, texts[0], ("둘째 방법", "고친 내용")))
    assert answer["Location"] == f"{REVIEW}?after={before(details(waiting))}"
    assert titles(waiting) == ["첫 방법", "둘째 방법"]
    assert waiting.topic.details.last().content == "고친 내용"
    assert status(waiting) == "done"
    assert shown(staff.get(answer["Location"])) is None


def test_details_wait_on_where_the_topic_was_saved_without_them(staff, waiting):
    staff.post(page("change", waiting.topic_id) + f"?review={details(waiting)}", edited(waiting))
    assert status(waiting) == "waiting"


def test_the_form_of_another_topic_holds_no_details_that_wait(staff, waiting):
    other = details_waiting()
    for address in (page("change", other.topic_id), page("change", other.topic_id) + f"?review={details(waiting)}"):
        [formset] = [each.formset for each in staff.get(address).context["inline_admin_formsets"]]
        assert not formset.extra_forms
    staff.post(page("change", other.topic_id) + f"?review={details(waiting)}", edited(other, ("제목", "내용")))
    assert status(waiting) == "waiting"


def test_the_queue_takes_few_statements(staff, drafts, waiting, django_assert_max_num_queries):
    for after in ("", details(waiting)):
        with django_assert_max_num_queries(20):
            staff.get(REVIEW, {"after": after})


@pytest.mark.parametrize("role", ["support", "viewer"])
def test_who_may_not_change_topics_may_not_review(drafts, waiting, roles, role):
    user = User.objects.create_staff(username="onlooker", password="x")
    give_role(user, role)
    client = Client()
    client.force_login(user)
    assert client.get(REVIEW).status_code == 403
    for place in (draft(drafts[0]), details(waiting)):
        assert client.post(REVIEW, {"publish": "1", "place": place}).status_code == 403
    assert (status(drafts[0]), status(waiting)) == ("draft", "waiting")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("decisions", [("publish", "publish"), ("publish", "hide"), ("hide", "hide")])
@pytest.mark.parametrize("kind", ["details", "draft"])
def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(kind, decisions):
    row = details_waiting() if kind == "details" else TopicFactory(status="draft")
    place = f"{kind}-{row.pk}"
    both = []
    for number in range(2):
        client = Client()
        client.force_login(User.objects.create_staff(username=f"curator-{number}", password="x", is_superuser=True))
        version = client.get(REVIEW, {"after": before(place)}).context["item"].version
        both.append((client, {"after": before(place), "place": place, "version": version, decisions[number]: "1"}))
    start = Barrier(2)

    def post(who):
        client, form = who
        start.wait()
        try:
            return client.post(REVIEW, form, follow=True).content.decode()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        pages = list(threads.map(post, both))
    assert sorted(TOLD in each for each in pages) == [False, True]
    won = decisions[[TOLD in each for each in pages].index(False)]
    ended = {"details": {"publish": "done", "hide": "discarded"}, "draft": {"publish": "published", "hide": "hidden"}}
    assert status(row) == ended[kind][won]
    if kind == "details":
        assert titles(row) == (["첫 방법", "둘째 방법"] if won == "publish" else [])
