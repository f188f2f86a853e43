"""`python -m bench full|quick|tiny`: measures the service and prints one table; `make bench` and `make bench-quick`.

Runs on the servers that the environment names, in databases of its own that are gone afterwards; the settings module
is `bench.settings`. `full` writes docs/performance.md too.
"""

import logging
import os
import sys
import time
import warnings
from collections.abc import Sequence

import django

SERVICE = dict(os.environ)
# A crowd in this process needs a connection for each of its threads.
os.environ["WEB_THREADS"] = "60"
# The console's files are not asked for here.
warnings.filterwarnings("ignore", "No directory at")
django.setup()

from django.utils import timezone

from bench import choosing, crowds, machine, missing, reading, reminders, report, starting, table, writing
from bench.stage import Size, Stage, staged
from bench.table import Row

SIZES = {
    "full": Size(
        topics=(10_000, 100_000, 1_000_000),
        rounds=8,
        samples=160,
        batch=2_000,
        hot=200,
        zipf=4_000,
        seconds=60,
        rates=(50, 100, 200, 400, 800, 1_200, 1_600),
        expired=150_000,
        reminders=100_000,
    ),
    "quick": Size(
        topics=(1_000, 10_000),
        rounds=3,
        samples=30,
        batch=400,
        hot=50,
        zipf=1_000,
        seconds=4,
        rates=(),
        expired=15_000,
        reminders=5_000,
    ),
    # For the suite.
    "tiny": Size(
        topics=(300,),
        rounds=1,
        samples=5,
        batch=200,
        hot=10,
        zipf=50,
        seconds=1,
        rates=(),
        expired=300,
        reminders=100,
        starts=False,
    ),
}
GROUPS = (reading, missing, crowds, choosing, writing, reminders, starting)


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in SIZES:
        print(f"Usage: python -m bench {'|'.join(SIZES)}", file=sys.stderr)
        return 2
    name = arguments[0]
    print("Making the catalogues", flush=True)
    with staged(SIZES[name], SERVICE) as stage:
        on = machine.described()
        print(f"On {on}", flush=True)
        rows = measured(stage)
        if name == "full":
            report.write(stage, rows, on, timezone.localdate())
        print(f"\n{table.plain(rows)}\n\n{table.verdict(rows)}")
        # This process's own reading goes on while its database is dropped.
        logging.disable()
    return 0


def measured(stage: Stage) -> list[Row]:
    rows = []
    for group in GROUPS:
        began = time.monotonic()
        print(f"{group.__name__.partition('.')[2]} … ", end="", flush=True)
        rows += group.rows(stage)
        print(f"{time.monotonic() - began:.0f} s", flush=True)
    return rows


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
