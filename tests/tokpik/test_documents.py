"""The documents say what is so: links lead somewhere, commands exist, the drawing of the tables is today's."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from tokpik.management.commands import draw_data_model

ROOT = settings.ROOT
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md")])
names = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def text_of(document: Path) -> str:
    return document.read_text()


@names
def test_every_link_leads_somewhere(document):
    links = re.findall(r"\]\(([^)\s]+)\)", text_of(document))
    local = [link.partition("#")[0] for link in links if not re.match(r"https?://|#|mailto:", link)]
    assert [link for link in local if not (document.parent / link).exists()] == []


@names
def test_every_anchor_is_a_heading_there(document):
    links = re.findall(r"\]\(([^)\s]*)#([^)\s]+)\)", text_of(document))
    for path, anchor in links:
        if path.startswith("http"):
            continue
        assert anchor in anchors(document.parent / path if path else document)


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text_of(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@names
def test_every_command_it_names_exists(document):
    text = text_of(document)
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= {*get_commands(), "shell"}
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets


def test_each_of_them_is_named_in_the_index():
    index = text_of(ROOT / "docs" / "README.md") + text_of(ROOT / "docs" / "decisions" / "README.md")
    for document in (ROOT / "docs").glob("**/*.md"):
        assert document.name == "README.md" or document.name in index, document


def test_the_data_model_is_drawn_as_it_is(db):
    document = draw_data_model.DOCUMENT
    assert draw_data_model.drawn(document) == text_of(document)
