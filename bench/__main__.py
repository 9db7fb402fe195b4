"""``bench/run NAME [--json] [--runs N]``: 0 measured, 1 could not be measured, 2 no such name."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable

from bench import (
    alarm,
    decode,
    fence,
    findings,
    frame_to_finding,
    gateway,
    notices,
    references,
    rules,
    start,
    stream_start,
    tracks,
)
from bench.processes import stolen_s
from bench.result import Impossible, Result

MEASURES: dict[str, tuple[Callable[[int], Result], int]] = {
    "setup-cold": (start.cold, 1),
    "setup-warm": (start.prepared, 3),
    "warm-start": (start.warm, 5),
    "decode": (decode.measure, 7),
    "fence": (fence.measure, 7),
    "findings": (findings.measure, 5),
    "frame-to-alarm": (alarm.measure, 20),
    "frame-to-finding": (frame_to_finding.measure, 1),
    "gateway-one": (gateway.one, 5),
    "gateway-one-10k": (gateway.one_10k, 5),
    "gateway-eight": (gateway.eight, 5),
    "gateway-durable": (gateway.durable, 5),
    "gateway-memory": (gateway.memory, 3),
    "notices": (notices.measure, 5),
    "reference-change": (references.measure, 5),
    "rules": (rules.measure, 5),
    "stream-start": (stream_start.measure, 5),
    "track-day": (tracks.measure, 40),
}


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench/run")
    parser.add_argument("name", nargs="?")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--runs", type=int, help="how often to measure")
    parser.add_argument("--list", action="store_true", help="name all measurements")
    options = parser.parse_args(words)
    if options.list or not options.name:
        print("\n".join(sorted(MEASURES)))
        return 0
    if options.name not in MEASURES:
        known = ", ".join(sorted(MEASURES))
        print(f"bench/run does not know {options.name!r}: it knows {known}.", file=sys.stderr)
        return 2
    measure, runs = MEASURES[options.name]
    began, stolen = time.monotonic(), stolen_s()
    try:
        result = measure(options.runs or runs).as_json()
    except Impossible as reason:
        print(f"{options.name} could not be measured: {reason}", file=sys.stderr)
        return 1
    # A neighbour on the host makes everything late, and nothing else here would show it.
    share = (stolen_s() - stolen) / (time.monotonic() - began)
    result["notes"] = {**result.get("notes", {}), "stolen_cores": round(share, 3)}
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        print(
            f"{result['name']}: {result['figure']} {result['unit']}, {result['ratio']} times "
            f"{result['yardstick']} {result['unit']} ({result['yardstick_is']}); "
            f"runs {result['runs']}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
