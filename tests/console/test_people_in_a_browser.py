"""How staff get in, and what they see first, in a real browser"""

import re

import pytest
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import expect

from accounts import dashboard as accounts
from accounts import second_factor
from scraps import dashboard as scraps
from tests.console.conftest import PASSWORD
from tests.console.test_console_in_a_browser import shoot
from tests.factories import PlaceTagFactory, ScrapTopicFactory, TopicFactory, TopicTagFactory
from tokpik import rollups
from topics import dashboard as topics

TAGS = [
    "사랑과 연애",
    "비즈니스와 업무",
    "아이스브레이킹",
    "유머와 웃음",
    "요즘 핫한 이슈",
    "취미와 여가활동",
    "자기 계발",
    "인간관계",
]
PLACES = ["집", "학교", "직장", "카페", "대중교통"]


def code(device):
    return f"{TOTP(device.bin_key).token():06}"


def give_password(screen, name):
    page = screen.open("/admin/login/?next=/admin/topics/topic/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    return page


def test_staff_enrol_and_come_in_again_by_app_and_by_recovery_code(screens, curator, settings):
    settings.DEVELOPMENT = False
    first = screens()
    page = give_password(first, curator.username)
    expect(page.get_by_role("img", name="QR 코드")).to_be_visible()
    shoot(page, "enrol")
    first.look()
    device = TOTPDevice.objects.get()
    page.fill("[name=code]", "000000")
    page.get_by_role("button", name="등록하기").click()
    expect(page.get_by_text("코드가 맞지 않습니다.")).to_be_visible()
    TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    page.fill("[name=code]", code(device))
    page.get_by_role("button", name="등록하기").click()
    codes = page.locator(".console-codes code").all_inner_texts()
    assert len(codes) == 10
    shoot(page, "recovery-codes")
    first.look()
    page.get_by_role("link", name="보관했습니다").click()
    expect(page).to_have_url(f"{first.address}/admin/topics/topic/")

    second = screens()
    page = give_password(second, curator.username)
    expect(page.get_by_label("인증 코드")).to_be_visible()
    shoot(page, "second-factor")
    second.look()
    page.fill("[name=code]", codes[0])
    page.press("[name=code]", "Enter")
    expect(page).to_have_url(f"{second.address}/admin/topics/topic/")
    page = second.open("/admin/second-factor/codes/")
    expect(page.get_by_text("9개 남았습니다")).to_be_visible()

    TOTPDevice.objects.update(last_t=-1)
    third = screens()
    page = give_password(third, curator.username)
    page.fill("[name=code]", code(device))
    page.press("[name=code]", "Enter")
    expect(page).to_have_url(f"{third.address}/admin/topics/topic/")


@pytest.fixture
def enrolled(curator, settings):
    """The app of somebody who has enrolled, in production."""
    settings.DEVELOPMENT = False
    second_factor.renew_recovery_codes(curator)
    return TOTPDevice.objects.create(user=curator, name="console")


def enter(page, **fields):
    """Fills in a form and sends it by the keyboard; the page is what came of it."""
    for name, value in fields.items():
        page.fill(f"[name={name}]", value)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def wait_no_longer():
    """After a wrong code an app's device takes none for a second, then for two …"""
    TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)


def test_a_wrong_code_opens_nothing_and_the_right_one_does(screens, curator, enrolled):
    screen = screens()
    page = give_password(screen, curator.username)
    expect(page).to_have_url(re.compile("/admin/second-factor/"))
    for wrong in ("000000", "aaaa-bbbb-cccc", "abc"):
        enter(page, code=wrong)
        expect(page.get_by_text("코드가 맞지 않습니다.")).to_be_visible()
        screen.look()
        page = screen.open("/admin/")
        expect(page).to_have_url(re.compile("/admin/second-factor/"))
    wait_no_longer()
    enter(page, code=code(enrolled))
    expect(page).to_have_url(f"{screen.address}/admin/")


def too_many(screen):
    """Whether the page says so; a browser notes the status 429 of a page as an error."""
    expect(screen.page.get_by_text("시도가 너무 많았습니다.")).to_be_visible()
    screen.look()
    assert screen.wrong
    assert all("429" in line for line in screen.wrong)
    screen.wrong.clear()


def test_after_ten_wrong_codes_the_right_one_opens_nothing_either(screens, curator, enrolled):
    screen = screens()
    page = give_password(screen, curator.username)
    for _ in range(10):
        enter(page, code="000000")
        expect(page.get_by_text("코드가 맞지 않습니다.")).to_be_visible()
    wait_no_longer()
    enter(page, code=code(enrolled))
    too_many(screen)
    other = screens()
    page = give_password(other, curator.username)
    enter(page, code=code(enrolled))
    too_many(other)


def test_after_ten_wrong_passwords_the_right_one_opens_nothing_either(screens, curator, enrolled):
    screen = screens()
    page = screen.open("/admin/login/")
    for number in range(11):
        enter(page, username=curator.username, password="wrong" if number < 10 else PASSWORD)
    too_many(screen)


@pytest.fixture
def a_month(transactional_db):
    """Topics in most places, some of them kept, and thirty days of use that grows."""
    for row, tag in enumerate(TAGS):
        for column, place in enumerate(PLACES):
            TopicTagFactory(content=tag), PlaceTagFactory(content=place)
            TopicFactory.create_batch((row * column + row) % 6, tag=tag, place=place)
    for topic in TopicFactory.create_batch(3):
        ScrapTopicFactory.create_batch(2, topic=topic)
    now = timezone.now()
    for count in (topics.count, scraps.rank, scraps.count, accounts.count):
        count(now)
    today = rollups.beginning_of_day(now)
    for ago in range(29, -1, -1):
        used = 40 - ago + (ago * 7) % 11
        day = {"searches": 30 * used, "scraps.added": 5 * used, "users.active": 2 * used, "related.hit": 20 * used}
        day |= {"related.miss": 3 * used + ago, "pushes.sent": 3 * used, "pushes.failed": used // 9, "pushes.missed": 4}
        rollups.set_counts({today - rollups.timedelta(days=ago): day | {"topics.published": 81 - ago}})


@pytest.mark.parametrize(("width", "height"), [(1366, 1500), (390, 1200)])
def test_the_first_page_shows_how_it_goes(screen, a_month, width, height):
    screen.page.set_viewport_size({"width": width, "height": height})
    page = screen.open("/admin/")
    expect(page.get_by_role("img", name="활동한 사용자")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(page, f"dashboard-{width}")
    page.locator(".heat-0 a").first.click()
    expect(page).to_have_url(re.compile("status__exact=published"))
    expect(page.locator("#changelist")).to_be_visible()
    expect(page.locator("#result_list tbody tr")).to_have_count(0)
