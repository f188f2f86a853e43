"""The catalogue as it is shipped (`topics/catalogue/*.toml`), as a reader and the client need it."""

import tomllib
import unicodedata
from collections import Counter
from itertools import combinations, product

import pytest

from tests.topics.rules import Asker, Row, kept, related
from topics.seeding import CATALOGUE

TOPIC_TAGS = {
    "love": "사랑과 연애",
    "business": "비즈니스와 업무",
    "ice-breaker": "아이스브레이킹",
    "humor": "유머와 웃음",
    "issue": "요즘 핫한 이슈",
    "hobby": "취미와 여가활동",
    "self-development": "자기 계발",
    "relation": "인간관계",
}
PLACES = {"home": "집", "school": "학교", "work": "직장", "cafe": "카페", "transit": "대중교통"}
PURPOSES = ["친목", "소개팅", "비즈니스", "일상"]
SITUATIONS = ["첫만남", "1 : 1", "집단", "상사", "동료", "친구"]
MOODS = ["편안한", "유익한", "유쾌한", "알아가는"]
NEEDED = {"key", "place", "title", "subtitle", "situation", "purposes", "moods", "details"}
EACH_PAIR = 6
TITLES_ALIKE = 0.5
CONTENTS_ALIKE = 0.35

FILES = sorted(CATALOGUE.glob("*.toml"))
DOCUMENTS = {file.stem: tomllib.loads(file.read_text("utf-8")) for file in FILES}
# (the slug of the tag, the topic)
TOPICS = [(slug, topic) for slug, document in DOCUMENTS.items() for topic in document["topics"]]
every_file = pytest.mark.parametrize("slug", DOCUMENTS)


def wrong(is_right):
    """The keys of the topics that are not as they should be."""
    return [topic["key"] for _, topic in TOPICS if not is_right(topic)]


def test_there_is_a_file_for_each_tag():
    assert {slug: document["tag"] for slug, document in DOCUMENTS.items()} == TOPIC_TAGS


@every_file
def test_a_file_is_composed_unicode_and_holds_known_fields(slug):
    text = (CATALOGUE / f"{slug}.toml").read_text("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert set(DOCUMENTS[slug]) == {"tag", "topics"}
    for topic in DOCUMENTS[slug]["topics"]:
        assert set(topic) - {"partner_gender", "ages"} == NEEDED, topic["key"]
        assert all(set(detail) == {"title", "content"} for detail in topic["details"]), topic["key"]


def test_there_are_six_topics_for_each_pair_of_tags():
    pairs = Counter((slug, topic["place"]) for slug, topic in TOPICS)
    assert len(TOPICS) >= 240
    assert {pair: pairs[pair] for pair in product(TOPIC_TAGS, PLACES.values()) if pairs[pair] < EACH_PAIR} == {}


def test_a_key_is_unique_and_says_the_pair():
    keys = [topic["key"] for _, topic in TOPICS]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    for slug, topic in TOPICS:
        start, _, number = topic["key"].rpartition("-")
        assert number.isdigit()
        assert start in {f"{slug}-{place}" for place, name in PLACES.items() if name == topic["place"]}


def test_texts_are_trimmed_and_as_long_as_a_card_holds():
    assert wrong(lambda topic: 12 <= len(topic["title"]) <= 26 and topic["title"] == topic["title"].strip()) == []
    assert (
        wrong(lambda topic: 20 <= len(topic["subtitle"]) <= 42 and topic["subtitle"] == topic["subtitle"].strip()) == []
    )
    assert wrong(lambda topic: 3 <= len(topic["details"]) <= 5) == []
    for _, topic in TOPICS:
        for detail in topic["details"]:
            title, content = detail["title"], detail["content"]
            assert 4 <= len(title) <= 30, (topic["key"], title)
            assert 100 <= len(content) <= 260, (topic["key"], title)
            assert (title, content) == (title.strip(), content.strip())
            assert "\n" not in title + content


def test_a_title_can_stand_in_an_address_unescaped():
    assert wrong(lambda topic: not set(topic["title"]) & set("&#%+")) == []


def test_every_value_is_one_that_the_client_offers():
    assert wrong(lambda topic: topic["place"] in PLACES.values()) == []
    assert wrong(lambda topic: topic["situation"] in ["", *SITUATIONS]) == []
    for name, offered in (("purposes", PURPOSES), ("moods", MOODS)):
        assert wrong(lambda topic, name=name, offered=offered: set(topic[name]) <= set(offered)) == []
        assert wrong(lambda topic, name=name: len(set(topic[name])) == len(topic[name])) == []
    assert wrong(lambda topic: topic.get("partner_gender", "male") in ("male", "female")) == []
    ages = [topic["ages"] for _, topic in TOPICS if "ages" in topic]
    assert all(14 <= lower <= upper <= 120 for lower, upper in ages)


def as_rows():
    rows = []
    for number, (slug, topic) in enumerate(TOPICS, start=1):
        lower, upper = topic.get("ages", (None, None))
        rows.append(
            Row(
                id=number,
                situation=topic["situation"],
                purposes=topic["purposes"],
                moods=topic["moods"],
                gender=topic.get("partner_gender"),
                lower=lower,
                upper=upper,
                topic_tag=list(TOPIC_TAGS).index(slug),
                place_tag=list(PLACES.values()).index(topic["place"]),
            )
        )
    return rows


def test_nine_topics_in_ten_have_related_ones():
    rows = as_rows()
    lonely = [row.id for row in rows if not related(rows, row)]
    assert len(lonely) <= len(rows) / 10


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("mood", MOODS)
def test_ten_topics_meet_any_search_that_the_client_offers(purpose, situation, mood):
    body = {
        "includeFilterCondition": True,
        "talkPurposes": [purpose],
        "talkSituations": [situation],
        "talkMoods": [mood],
    }
    matching = [row for row in as_rows() if len(kept(row, body, Asker(0))) == 3]
    assert len(matching) >= 10


def trigrams(text):
    """As pg_trgm makes them."""
    words = "".join(letter.lower() if letter.isalnum() else " " for letter in text).split()
    return frozenset(f"  {word} "[start : start + 3] for word in words for start in range(len(word) + 1))


def too_alike(texts, bound):
    found = [(name, trigrams(text)) for name, text in texts]
    return [
        (one, other)
        for (one, left), (other, right) in combinations(found, 2)
        if len(left & right) >= bound * len(left | right)
    ]


def test_no_two_titles_are_nearly_the_same():
    assert too_alike([(topic["key"], topic["title"]) for _, topic in TOPICS], TITLES_ALIKE) == []


def test_no_two_contents_are_nearly_the_same_nor_begin_alike_often():
    contents = [(topic["key"], detail["content"]) for _, topic in TOPICS for detail in topic["details"]]
    assert too_alike(contents, CONTENTS_ALIKE) == []
    openings = Counter(content[:14] for _, content in contents)
    assert [opening for opening, count in openings.items() if count > 2] == []


def test_nearly_the_same_is_found():
    assert trigrams("Tea 집") == {"  t", " te", "tea", "ea ", "  집", " 집 "}
    assert too_alike([("a", "냉장고 문을 열면"), ("b", "냉장고 문을 열면!"), ("c", "책장")], TITLES_ALIKE) == [
        ("a", "b")
    ]
