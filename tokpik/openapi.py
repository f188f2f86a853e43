"""The OpenAPI schema: what is true of every call is said here, once; the views add what is theirs."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import is_list_serializer
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from tokpik import errors
from tokpik.fields import BIGGEST_ID, Strict, Text, Uuid
from tokpik.viewsets import ApiViewSet


class Message(Strict):
    schema = {"oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}]}


class Failure(serializers.Serializer[Any]):
    """실패한 요청의 답은 모두 이 모양입니다."""

    message = Message(
        example={"scrapName": "필수 항목입니다."}, help_text="한국어 문장, 또는 잘못된 입력 항목마다 한 문장"
    )
    code = Text(example="invalid", help_text="바뀌지 않는 오류 코드")


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.AccessTokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class StrictFieldSchema(OpenApiSerializerFieldExtension):
    target_class = "tokpik.fields.Strict"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        schema = dict(self.target.schema)
        return schema if self.target.example is None else {**schema, "example": self.target.example}


class Schema(AutoSchema):
    """Takes nothing from docstrings or names of actions, and adds the failures that any call of a kind may answer."""

    def get_description(self) -> str:
        return ""

    def get_auth(self) -> list[dict[str, Any]]:
        """Without the empty one that stands for "also without a token": an open view names no scheme at all."""
        return [scheme for scheme in super().get_auth() if scheme]

    def get_request_serializer(self) -> Any:
        view = self.view
        return getattr(view, "bodies", {}).get(getattr(view, "action", None))

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Where a view says `many=True`, and not since its action is called `list`."""
        return is_list_serializer(self.get_response_serializers() if serializer is None else serializer)

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        return [{"in": "path", "name": name, "required": True, **path_parameter(name)} for name in variables]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        """Every success is a 200, also of POST and DELETE."""
        declared = self.get_response_serializers()
        responses = dict(declared) if isinstance(declared, dict) else {200: declared}
        if self.view.cache_control == "no-cache":
            responses[304] = OpenApiResponse(description="If-None-Match의 ETag와 같음: 빈 본문")
        for kinds in self.failures():
            responses.setdefault(kinds[0].status_code, failure(*kinds))
        return {
            str(status): self._get_response_for_code(responses[status], str(status), direction=direction)
            for status in sorted(responses)
        }

    def failures(self) -> list[tuple[type[errors.Problem], ...]]:
        """What each status that is not the view's own business may mean here."""
        view: ApiViewSet = self.view
        found: list[tuple[type[errors.Problem], ...]] = []
        if view.authentication_classes:
            found.append(
                (errors.NotAuthenticated, errors.TokenInvalid, errors.TokenExpired, errors.SessionRevoked),
            )
        if "{" in self.path:
            found.append((errors.NotFound,))
        if view.action in view.bodies:
            found += [(errors.Invalid, errors.ParseError), (errors.UnsupportedMediaType,)]
        anywhere = (errors.BodyTooLarge, errors.Throttled, errors.UpstreamUnavailable, errors.InternalError)
        return [*found, *((kind,) for kind in anywhere)]


def failure(problem: type[errors.Problem], *more: type[errors.Problem]) -> OpenApiResponse:
    """A failure's documentation: its code and sentence, and those of others with the same status."""
    examples = [
        OpenApiExample(kind.default_code, value=example_of(kind), status_codes=[str(problem.status_code)])
        for kind in (problem, *more)
    ]
    return OpenApiResponse(Failure, description=str(problem.default_detail), examples=examples)


def path_parameter(name: str) -> dict[str, Any]:
    if name == "session_id":
        return {"schema": Uuid.schema, "example": "0b7f6f3e-3f43-4c62-9d6f-0e6d1c7a2b11"}
    schema = {"type": "integer", "format": "int64", "minimum": 1, "maximum": BIGGEST_ID}
    return {"schema": schema, "example": 1}


def example_of(problem: type[errors.Problem]) -> dict[str, Any]:
    return {"message": str(problem.default_detail), "code": problem.default_code}


EMPTY = OpenApiResponse(description="빈 본문")
