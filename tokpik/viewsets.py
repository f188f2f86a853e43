"""The viewset that all of the API's are made of: what the contract says of every call, once."""

import re
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from rest_framework import serializers, viewsets
from rest_framework.permissions import SAFE_METHODS, AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from tokpik.addresses import client_address
from tokpik.errors import Invalid, NotFound, UnsupportedMediaType
from tokpik.fields import whole_number
from tokpik.throttling import Limit

# Of one user in a minute: far more than hands can do, far less than a program could.
READS = Limit("reads", settings.READS_A_MINUTE)
WRITES = Limit("writes", settings.WRITES_A_MINUTE)
CANONICAL_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class ApiViewSet(viewsets.ViewSet):
    """Every view needs a token unless it is an `OpenViewSet`.

    `bodies` names, for each action that takes one, the serializer of its body; `limits`, how often an address may
    call it; `user_limits`, how often somebody signed in may, where it is not what is said of all (`limit_of`).
    """

    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    bodies: ClassVar[dict[str, type[serializers.Serializer[Any]]]] = {}
    limits: ClassVar[dict[str, Limit]] = {}
    user_limits: ClassVar[dict[str, Limit | None]] = {}
    cache_control = "no-store"

    def check_throttles(self, request: Request) -> None:
        """Of a path's only action also when the method is a wrong one: 429 comes before 405."""
        for action in [self.action] if self.action else set(self.action_map.values()):
            if action in self.limits:
                self.limits[action].check(client_address(request))
        if request.user and (limit := self.limit_of(request)):
            limit.check(str(request.user.pk))

    def limit_of(self, request: Request) -> Limit | None:
        """Every call of somebody signed in costs the database something, unless its view says otherwise."""
        return self.user_limits.get(self.action or "", READS if request.method in SAFE_METHODS else WRITES)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """401 and 429 first, then 405, then 415: before the view looks at what the path names."""
        super().initial(request, *args, **kwargs)
        has_body = int(request.META.get("CONTENT_LENGTH") or 0) > 0
        if has_body and self.action in self.bodies and not can_read(request):
            raise UnsupportedMediaType

    def body(self) -> Any:
        """The validated body of this action. Raises `ValidationError`, `Invalid` or `ParseError`."""
        assert self.action is not None
        if not isinstance(self.request.data, dict):
            raise Invalid("요청 본문은 JSON 객체여야 합니다.")
        serializer = self.bodies[self.action](data=self.request.data, context={"request": self.request})
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", self.cache_control)
        return response


class OpenViewSet(ApiViewSet):
    """A view without a token; it does not look at a bearer, so a stale one does no harm."""

    authentication_classes: ClassVar[list[Any]] = []  # type: ignore[misc]
    permission_classes = [AllowAny]


def can_read(request: Any) -> bool:
    return request.negotiator.select_parser(request, request.parsers) is not None


def path_id(text: str) -> int:
    """The id that a path names: ASCII digits, within 64 bits. Raises `NotFound`."""
    number = whole_number(text)
    if number is None:
        raise NotFound
    return number


def path_uuid(text: str) -> UUID:
    """The UUID that a path names, in its canonical form. Raises `NotFound`."""
    if not CANONICAL_UUID.fullmatch(text):
        raise NotFound
    return UUID(text)
