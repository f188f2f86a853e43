"""deploy/: what the dashboard and the alerts ask for is there to be asked."""

import json
import re
from pathlib import Path

import pytest
import yaml
from django.test import Client

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
# What stands before a brace or a bracket, and what stands alone, is a series; what is called, or groups, is none.
QUOTED, GROUPING = re.compile(r'"[^"]*"'), re.compile(r"\b(by|without|on|ignoring)\s*\([^)]*\)")
SELECTED = re.compile(r"\{[^}]*\}|\[[^]]*\]")
WORD = re.compile(r"\b[a-zA-Z_][a-zA-Z0-9_]*\b(?!\s*\()")
OPERATORS = {"and", "or", "unless", "bool"}
# Prometheus' own.
GIVEN = {"up"}


def rules():
    (group,) = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"]
    return group["rules"]


def expressions():
    yield from (rule["expr"] for rule in rules())
    panels = json.loads((DEPLOY / "grafana" / "tokpik.json").read_text())["panels"]
    yield from (target["expr"] for panel in panels for target in panel["targets"])


def series_in(expression):
    bare = SELECTED.sub("", GROUPING.sub("", QUOTED.sub("", expression)))
    return set(WORD.findall(bare)) - OPERATORS


@pytest.mark.parametrize(
    ("expression", "series"),
    [
        ('sum by (route, le) (rate(a_total{b="c_d"}[5m])) / e > 0.1', {"a_total", "e"}),
        ("time() - a_seconds > 5 and topk(3, b)", {"a_seconds", "b"}),
    ],
)
def test_series_are_found_in_an_expression(expression, series):
    assert series_in(expression) == series


def test_every_series_that_is_asked_for_is_given(client, settings):
    settings.METRICS_TOKEN = "metrics-" * 5
    client.get("/topic-tags")
    given = Client().get("/metrics", HTTP_AUTHORIZATION=f"Bearer {settings.METRICS_TOKEN}").content.decode()
    families = dict(re.findall(r"^# TYPE (\S+) (\S+)$", given, re.MULTILINE))
    kinds = {"histogram": ("_bucket", "_sum", "_count")}
    names = {name + end for name, kind in families.items() for end in kinds.get(kind, ("",))} | GIVEN
    asked = set().union(*map(series_in, expressions()))
    assert len(asked) > 10
    assert asked - names == set()


def test_of_every_alert_and_of_no_other_the_guide_says_what_to_do():
    told = re.findall(r"^\| `(Tokpik\w+)` \|", (DEPLOY.parent / "docs/operations.md").read_text(), re.MULTILINE)
    assert told == [rule["alert"] for rule in rules()]


def test_every_alert_says_what_is_wrong_and_how_urgent_it_is():
    for rule in rules():
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
        assert rule["for"]
