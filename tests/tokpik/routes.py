"""Every route of the urlconf but the console's, so that what the contract says of all calls is tested of all."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

# The contract, Authorisation.
OPEN = {"/login/kakao", "/refresh", "/logout", "/topic-tags", "/place-tags", "/terms", "/policies"}
OPEN |= {"/webhooks/kakao/unlink", "/schema", "/swagger-ui", "/livez", "/readyz", "/metrics"}
NOBODYS = (999_999_999, "00000000-0000-4000-8000-000000000000")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Route:
    """`template` is the path with its parameters in braces; `methods` are those it answers."""

    template: str
    methods: tuple[str, ...]
    view: Any

    @property
    def open(self) -> bool:
        return self.template in OPEN

    @property
    def path(self) -> str:
        """With an id of nobody's in each parameter."""
        return filled(self.template)

    @property
    def wrong_methods(self) -> list[str]:
        return [method for method in METHODS if method not in self.methods]

    def body_of(self, method: str) -> Any:
        """The serializer of the call's body, None for a call without one."""
        actions = getattr(self.view, "actions", {})
        return getattr(self.view.cls, "bodies", {}).get(actions.get(method.lower()))


def filled(template: str, **ids: object) -> str:
    while "{" in template:
        before, _, rest = template.partition("{")
        name, _, after = rest.partition("}")
        template = f"{before}{ids.get(name, NOBODYS[name == 'session_id'])}{after}"
    return template


def walk(patterns: Any, before: str = "/") -> Iterator[Route]:
    for entry in patterns:
        assert isinstance(entry.pattern, RoutePattern)
        template = before + str(entry.pattern).replace("<str:", "{").replace(">", "}")
        if isinstance(entry, URLResolver):
            if template != "/admin/":
                yield from walk(entry.url_patterns, template)
        else:
            actions = getattr(entry.callback, "actions", None) or {"get": ""}
            methods = tuple(name.upper() for name in actions if name != "head")
            yield Route(template, methods, entry.callback)


ROUTES = list(walk(get_resolver().url_patterns))
CALLS = [(route, method) for route in ROUTES for method in route.methods]
CALLS_WITH_TOKEN = [(route, method) for route, method in CALLS if not route.open]
CALLS_WITH_BODY = [(route, method) for route, method in CALLS if route.body_of(method)]


def name(value: Any) -> str:
    return value.template if isinstance(value, Route) else str(value)
