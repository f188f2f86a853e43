"""Serializer fields as strict as the contract: a value is of its JSON type or refused with a Korean sentence.

The REST framework's own take 3.5 for a string, "yes" for a boolean, "5" for a whole number, and Arabic digits.
"""

import re
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers

from tokpik.text import clean

BIGGEST_ID = 2**63 - 1
# What a whole number looks like in a path, a query or a form: Python's int() also takes Arabic digits and signs.
DIGITS = re.compile(r"[0-9]{1,19}")
REQUIRED = {"required": "필수 항목입니다.", "null": "비워 둘 수 없습니다."}
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(:[0-5][0-9])?")


def whole_number(text: str, *, least: int = 0, most: int = BIGGEST_ID) -> int | None:
    """The number that ASCII digits write, from `least` to `most`; None for any other text."""
    if not DIGITS.fullmatch(text):
        return None
    number = int(text)
    return number if least <= number <= most else None


class Strict(serializers.Field):
    """A field with an `example` for the schema; `schema` is its JSON type there (`tokpik.openapi`)."""

    schema: Any

    def __init__(self, *, example: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.example = example

    def to_representation(self, value: Any) -> Any:
        return value


class StrictText(Strict):
    """A string of 1 to `max_length` letters after trimming; NFC."""

    default_error_messages = {
        **REQUIRED,
        "type": "문자열이어야 합니다.",
        "blank": "비워 둘 수 없습니다.",
        "max_length": "{max_length}자까지 쓸 수 있습니다.",
        "nul": "쓸 수 없는 문자가 들어 있습니다.",
    }

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length
        self.schema = {"type": "string", "minLength": 1, "maxLength": max_length}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("type")
        if "\0" in data:
            self.fail("nul")
        # Before it is normalised, which takes quadratic time: of one letter of NFC there are four at most before.
        if len(data.strip()) > 4 * self.max_length:
            self.fail("max_length", max_length=self.max_length)
        text = clean(data)
        if not text:
            self.fail("blank")
        if len(text) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return text


class AnyText(Strict):
    """Any string, as it is sent: one that names nothing does no harm."""

    schema = {"type": "string"}
    default_error_messages = {**REQUIRED, "type": "문자열이어야 합니다."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("type")
        return data


class StrictBoolean(Strict):
    schema = {"type": "boolean"}
    default_error_messages = {**REQUIRED, "type": "true 또는 false여야 합니다."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("type")
        return data


class StrictInteger(Strict):
    """A whole number, `least` to `most`."""

    default_error_messages = {
        **REQUIRED,
        "type": "정수여야 합니다.",
        "range": "{least}부터 {most}까지의 정수여야 합니다.",
    }

    def __init__(self, *, least: int = 1, most: int = BIGGEST_ID, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least, self.most = least, most
        self.schema = {"type": "integer", "format": "int64", "minimum": least, "maximum": most}

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("type")
        if not self.least <= data <= self.most:
            self.fail("range", least=self.least, most=self.most)
        return data


class StrictDate(Strict):
    """`YYYY-MM-DD` and nothing else that ISO 8601 allows."""

    schema = {"type": "string", "format": "date"}

    default_error_messages = {**REQUIRED, "format": "YYYY-MM-DD 형식의 날짜여야 합니다."}

    def to_internal_value(self, data: Any) -> date:
        if not isinstance(data, str) or not DATE.fullmatch(data):
            self.fail("format")
        try:
            return date.fromisoformat(data)
        except ValueError:
            self.fail("format")

    def to_representation(self, value: date) -> str:
        return value.isoformat()


class StrictTime(Strict):
    """`HH:mm` or `HH:mm:ss` and nothing else that ISO 8601 allows; the seconds are dropped. Answered as `HH:mm`."""

    schema = {"type": "string", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"}

    default_error_messages = {**REQUIRED, "format": "HH:mm 형식의 시각이어야 합니다."}

    def to_internal_value(self, data: Any) -> time:
        written = TIME.fullmatch(data) if isinstance(data, str) else None
        if written is None:
            self.fail("format")
        return time(int(written[1]), int(written[2]))

    def to_representation(self, value: time) -> str:
        return f"{value:%H:%M}"


class StrictList(serializers.ListField):
    """A list of at most `max_length` of `child`; with `unique`, without duplicates."""

    default_error_messages = {
        **REQUIRED,
        "not_a_list": "목록이어야 합니다.",
        "empty": "하나 이상 골라 주세요.",
        "max_length": "{max_length}개까지 보낼 수 있습니다.",
        "duplicate": "같은 값이 두 번 들어 있습니다.",
    }

    def __init__(self, *, max_length: int, unique: bool = False, **kwargs: Any) -> None:
        self.longest, self.unique = max_length, unique
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            self.fail("not_a_list")
        if not self.allow_empty and not data:
            self.fail("empty")
        if len(data) > self.longest:
            self.fail("max_length", max_length=self.longest)
        values = self.run_child_validation(data)
        if self.unique and len(set(values)) != len(values):
            self.fail("duplicate")
        return values


class Text(Strict):
    """A string in an answer."""

    schema = {"type": "string"}

    def to_representation(self, value: Any) -> str:
        return str(value)


class TextOrNull(Strict):
    """A string in an answer, null for an empty one."""

    schema = {"type": ["string", "null"]}

    def to_representation(self, value: Any) -> str | None:
        return str(value) or None


class Timestamp(Strict):
    """A moment in an answer: ISO 8601 with +09:00."""

    schema = {"type": "string", "format": "date-time"}

    def to_representation(self, value: datetime) -> str:
        return timezone.localtime(value).isoformat()


class Uuid(Strict):
    schema = {"type": "string", "format": "uuid"}

    def to_representation(self, value: UUID) -> str:
        return str(value)
