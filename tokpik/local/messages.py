"""Compile `locale/*/LC_MESSAGES/django.po`, in Python: a bare machine has no gettext."""

from pathlib import Path

import polib

LOCALES = Path(__file__).resolve().parent.parent.parent / "locale"


def compiled(messages: Path) -> bytes:
    return polib.pofile(str(messages)).to_binary()


if __name__ == "__main__":
    for source in LOCALES.glob("*/LC_MESSAGES/*.po"):
        source.with_suffix(".mo").write_bytes(compiled(source))
