"""What is stored about a user, for the user to take away: `GET /users/export`.

Each app says in `sections()` what it keeps; `EXPORTED` in the settings names these functions. It is written to a
temporary file first: memory stays bounded, what fails is an ordinary error, and no connection waits for a slow phone.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from os import SEEK_END
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import orjson
from django.conf import settings
from django.db import transaction
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from tokpik.throttling import Limit
from tokpik.viewsets import ApiViewSet

AS_FILE: dict[str, Any] = {
    "content_type": "application/json",
    "headers": {"Content-Disposition": 'attachment; filename="tokpik.json"'},
}
IN_MEMORY_BYTES = 1024 * 1024
# Rows that are fetched at a time.
ROWS = 1000
EXPORTS_AN_HOUR = Limit("export", 10, seconds=3600)


@dataclass(frozen=True)
class Section:
    """A list of the export: its name there, how a row is shown, and the user's rows.

    Nothing that opens a door is shown: no token, no hash of one, no password.
    """

    name: str
    answer: type[serializers.Serializer[Any]]
    rows: Callable[[Any], Iterable[Any]]


def sections() -> list[Section]:
    return [section for path in settings.EXPORTED for section in import_string(path)()]


class ExportAnswer(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        return {section.name: section.answer(many=True) for section in sections()}


class ExportViewSet(ApiViewSet):
    @extend_schema(tags=["계정"], summary="내 정보 내보내기", responses=ExportAnswer)
    def read(self, request: Request) -> HttpResponseBase:
        EXPORTS_AN_HOUR.check(str(request.user.pk))
        file = export_of(request.user)
        if file.seek(0, SEEK_END) > IN_MEMORY_BYTES:
            file.seek(0)
            return FileResponse(file, **AS_FILE)
        with file:
            file.seek(0)
            return HttpResponse(file.read(), **AS_FILE)


def export_of(user: Any) -> IO[bytes]:
    """A file of one JSON object."""
    file = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  (closed with the answer)
    try:
        with transaction.atomic():
            write(user, file)
    except BaseException:
        file.close()
        raise
    return file


def write(user: Any, out: IO[bytes]) -> None:
    before = b"{"
    for section in sections():
        out.write(before + orjson.dumps(section.name) + b":[")
        show = section.answer().to_representation
        for place, row in enumerate(section.rows(user)):
            out.write((b"," if place else b"") + orjson.dumps(show(row)))
        out.write(b"]")
        before = b","
    out.write(b"}")
