"""A line chart as SVG: both axes logarithmic, a legend, nothing else."""

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 40, 70, 60
COLOURS = ("#1f6feb", "#d1242f", "#8250df", "#1a7f37")


class Axis:
    """From values to pixels, over whole decades or parts of them (1, 2, 5)."""

    def __init__(self, values: Sequence[float], first: float, last: float) -> None:
        self.ticks = ticks(min(values), max(values))
        self.first, self.last = first, last

    def at(self, value: float) -> float:
        low, high = math.log(self.ticks[0]), math.log(self.ticks[-1])
        return self.first + (self.last - self.first) * (math.log(value) - low) / (high - low)


def ticks(least: float, most: float) -> list[float]:
    decades = range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
    steps = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
    first = max((step for step in steps if step <= least), default=steps[0])
    last = min((step for step in steps if step >= most and step > first), default=steps[-1])
    return [step for step in steps if first <= step <= last]


def svg(title: str, across: str, up: str, series: Mapping[str, Points]) -> str:
    points = [point for line in series.values() for point in line]
    horizontal = Axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    vertical = Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        ' font-size="13" fill="#1f2328">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        text(LEFT, 24, title, size=16),
        *grid(horizontal, vertical),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, across, anchor="middle"),
        text(LEFT - 55, TOP - 12, up),
        *(
            part
            for place, (name, line) in enumerate(series.items())
            for part in curve(place, name, line, horizontal, vertical)
        ),
    ]
    return "\n".join([*parts, "</svg>\n"])


def grid(horizontal: Axis, vertical: Axis) -> list[str]:
    lines = []
    for tick in horizontal.ticks:
        x = horizontal.at(tick)
        lines += [rule(x, TOP, x, HEIGHT - BOTTOM), text(x, HEIGHT - BOTTOM + 18, label(tick), anchor="middle")]
    for tick in vertical.ticks:
        y = vertical.at(tick)
        lines += [rule(LEFT, y, WIDTH - RIGHT, y), text(LEFT - 8, y + 4, label(tick), anchor="end")]
    return lines


def curve(place: int, name: str, points: Points, horizontal: Axis, vertical: Axis) -> list[str]:
    colour = COLOURS[place % len(COLOURS)]
    pixels = [(horizontal.at(x), vertical.at(y)) for x, y in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in pixels)
    from_left = LEFT + 40 + place * 190
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in pixels),
        f'<line x1="{from_left}" y1="46" x2="{from_left + 24}" y2="46" stroke="{colour}" stroke-width="2.5"/>',
        text(from_left + 30, 50, name),
    ]


def rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#d1d9e0"/>'


def text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 13) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(words)}</text>'


def label(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"
