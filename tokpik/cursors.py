"""Pages by id: `?nextCursorId=…&size=…` (docs/contract.md, Cursors)."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from tokpik.errors import Invalid
from tokpik.fields import BIGGEST_ID, StrictBoolean, StrictInteger, whole_number

SIZE_DEFAULT = 10
SIZE_MOST = 100
Row = TypeVar("Row", bound=Model)

CURSOR = OpenApiParameter(
    "nextCursorId",
    {"type": "integer", "format": "int64", "minimum": 0, "maximum": BIGGEST_ID, "example": 42},
    description="앞 쪽의 nextCursorId; 없으면 첫 쪽, 0이면 전부 한 번에",
)


def size_parameter(default: int, most: int) -> OpenApiParameter:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": default, "example": default}
    return OpenApiParameter("size", schema, description=f"한 쪽의 개수, 1부터 {most}까지")


class PageAnswer(serializers.Serializer[Any]):
    """What every page says beside its `contents`."""

    nextCursorId = StrictInteger(source="next_cursor_id", allow_null=True, example=42, help_text="마지막 쪽이면 null")
    first = StrictBoolean(example=True)
    last = StrictBoolean(example=True)


@dataclass(frozen=True)
class Page(Generic[Row]):
    contents: list[Row]
    next_cursor_id: int | None
    first: bool

    @property
    def last(self) -> bool:
        return self.next_cursor_id is None


def page(rows: QuerySet[Row], request: Request, *, size: int = SIZE_DEFAULT, most: int = SIZE_MOST) -> Page[Row]:
    """The rows after the cursor that the request names, in the order of their ids; all of them for the cursor 0.

    A full page with nothing after it is the last. Raises `Invalid` under the parameter's name.
    """
    wrong: dict[str, str] = {}
    cursor = number(request, "nextCursorId", least=0, most=BIGGEST_ID, default=None, wrong=wrong)
    length = number(request, "size", least=1, most=most, default=size, wrong=wrong)
    if wrong:
        raise Invalid(wrong)
    assert length is not None
    rows = rows.order_by("pk")
    if cursor == 0:
        return Page(list(rows), None, first=True)
    found = list((rows.filter(pk__gt=cursor) if cursor else rows)[: length + 1])
    contents = found[:length]
    return Page(contents, contents[-1].pk if len(found) > length else None, first=cursor is None)


def number(
    request: Request, name: str, *, least: int, most: int, default: int | None, wrong: dict[str, str]
) -> int | None:
    """A whole number in ASCII digits; of repeated parameters the last counts, an empty cursor is none.

    What is wrong with it is noted in `wrong`.
    """
    text = request.query_params.get(name, "")
    if text == "" and (name == "nextCursorId" or name not in request.query_params):
        return default
    value = whole_number(text, least=least, most=most)
    if value is None:
        wrong[name] = f"{least}부터 {most}까지의 정수여야 합니다."
        return default
    return value
