"""tokpik/fields.py: what a long text costs before it is refused."""

import unicodedata

import pytest
from rest_framework.exceptions import ValidationError

from tokpik import fields

MARKS = "\u0301\u0316"


def test_a_text_that_is_far_too_long_is_refused_before_it_is_normalised(monkeypatch):
    """Normalising takes quadratic time over combining marks: 200 KB of them would hold a process for seconds."""
    monkeypatch.setattr(fields, "clean", lambda text: pytest.fail("it was normalised"))
    with pytest.raises(ValidationError) as refused:
        fields.StrictText(max_length=100).run_validation("a" + MARKS * 50_000)
    assert refused.value.get_codes() == ["max_length"]


def test_no_text_that_fits_once_it_is_normalised_is_refused():
    longest = max(map(chr, range(0x110000)), key=lambda letter: len(unicodedata.normalize("NFD", letter)))
    decomposed = unicodedata.normalize("NFD", longest * 100)
    composed = unicodedata.normalize("NFC", decomposed)
    if len(composed) == 100:
        assert fields.StrictText(max_length=100).run_validation(decomposed) == composed
    hangul = unicodedata.normalize("NFD", "뷁" * 100)
    assert fields.StrictText(max_length=100).run_validation(hangul) == "뷁" * 100
