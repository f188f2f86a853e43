"""docs/performance.md: the part between its markers, and its charts, from what the bench has just measured."""

from collections.abc import Sequence
from datetime import date

from bench import chart, table
from bench.crowds import HITS, MISSES
from bench.missing import FLOOR_BY_SIZE, MISS_BY_SIZE
from bench.stage import Stage
from bench.table import Row
from tokpik.local.checkout import HERE

DOCUMENT = HERE.root / "docs" / "performance.md"
CHARTS = HERE.root / "docs" / "performance"
BEGIN, END = "<!-- written by make bench -->\n", "<!-- until here -->\n"


def write(stage: Stage, rows: Sequence[Row], machine: str, today: date) -> None:
    written = f"\nOn {today}: {machine}.\n\n{table.markdown(rows)}\n\n{table.verdict(rows)}\n\n"
    DOCUMENT.write_text(between_markers(DOCUMENT.read_text(), written))
    CHARTS.mkdir(exist_ok=True)
    (CHARTS / "load.svg").write_text(load_chart(stage))
    (CHARTS / "size.svg").write_text(size_chart(stage))


def between_markers(document: str, written: str) -> str:
    before, _, rest = document.partition(BEGIN)
    return f"{before}{BEGIN}{written}{END}{rest.partition(END)[2]}"


def load_chart(stage: Stage) -> str:
    return chart.svg(
        f"Related topics by load ({stage.main.catalogue})",
        "requests a second",
        "p50, ms",
        {"hit": stage.series[HITS], "miss": stage.series[MISSES]},
    )


def size_chart(stage: Stage) -> str:
    return chart.svg(
        "Related topics, miss, by size (one client; median over all kinds of base)",
        "topics",
        "p50, ms",
        {"miss": stage.series[MISS_BY_SIZE], "SELECT 1": stage.series[FLOOR_BY_SIZE]},
    )
