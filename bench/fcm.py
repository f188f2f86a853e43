"""The stand-in for FCM as a process of its own: `python -m bench.fcm SECONDS FOLDER`.

Prints the file of a service account and its address; answers each push after so many seconds; at SIGTERM writes what
it received and what that cost to FOLDER/report.json.
"""

import json
import signal
import sys
import time
from pathlib import Path

from tests.fcm import FakeFcm, Reply


def main(seconds: float, folder: Path) -> None:
    # Before the server's thread begins, so that no thread takes the signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    with FakeFcm(reply=Reply(seconds=seconds)) as fcm:
        print(json.dumps({"credentials": fcm.credentials(folder), "url": fcm.url}), flush=True)
        signal.sigwait({signal.SIGTERM})
    report = {"pushes": len(fcm.times), "different": len(fcm.counts), "cpu": time.process_time()}
    report["seconds"] = fcm.times[-1] - fcm.times[0] if fcm.times else 0.0
    (folder / "report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main(float(sys.argv[1]), Path(sys.argv[2]))
