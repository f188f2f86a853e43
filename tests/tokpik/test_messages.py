"""Translations of our own: compiled as they are written, and with no placeholder lost."""

import re
from pathlib import Path

import polib
import pytest
from django.conf import settings

from tokpik.local.messages import compiled

[SOURCE] = Path(settings.LOCALE_PATHS[0]).glob("ko/LC_MESSAGES/*.po")


def test_the_compiled_file_is_the_written_one():
    assert SOURCE.with_suffix(".mo").read_bytes() == compiled(SOURCE), "run: make messages"


@pytest.mark.parametrize("entry", polib.pofile(str(SOURCE)), ids=lambda entry: entry.msgid.strip()[:30])
def test_every_placeholder_is_kept(entry):
    for text in [entry.msgstr, *entry.msgstr_plural.values()]:
        if text:
            assert set(re.findall(r"%\(\w+\)s", text)) == set(re.findall(r"%\(\w+\)s", entry.msgid))
            assert len(re.findall(r"\{\d?\}", text)) == len(re.findall(r"\{\d?\}", entry.msgid))
