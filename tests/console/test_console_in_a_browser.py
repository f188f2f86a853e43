"""What curators do, in a real browser"""

import os
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.console.conftest import PASSWORD
from tests.factories import ScrapTopicFactory, TopicDetailFactory, TopicFactory
from topics.models import GeneratedItem, GenerationRequest, Topic

LIST = "/admin/topics/topic/"


def change(topic):
    return f"{LIST}{topic.pk}/change/"


def status(row):
    return type(row).objects.get(pk=row.pk).status


def shoot(page, name):
    """Keeps a picture for the README where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


@pytest.fixture
def topic(transactional_db):
    return TopicDetailFactory(topic__title="집 데이트에서 들킨 취향", title="냉장고부터 이야기해요").topic


def test_staff_sign_in(screens, curator):
    page = screens().open("/admin/login/?next=/admin/topics/topic/")
    page.fill("[name=username]", curator.username)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    expect(page).to_have_url(f"{page.url.split('/admin')[0]}{LIST}")


def test_a_draft_is_reviewed_by_keyboard(screen, topic):
    drafts = [TopicDetailFactory(topic__title=f"초안 {number}", topic__status="draft").topic for number in range(3)]
    Topic.objects.filter(pk=drafts[0].pk).update(title="집데이트에서 들킨 취향!")
    page = screen.open("/admin/")
    page.get_by_role("link", name="검토", exact=False).click()
    expect(page.get_by_role("heading", name=f"{topic.pk} · 집 데이트에서 들킨 취향")).to_be_visible()
    shoot(page, "review")
    page.keyboard.press("h")
    expect(page.get_by_text(f"{drafts[0].pk}번을 숨겼습니다.")).to_be_visible()
    page.keyboard.press("p")
    expect(page.get_by_text(f"{drafts[1].pk}번을 게시했습니다.")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_text(f"{drafts[1].pk}번을 다시 초안으로 돌렸습니다.")).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="초안 2").first).to_be_visible()
    page.keyboard.press("e")
    page.fill("[name=title]", "고친 초안")
    expect(page.locator("[data-preview] [data-show=title]").first).to_have_text("고친 초안")
    page.locator("button[name=_save], input[name=_save]").first.click()
    expect(page.get_by_role("heading", name="고친 초안").first).to_be_visible()
    screen.look()
    assert [status(draft) for draft in drafts] == ["hidden", "draft", "draft"]


def written_for(topic, *titles):
    """Details that a model wrote and that wait."""
    request = GenerationRequest.objects.create(why="details", status="waiting", topic=topic, finished_at=timezone.now())
    for title in titles:
        text = f"{title}. 먼저 가볍게 묻고, 돌아온 대답에서 다음 질문을 찾아요."
        GeneratedItem.objects.create(request=request, title=title, text=text, outcome="kept")
    return request


def test_written_details_are_reviewed_by_keyboard(screen, topic, sign_in):
    app = sign_in()
    kept, thrown, edited = (TopicFactory(title=f"상세 없는 주제 {number}") for number in (1, 2, 3))
    requests = [
        written_for(each, "요즘 본 것부터 꺼내요", "서로의 순위를 매겨 봐요") for each in (kept, thrown, edited)
    ]

    def in_the_app(topic):
        return [item["itemTitle"] for item in app.get(f"/topics/{topic.pk}/details").json()["details"]]

    page = screen.open("/admin/topics/topic/review/")
    expect(page.get_by_role("heading", name=f"{kept.pk} · {kept.title} · 기다리는 상세")).to_be_visible()
    shoot(page, "review-details")
    screen.look()
    page.keyboard.press("p")
    expect(page.get_by_text(f"{kept.pk}번 주제의 상세를 실었습니다.")).to_be_visible()
    assert in_the_app(kept) == ["요즘 본 것부터 꺼내요", "서로의 순위를 매겨 봐요"]
    page.keyboard.press("u")
    expect(page.get_by_text(f"{kept.pk}번 주제의 상세를 다시 기다리게 했습니다.")).to_be_visible()
    assert in_the_app(kept) == [kept.title]
    page.keyboard.press("n")
    page.get_by_role("heading", name=f"{thrown.pk} · {thrown.title}").wait_for()
    page.keyboard.press("h")
    expect(page.get_by_text(f"{thrown.pk}번 주제의 상세를 버렸습니다.")).to_be_visible()
    page.keyboard.press("e")
    second = page.locator("[name=details-1-title]")
    expect(second).to_have_value("서로의 순위를 매겨 봐요")
    second.fill("한 줄로 줄여 말해요")
    expect(page.locator("[data-preview] [data-show=details] strong").nth(1)).to_have_text("한 줄로 줄여 말해요")
    shoot(page, "edit-details")
    page.locator("button[name=_save], input[name=_save]").first.click()
    expect(page.get_by_text("끝까지 보았습니다")).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name=f"{kept.pk} · {kept.title}")).to_be_visible()
    assert in_the_app(edited) == ["요즘 본 것부터 꺼내요", "한 줄로 줄여 말해요"]
    assert [status(request) for request in requests] == ["waiting", "discarded", "done"]


def test_a_hidden_topic_is_gone_from_the_app(screen, topic, sign_in):
    app = sign_in()
    assert app.get(f"/topics/{topic.pk}/details").status_code == 200
    page = screen.open(change(topic))
    shoot(page, "topic")
    page.select_option("[name=status]", "hidden")
    page.locator("button[name=_save], input[name=_save]").first.click()
    page.wait_for_url(f"**{LIST}")
    assert app.get(f"/topics/{topic.pk}/details").status_code == 404


def test_many_are_published_at_once(screen, topic):
    drafts = TopicFactory.create_batch(3, status="draft")
    ScrapTopicFactory(topic=topic)
    page = screen.open(LIST)
    shoot(page, "topics")
    for draft in drafts:
        page.check(f".action-select[value='{draft.pk}']")
    page.select_option("[name=action]", "publish_selected")
    page.get_by_role("button", name="실행").click()
    expect(page.get_by_text("초안 3개와 숨긴 주제 0개가 게시되어 앱에 나옵니다.")).to_be_visible()
    screen.look()
    page.get_by_role("button", name="게시하기").click()
    expect(page.get_by_text("주제 3개를 게시했습니다.")).to_be_visible()
    assert {status(draft) for draft in drafts} == {"published"}


def upload(page, text):
    page.set_input_files("[name=import_file]", {"name": "t.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.select_option("[name=format]", label="csv")
    page.locator("main form, #content form").locator("[type=submit]").last.click()


def test_a_good_and_a_bad_file_are_imported(screen, topic):
    page = screen.open(f"{LIST}import/")
    upload(page, f"번호,제목,상대 나이 하한\n{topic.pk},고친 제목,스물\n")
    expect(page.get_by_text("‘스물’은(는) 0 이상의 정수가 아닙니다.")).to_be_visible()
    shoot(page, "import")
    screen.look()
    page = screen.open(f"{LIST}import/")
    upload(page, f"번호,제목\n{topic.pk},고친 제목\n")
    expect(page.get_by_text("고친 제목")).to_be_visible()
    screen.look()
    page.locator("form[action*=process_import] [type=submit]").click()
    expect(page.get_by_text("고침 1개")).to_be_visible()
    assert Topic.objects.get().title == "고친 제목"


def test_a_change_is_undone_through_the_history(screen, topic):
    page = screen.open(change(topic))
    page.fill("[name=title]", "잘못 고친 제목")
    page.locator("button[name=_save], input[name=_save]").first.click()
    page = screen.open(f"{LIST}{topic.pk}/history/")
    expect(page.get_by_text("curator").last).to_be_visible()
    shoot(page, "history")
    page.get_by_role("link", name="이 변경 전으로 되돌리기").click()
    screen.look()
    page.get_by_role("button", name="되돌리기").click()
    expect(page.get_by_text("그때의 내용으로 되돌렸습니다.")).to_be_visible()
    assert Topic.objects.get().title == "집 데이트에서 들킨 취향"


def test_two_curators_on_one_topic_do_not_overwrite_each_other(screens, curator, topic):
    one, two = screens(curator), screens(curator)
    for screen in (one, two):
        screen.open(change(topic))
    for screen, title in ((one, "먼저 고친 제목"), (two, "나중에 고친 제목")):
        screen.page.fill("[name=title]", title)
        screen.page.locator("button[name=_save], input[name=_save]").first.click()
    expect(two.page.get_by_text("그사이 다른 사람이 이 주제를 고쳤습니다").first).to_be_visible()
    expect(two.page.get_by_role("cell", name="먼저 고친 제목")).to_be_visible()
    expect(two.page.get_by_role("cell", name="나중에 고친 제목")).to_be_visible()
    shoot(two.page, "conflict")
    two.look()
    assert Topic.objects.get().title == "먼저 고친 제목"
    two.page.locator("button[name=_save], input[name=_save]").first.click()
    two.page.wait_for_url(f"**{LIST}")
    assert Topic.objects.get().title == "나중에 고친 제목"
