"""How numbers stand on the console's pages."""

from django import template

from topics.cache_report import Use

register = template.Library()


@register.filter
def percent(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.1%}"


@register.filter
def counted(use: Use, name: str) -> int:
    return int(use.number(name))
