"""How text is kept: Unicode NFC, trimmed. (A Mac sends Hangul decomposed, NFD.)"""

import unicodedata
from typing import Any

from django.db import models


def clean(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


class TrimmedCharField(models.CharField):
    """A CharField that stores NFC without surrounding white space, however the row is written through the ORM."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return clean(value) if isinstance(value, str) else value


class TrimmedTextField(models.TextField):
    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return clean(value) if isinstance(value, str) else value
