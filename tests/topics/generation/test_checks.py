"""What a model wrote, judged item by item (`topics.generation.checks`)."""

import pytest

from topics.generation.checks import details_in, topics_in
from topics.generation.wishes import Wish

GOOD = {"title": "집 데이트에서 들킨 취향", "subtitle": "냉장고가 먼저 한 말", "topicTag": "인간관계", "placeTag": "집"}
WISH = Wish(
    {"인간관계": 8},
    {"집": 1, "카페": 4},
    asked={"purposes": ["친목", "일상"], "situations": ["친구", "회사 옥상 흡연실"]},
)
GOOD_NAMED = {**GOOD, "purpose": "친목", "situation": "친구"}


def judged(*items, wish=WISH):
    return topics_in({"topics": list(items)}, wish)


def test_a_good_one_has_the_columns_of_a_topic():
    [item] = judged({**GOOD_NAMED, "title": "  집 데이트에서 들킨 취향 ", "more": "무시할 것"})
    assert (item.reason, item.title) == ("", "집 데이트에서 들킨 취향")
    assert item.fields == {
        "topic_tag_id": 8,
        "place_tag_id": 1,
        "situation": "친구",
        "purposes": ["친목"],
        "moods": [],
        "partner_gender": None,
        "partner_age_lower": None,
        "partner_age_upper": None,
    }


def test_one_for_what_was_typed_leaves_the_field_empty():
    [item] = judged({**GOOD_NAMED, "situation": "기타"})
    assert (item.reason, item.fields["situation"]) == ("", "")


def test_the_partner_is_whom_the_search_named():
    [item] = judged(GOOD, wish=Wish({"인간관계": 8}, {"집": 1}, men=True, ages=(0, 19)))
    assert [item.fields[name] for name in ("partner_gender", "partner_age_lower", "partner_age_upper")] == [
        "male",
        0,
        19,
    ]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"topicTag": "우주"}, "없는 태그"),
        ({"topicTag": ["인간관계"]}, "없는 태그"),
        ({"placeTag": None}, "없는 태그"),
        ({"purpose": "면접"}, "없는 값"),
        ({"purpose": "기타"}, "없는 값"),
        ({"situation": 1}, "없는 값"),
        ({"situation": {}}, "없는 값"),
        ({"title": "가" * 31}, "너무 긺"),
        ({"subtitle": "가" * 46}, "너무 긺"),
        ({"title": "집 & 카페"}, "제목에 쓸 수 없는 부호"),
        ({"title": "100% 솔직하게"}, "제목에 쓸 수 없는 부호"),
        ({"title": "집 + 카페"}, "제목에 쓸 수 없는 부호"),
        ({"title": "#집스타그램"}, "제목에 쓸 수 없는 부호"),
        ({"title": "첫 줄\n둘째 줄"}, "쓸 수 없는 글자"),
        ({"title": "거꾸로 \u202e 읽기"}, "쓸 수 없는 글자"),
        ({"title": "English only"}, "쓸 수 없는 글자"),
        ({"subtitle": "English only"}, "쓸 수 없는 글자"),
        ({"title": ""}, "빈 글"),
        ({"title": " "}, "빈 글"),
        ({"title": "글\0"}, "빈 글"),
        ({"subtitle": 7}, "빈 글"),
        ({"subtitle": "가" * 20_000}, "빈 글"),
        ({"title": "회사 옥상 흡연실에서"}, "직접 쓴 말을 옮김"),
        ({"subtitle": "회사옥상, 흡연실 이야기"}, "직접 쓴 말을 옮김"),
    ],
)
def test_each_rule_drops_the_item_that_breaks_it_and_no_other(changed, reason):
    first, bad, last = judged(GOOD_NAMED, {**GOOD_NAMED, **changed}, GOOD_NAMED)
    assert [first.reason, bad.reason, last.reason] == ["", reason, ""]


@pytest.mark.parametrize("item", ["글", None, [], 5])
def test_what_is_no_object_is_dropped(item):
    assert [each.reason for each in judged(item)] == ["형식이 다름"]


@pytest.mark.parametrize("missing", ["title", "subtitle", "topicTag", "placeTag", "purpose", "situation"])
def test_every_field_must_be_there(missing):
    [item] = judged({name: value for name, value in GOOD_NAMED.items() if name != missing})
    assert item.reason


@pytest.mark.parametrize("answer", [None, [], "글", {}, {"topics": None}, {"topics": {}}, {"items": []}])
def test_an_answer_that_is_no_list_is_none(answer):
    assert topics_in(answer, WISH) is None


def test_of_details_the_first_five_good_ones_are_kept():
    good = {"title": "냉장고 문을 열면", "content": "가나다라 " * 25}
    bad = [
        {**good, "content": "짧음"},
        {**good, "content": "가" * 1001},
        {**good, "title": "가" * 46},
        {**good, "title": "#1"},
    ]
    bad += [{**good, "content": "x" * 120}, {"title": "내용이 없음"}, "글"]
    items = details_in({"items": [*bad, *[good] * 7]})
    assert [bool(item.reason) for item in items] == [True] * 7 + [False] * 5
