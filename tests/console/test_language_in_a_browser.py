"""Every page of the console speaks Korean and logs no error in a real browser, whoever looks at it"""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import KakaoNotice, KakaoUnlink, Policy, Term, User
from accounts.roles import give_role
from notifications.models import Push
from tests.factories import NotificationFactory, PhoneFactory, ScrapTopicFactory, TopicDetailFactory
from topics.models import GeneratedItem, GenerationRequest, ModelCall

OTHER_PAGES = [
    "/admin/",
    "/admin/topics/",
    "/admin/topics/topic/?q=없는말",
    "/admin/topics/topic/review/",
    "/admin/topics/topic/import/",
    "/admin/topics/topic/export/",
    "/admin/accounts/term/at/",
    "/admin/password_change/",
]


@pytest.fixture
def one_of_each(transactional_db, roles):
    """A row at least of every model that has a page."""
    now = timezone.now()
    phone = PhoneFactory(device="아이폰")
    topic = ScrapTopicFactory(scrap__user=phone.user, topic=TopicDetailFactory().topic).topic
    reminder = NotificationFactory(user=phone.user, topics=[topic])
    Push.objects.create(notification=reminder, slot=0, outcome="failed", reason="unavailable", due_at=now, done_at=now)
    KakaoUnlink.objects.create(kakao_id=1)
    KakaoNotice.objects.create(kakao_id=2)
    term = Term.objects.create(title="이용약관")
    term.sections.create(main_category=1, sub_category=1, title="목적", content="내용")
    Policy.objects.create(title="1. 목적", content="내용")
    asked = {"search": {"purposes": ["친목"], "situations": [], "moods": [], "men": True, "ages": [20, 29]}}
    request = GenerationRequest.objects.create(why="search", status="done", user=phone.user, finished_at=now, **asked)
    GeneratedItem.objects.create(request=request, title="쓴 것", text="부제", outcome="kept", topic=topic)
    call = {"model": "모델", "prompt": "지시문", "day": timezone.localdate(now), "began_at": now}
    ModelCall.objects.create(request=request, why="search", outcome="failed", **call)
    return topic


def pages_of(model):
    """Its list, and the pages of a row; of people, not of staff."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    rows = model._default_manager.exclude(username="직원") if model is User else model._default_manager.all()
    for action, args in [
        ("changelist", []),
        ("add", []),
        *((each, rows[:1]) for each in ("change", "history", "delete")),
    ]:
        try:
            yield reverse(f"{name}_{action}", args=[getattr(row, "pk", row) for row in args])
        except NoReverseMatch:
            continue  # the cache has one page


@pytest.mark.parametrize("role", ["curator", "support", "viewer", "admin"])
def test_every_page_speaks_korean_and_logs_no_error(screens, one_of_each, role):
    user = User.objects.create_staff(username="직원", password="x")
    give_role(user, role)
    client = Client()
    client.force_login(user)
    # What each role may is tested elsewhere: here a refusal would be an error in the browser's console.
    paths = [*OTHER_PAGES, *(path for model in admin.site._registry for path in pages_of(model))]
    visible = [path for path in paths if client.get(path).status_code == 200]
    screen = screens(user)
    for path in visible:
        screen.open(path)
    assert reverse("admin:topics_topic_change", args=[one_of_each.pk]) in visible
