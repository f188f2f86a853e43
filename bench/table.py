"""The bench's one table: what was measured, how much it was, and what it should be."""

from collections.abc import Sequence
from dataclasses import dataclass

HEAD = ("what", "measured", "figure", "ok")


@dataclass(frozen=True)
class Row:
    """`ok` is None where nothing was promised."""

    what: str
    measured: str
    figure: str = ""
    ok: bool | None = None

    def cells(self) -> tuple[str, str, str, str]:
        return self.what, self.measured, self.figure, {True: "ok", False: "MISSED", None: ""}[self.ok]


def at_most(what: str, value: float, most: float, unit: str = "", more: str = "") -> Row:
    return Row(what, f"{number(value)}{unit}{more}", f"≤ {number(most)}{unit}", value <= most)


def at_least(what: str, value: float, least: float, unit: str = "", more: str = "") -> Row:
    return Row(what, f"{number(value)}{unit}{more}", f"≥ {number(least)}{unit}", value >= least)


def number(value: float) -> str:
    """Three digits say all that a noisy machine knows."""
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def plain(rows: Sequence[Row]) -> str:
    """For a terminal."""
    cells = [HEAD, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    return "\n".join([lines[0], "-+-".join("-" * width for width in widths), *lines[1:]])


def markdown(rows: Sequence[Row]) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def verdict(rows: Sequence[Row]) -> str:
    promised = [row.ok for row in rows if row.ok is not None]
    return f"{sum(promised)} of {len(promised)} figures are met."
