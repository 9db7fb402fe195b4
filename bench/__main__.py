"""``bench/run NAME [--json] [--runs N]``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from bench import start
from bench.result import Result

MEASURES: dict[str, tuple[Callable[[int], Result], int]] = {
    "setup-cold": (start.cold, 1),
    "setup-warm": (start.prepared, 3),
    "warm-start": (start.warm, 5),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench/run")
    parser.add_argument("name", nargs="?", choices=sorted(MEASURES))
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--runs", type=int, help="how often to measure")
    parser.add_argument("--list", action="store_true", help="name all measurements")
    options = parser.parse_args()
    if options.list or not options.name:
        print("\n".join(sorted(MEASURES)))
        return
    measure, runs = MEASURES[options.name]
    result = measure(options.runs or runs).as_json()
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        print(
            f"{result['name']}: {result['figure']} {result['unit']}, {result['ratio']} times "
            f"{result['yardstick']} {result['unit']} ({result['yardstick_is']}); "
            f"runs {result['runs']}"
        )


if __name__ == "__main__":
    main()
