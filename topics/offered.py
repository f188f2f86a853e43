"""The values that the client offers for a filter; anything else was typed by somebody."""

from topics.text import fold

OFFERED = {
    "purposes": ("친목", "소개팅", "비즈니스", "일상"),
    "situations": ("첫만남", "1 : 1", "집단", "상사", "동료", "친구"),
    "moods": ("편안한", "유익한", "유쾌한", "알아가는"),
}
BY_FOLDED = {field: {fold(value): value for value in values} for field, values in OFFERED.items()}


def offered(field: str, value: str) -> str | None:
    """The value of the client's list that this one is, but for case; None for free text."""
    return BY_FOLDED[field].get(fold(value))
