"""What the bench writes: the table, the charts, docs/performance.md."""

import re
from xml.parsers import expat

import pytest

from bench import chart, report, table


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (table.at_most("a", 4.26, 6, " ms"), ("a", "4.26 ms", "≤ 6 ms", "ok")),
        (table.at_most("a", 61.04, 60, " ms"), ("a", "61.0 ms", "≤ 60 ms", "MISSED")),
        (table.at_least("a", 3, 3, " ×", " (1,200 µs)"), ("a", "3 × (1,200 µs)", "≥ 3 ×", "ok")),
        (table.Row("a", "1"), ("a", "1", "", "")),
    ],
)
def test_a_row_says_whether_its_figure_is_met(row, cells):
    assert row.cells() == cells


def test_rows_without_a_figure_are_not_counted():
    rows = [table.at_most("a", 1, 2), table.at_most("b", 3, 2), table.Row("c", "1")]
    assert table.verdict(rows) == "1 of 2 figures are met."


@pytest.mark.parametrize(
    ("least", "most", "ticks"), [(3, 40, [2, 5, 10, 20, 50]), (1, 1, [1, 2]), (0.3, 1.5, [0.2, 0.5, 1, 2])]
)
def test_an_axis_has_round_numbers_around_its_values(least, most, ticks):
    assert chart.ticks(least, most) == pytest.approx(ticks)


def test_a_chart_is_well_formed_and_keeps_within_its_frame():
    drawn = chart.svg("a < b", "x", "y", {"hit": [(50, 1.2), (1600, 30)], "miss": [(50, 3), (800, 400)]})
    expat.ParserCreate().Parse(drawn, True)
    points = re.findall(r'<circle cx="(.*?)" cy="(.*?)"', drawn)
    assert len(points) == 4
    for x, y in points:
        assert chart.LEFT <= float(x) <= chart.WIDTH - chart.RIGHT
        assert chart.TOP <= float(y) <= chart.HEIGHT - chart.BOTTOM


def test_the_document_keeps_what_people_wrote_around_the_markers():
    document = f"before\n{report.BEGIN}old\n{report.END}after\n"
    assert report.between_markers(document, "new\n") == f"before\n{report.BEGIN}new\n{report.END}after\n"


def test_the_document_has_its_markers():
    written = report.DOCUMENT.read_text()
    assert written.count(report.BEGIN) == written.count(report.END) == 1
