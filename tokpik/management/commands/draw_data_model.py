from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tokpik.drawing import data_model

APPS = ("topics", "accounts", "scraps", "notifications", "tokpik")
DOCUMENT = settings.ROOT / "docs" / "data-model.md"
BEGIN, END = "<!-- written by manage.py draw_data_model -->\n", "<!-- until here -->\n"


class Command(BaseCommand):
    help = "Writes docs/data-model.md anew: the tables as they are in the database, with their indexes."

    def handle(self, *args: Any, **options: Any) -> None:
        DOCUMENT.write_text(drawn(DOCUMENT))


def drawn(document: Path) -> str:
    """The document with today's tables between its markers."""
    before, _, rest = document.read_text().partition(BEGIN)
    return f"{before}{BEGIN}\n{data_model(APPS)}\n{END}{rest.partition(END)[2]}"
