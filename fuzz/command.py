"""The command line of a fuzzer: so many frames, one or several processes, one seed."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor


def main(
    name: str, about: str | None, run: Callable[[int, int], Counter[str]], argv: Sequence[str]
) -> int:
    """Process N of several has the seed ``--seed`` + N; what they met is added up."""
    parser = argparse.ArgumentParser(name, description=about)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    options = parser.parse_args(argv)
    count = max(1, options.processes)
    seeds = range(options.seed, options.seed + count)
    shares = [options.frames // count + (one < options.frames % count) for one in range(count)]
    if count == 1:
        met = run(options.seed, options.frames)
    else:
        with ProcessPoolExecutor(count) as pool:
            met = sum(pool.map(run, seeds, shares), Counter[str]())
    print(json.dumps(dict(sorted(met.items())), indent=1))
    return 0
