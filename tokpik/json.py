"""JSON in and out, whatever the Accept header says."""

from typing import Any

import orjson
from django.conf import settings
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from tokpik.errors import ParseError


class Renderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        # A void answer is an empty body.
        return b"" if data is None else orjson.dumps(data)


class Parser(BaseParser):
    """Strict JSON: no NaN, no lone surrogates, at most 1,024 levels deep; a number beyond 64 bits becomes a float."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return orjson.loads(stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
        except orjson.JSONDecodeError as error:
            raise ParseError from error


class Negotiation(BaseContentNegotiation):
    def select_parser(self, request: Any, parsers: Any) -> Any:
        media_type = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type
