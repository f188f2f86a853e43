"""GET and POST /webhooks/kakao/unlink: Kakao tells of an unlink, and is only noted down."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import KakaoNotice, User
from tests.factories import UserFactory

PATH = "/webhooks/kakao/unlink"
FORM = "application/x-www-form-urlencoded"
KEY = "the-admin-key"


@pytest.fixture(autouse=True)
def _kakao_settings(settings):
    settings.KAKAO_ADMIN_KEY, settings.KAKAO_APP_ID = KEY, 0


def notify(fields, method="post", authorization=f"KakaoAK {KEY}", **extra):
    sent = {"HTTP_AUTHORIZATION": authorization} if authorization is not None else {}
    if method == "get":
        return APIClient().get(f"{PATH}?{urlencode(fields)}", **sent, **extra)
    return APIClient().generic("POST", PATH, urlencode(fields), FORM, **sent, **extra)


def noted():
    return list(KakaoNotice.objects.order_by("kakao_id").values_list("kakao_id", flat=True))


def done(answer):
    return (answer.status_code, answer.content) == (200, b"")


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_it_is_noted_down_and_the_account_is_left_alone(method, sign_in):
    client = sign_in(UserFactory(kakao_id=7001))
    answer = notify({"app_id": "123", "user_id": "7001", "referrer_type": "ACCOUNT_DELETE"}, method)
    assert done(answer)
    notice = KakaoNotice.objects.get()
    assert (notice.kakao_id, notice.tries, notice.leased_until) == (7001, 0, None)
    assert timezone.now() - timedelta(minutes=1) < notice.due_at <= timezone.now()
    assert client.get("/users/tags").status_code == 200
    assert User.objects.filter(kakao_id=7001).exists()


@pytest.mark.django_db
def test_of_kakaos_own_content_type_with_a_charset():
    sent = {"HTTP_AUTHORIZATION": f"KakaoAK {KEY}"}
    assert done(APIClient().generic("POST", PATH, "user_id=7001", f"{FORM};charset=utf-8", **sent))
    assert noted() == [7001]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        KEY,
        "KakaoAK",
        "KakaoAK ",
        f"KakaoAK {KEY[:-1]}",
        f"KakaoAK {KEY}x",
        f"KakaoAK {KEY.upper()}",
        f"Bearer {KEY}",
        f"KakaoAK {KEY}, KakaoAK {KEY}",
        "KakaoAK \xff\xfe",
        "KakaoAK 열쇠".encode().decode("latin-1"),
        "KakaoAK " + "a" * 50_000,
    ],
)
def test_without_the_admin_key_it_is_401_and_nothing_is_noted(method, authorization):
    answer = notify({"user_id": "7001"}, method, authorization)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert noted() == []


@pytest.mark.django_db
def test_a_users_token_opens_nothing(client):
    answer = client.post(PATH, "user_id=7001", content_type=FORM)
    assert answer.status_code == 401
    assert noted() == []


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"user_id": ""},
        {"user_id": "me"},
        {"user_id": "-7001"},
        {"user_id": "0"},
        {"user_id": "7001.0"},
        {"user_id": " 7001"},
        {"user_id": "٧٠٠١"},
        {"user_id": "７００１"},
        {"user_id": str(2**63)},
        {"user_id": "9" * 5000},
        {"user_id": "7001\0"},
        {"id": "7001"},
    ],
    ids=repr,
)
def test_bad_fields_are_answered_alike_and_nothing_is_noted(method, fields):
    assert done(notify(fields, method))
    assert noted() == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b'{"user_id": 7001}', "application/json"),
        (b"{", "application/json"),
        (b"user_id=7001", "text/plain"),
        (b"\xff\xfe=%ff&&&=&user_id", FORM),
        (b"", FORM),
    ],
)
def test_so_is_a_body_that_is_no_form(raw, kind):
    answer = APIClient().generic("POST", PATH, raw, kind, HTTP_AUTHORIZATION=f"KakaoAK {KEY}")
    assert done(answer)
    assert noted() == []


@pytest.mark.django_db
def test_unknown_people_and_the_biggest_id_are_noted_too():
    for kakao_id in (7001, 2**63 - 1):
        assert done(notify({"user_id": kakao_id}))
    assert noted() == [7001, 2**63 - 1]


@pytest.mark.django_db
def test_a_repeat_is_one_note_that_is_due_at_once(django_assert_num_queries):
    notify({"user_id": 7001})
    later = timezone.now() + timedelta(hours=1)
    KakaoNotice.objects.update(due_at=later, tries=5)
    with django_assert_num_queries(1):
        assert done(notify({"user_id": 7001}))
    notice = KakaoNotice.objects.get()
    assert notice.due_at < later - timedelta(minutes=59)
    assert notice.tries == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("app_id", "counts"), [("123", True), ("124", False), ("", False), ("0", False), ("0123", True), (None, False)]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_app_must_be_ours_where_we_know_its_number(settings, method, app_id, counts):
    settings.KAKAO_APP_ID = 123
    fields = {"user_id": "7001"} | ({} if app_id is None else {"app_id": app_id})
    assert done(notify(fields, method))
    assert noted() == ([7001] if counts else [])


@pytest.mark.django_db
def test_other_methods_are_not_allowed():
    answer = APIClient().put(PATH, HTTP_AUTHORIZATION=f"KakaoAK {KEY}")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
