"""How texts are compared."""

import re

from tokpik.text import clean

NOT_LETTERS = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Equal for texts that are equal but for case and for how they are composed."""
    return clean(clean(text).casefold())


def squeeze(text: str) -> str:
    """Its folded letters and digits alone: equal for texts that read alike."""
    return NOT_LETTERS.sub("", fold(text))
