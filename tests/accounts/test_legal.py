"""The terms and the policy as they are shipped (accounts/legal)."""

import unicodedata
from itertools import groupby

from accounts.seeding import LEGAL, read_policies, read_terms


def test_the_terms_are_numbered_without_gaps():
    for _, document in read_terms():
        chapters = [
            (main, [sub for _, sub, *_ in group]) for main, group in groupby(document["sections"], lambda each: each[0])
        ]
        assert [main for main, _ in chapters] == list(range(1, len(chapters) + 1))
        for _, subs in chapters:
            assert subs == list(range(1, len(subs) + 1))
        assert all(content for *_, content in document["sections"])
        # A section without a title goes on from the one before.
        assert all(title for _, sub, title, _ in document["sections"] if sub == 1)


def test_the_policy_is_numbered_without_gaps():
    titles = [content["title"] for _, content in read_policies()]
    assert [title.partition(". ")[0] for title in titles] == [str(number) for number in range(1, len(titles) + 1)]
    assert all(content["content"] for _, content in read_policies())


def test_the_policy_names_what_leaves_the_service_and_for_how_long_things_are_kept():
    text = "".join(content["content"] for _, content in read_policies())
    for word in ("카카오", "Google", "OpenAI", "푸시", "백업", "AI", "국외", "14세", "90일", "30일", "7일"):
        assert word in text, word


def test_they_are_nfc():
    for file in LEGAL.glob("*.toml"):
        text = file.read_text("utf-8")
        assert unicodedata.normalize("NFC", text) == text
