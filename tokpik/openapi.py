"""The OpenAPI schema: what is true of every call is said here, once; the views add what is theirs."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers

from tokpik import errors
from tokpik.viewsets import ApiViewSet


class Failure(serializers.Serializer[Any]):
    """The shape of every failure."""

    message = serializers.JSONField(help_text="한국어 문장, 또는 입력 항목마다 한 문장")
    code = serializers.CharField(help_text="바뀌지 않는 오류 코드")


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
    """Adds to each operation the failures that any call of its kind may answer with."""

    def get_request_serializer(self) -> Any:
        view = self.view
        return getattr(view, "bodies", {}).get(getattr(view, "action", None))

    def get_response_serializers(self) -> Any:
        declared = super().get_response_serializers()
        responses = dict(declared) if isinstance(declared, dict) else {200: declared}
        for problem in self.problems():
            responses.setdefault(problem.status_code, failure(problem))
        return responses

    def problems(self) -> list[type[errors.Problem]]:
        view: ApiViewSet = self.view
        found: list[type[errors.Problem]] = []
        if getattr(view, "authentication_classes", None):
            found.append(errors.NotAuthenticated)
        if "{" in self.path:
            found.append(errors.NotFound)
        if getattr(view, "action", None) in getattr(view, "bodies", {}):
            found += [errors.Invalid, errors.UnsupportedMediaType]
        return [*found, errors.BodyTooLarge, errors.Throttled, errors.UpstreamUnavailable, errors.InternalError]


def failure(problem: type[errors.Problem], *more: type[errors.Problem]) -> OpenApiResponse:
    """A failure's documentation: its code and sentence, and those of others with the same status."""
    examples = [
        OpenApiExample(kind.default_code, value=example_of(kind), status_codes=[str(problem.status_code)])
        for kind in (problem, *more)
    ]
    return OpenApiResponse(Failure, description=str(problem.default_detail), examples=examples)


def example_of(problem: type[errors.Problem]) -> dict[str, Any]:
    return {"message": str(problem.default_detail), "code": problem.default_code}


EMPTY = OpenApiResponse(description="빈 본문")
