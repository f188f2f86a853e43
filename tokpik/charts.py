"""The dashboard's drawings: numbers in, shapes out, which the templates write as SVG. Colours are the stylesheet's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

WIDTH, HEIGHT = 600.0, 150.0
# Shades of a heat map, from thin to thick.
SHADES = 5


@dataclass(frozen=True)
class Shape:
    x: float
    y: float
    width: float
    height: float
    kind: str
    words: str


@dataclass(frozen=True)
class Bars:
    """A bar a day, of one part or of several on top of one another: (`label`, `kind`, values). `kind` colours it."""

    template = "console/bars.html"
    title: str
    days: Sequence[date]
    parts: Sequence[tuple[str, str, Sequence[float]]]
    unit: str = "건"
    note: str = ""

    @property
    def totals(self) -> list[float]:
        return [sum(values) for values in zip(*(values for _, _, values in self.parts), strict=True)]

    @property
    def most(self) -> float:
        return max(self.totals)

    @property
    def highest(self) -> str:
        return number(self.most) + self.unit

    @property
    def empty(self) -> bool:
        return not self.most

    @property
    def shapes(self) -> list[Shape]:
        """From the ground upwards."""
        step = WIDTH / len(self.days)
        ground = [HEIGHT] * len(self.days)
        shapes = []
        for label, kind, values in self.parts:
            for place, (day, value) in enumerate(zip(self.days, values, strict=True)):
                height = HEIGHT * value / self.most if self.most else 0
                ground[place] -= height
                words = f"{day:%-m월 %-d일} {label} {number(value)}{self.unit}"
                shapes.append(Shape(place * step + step * 0.12, ground[place], step * 0.76, height, kind, words))
        return [shape for shape in shapes if shape.height]

    @property
    def legend(self) -> list[tuple[str, str, str]]:
        return [(label, kind, number(sum(values)) + self.unit) for label, kind, values in self.parts]


@dataclass(frozen=True)
class Line:
    """A level a day, from 0 to `most`; days on which nobody looked are passed over."""

    template = "console/line.html"
    title: str
    days: Sequence[date]
    values: Sequence[float | None]
    unit: str = ""
    most: float | None = None
    note: str = ""

    @property
    def known(self) -> list[tuple[int, float]]:
        return [(place, value) for place, value in enumerate(self.values) if value is not None]

    @property
    def empty(self) -> bool:
        return not self.known

    @property
    def latest(self) -> str:
        return number(self.known[-1][1]) + self.unit

    @property
    def top(self) -> float:
        return self.most or max(value for _, value in self.known) or 1.0

    @property
    def points(self) -> list[Shape]:
        step = WIDTH / len(self.days)
        return [
            Shape(
                place * step + step / 2,
                HEIGHT - HEIGHT * value / self.top,
                0,
                0,
                "",
                f"{self.days[place]:%-m월 %-d일} {number(value)}{self.unit}",
            )
            for place, value in self.known
        ]

    @property
    def path(self) -> str:
        return " ".join(f"{point.x:.1f},{point.y:.1f}" for point in self.points)


@dataclass(frozen=True)
class Cell:
    count: int
    shade: int
    link: str


@dataclass(frozen=True)
class HeatMap:
    template = "console/heat_map.html"
    title: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]
    note: str = ""

    @property
    def empty(self) -> bool:
        return not self.rows


def shade(count: int, most: int) -> int:
    """0 for none, else 1 to `SHADES`."""
    return 0 if not count else 1 + min(SHADES - 1, SHADES * count // (most + 1))


@dataclass(frozen=True)
class Ranking:
    """(`name`, where it leads, how many); bars as long as they are many."""

    template = "console/ranking.html"
    title: str
    rows: Sequence[tuple[str, str, int]]
    note: str = ""

    @property
    def empty(self) -> bool:
        return not self.rows

    @property
    def bars(self) -> list[dict[str, Any]]:
        most = max(count for _, _, count in self.rows) or 1
        return [
            {"name": name, "link": link, "count": count, "length": 100 * count / most}
            for name, link, count in self.rows
        ]


def number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
