"""``./run --check``: drive the whole system over HTTP and TCP from outside.

Starts it on temporary data and free ports, walks :data:`check.steps.STEPS`, stops it, and prints
what it saw as one JSON object, the last thing on stdout. Exit code 0 when every step held.
Imports nothing of the product and only the standard library.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from check import steps, system

LIMIT = 60.0  # seconds for everything after set-up


def main() -> int:
    parser = argparse.ArgumentParser(prog="./run --check")
    parser.add_argument("--notice", help="the notice to read instead of the demonstration's own")
    parser.add_argument("--today", default=system.TODAY)
    options = parser.parse_args()
    notice = Path(options.notice) if options.notice else None
    if notice and not notice.is_file():
        parser.error(f"there is no file {notice}")
    began = time.monotonic()
    report: dict[str, object] = {"ok": False, "steps": []}
    with tempfile.TemporaryDirectory(prefix="jiaoan-check-") as scratch:
        data = Path(scratch) / "data"
        try:
            with system.running(data, "--today", options.today) as running:
                report["ready_after_s"] = round(running.ready_after, 2)
                walked = walk(steps.Drive(running, notice), began)
                stopping = time.monotonic()
            report["stopped_in_s"] = round(time.monotonic() - stopping, 2)
            report["left_behind"] = system.left_behind(data)
            report["steps"] = walked
            report["ok"] = (
                all(step["ok"] for step in walked)
                and report["left_behind"] == []
                and time.monotonic() - stopping < 5
            )
        except system.NotReady as problem:
            report["problem"] = f"the system did not become ready: {problem}"
    report["seconds"] = round(time.monotonic() - began, 1)
    print(json.dumps(report, ensure_ascii=False, indent=1))
    return 0 if report["ok"] else 1


def walk(drive: steps.Drive, began: float) -> list[dict[str, object]]:
    """Every step in order; the first that fails ends the walk, for later ones build on it."""
    walked: list[dict[str, object]] = []
    for step in steps.STEPS:
        name = step.__name__.replace("_", " ")
        started = time.monotonic()
        try:
            if started - began > LIMIT:
                raise TimeoutError(f"the check took longer than {LIMIT:.0f} s")
            seen = step(drive)
            good = True
        except (AssertionError, LookupError, OSError, ValueError) as problem:
            seen = {"problem": f"{type(problem).__name__}: {problem}"}
            good = False
        seconds = round(time.monotonic() - started, 3)
        walked.append({"step": name, "ok": good, "seconds": seconds, "saw": seen})
        print(f"{'ok' if good else 'FAILED'}  {name} ({seconds} s)", file=sys.stderr, flush=True)
        if not good:
            break
    return walked


if __name__ == "__main__":
    sys.exit(main())
