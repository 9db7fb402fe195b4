"""Compile every jitted pass into numba's cache on disk, so that no start has to wait for it.

Run under the environment's own interpreter, on the machine that will use them: the cache holds
code for this processor. Without numba the plain implementations are used and nothing is compiled.
"""

from __future__ import annotations

import importlib
import importlib.util
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

# Modules whose import compiles what they hold, the longest first. A room adds its own here.
KERNELS = (
    "jiaoan.rules.driving.kernel",
    "jiaoan.rules.grid_kernels",
    "jiaoan.rules.fences.kernel",
    "jiaoan.rules.fences.road_kernel",
    "jiaoan.gateway.reactor_kernels",
)


def main() -> int:
    if importlib.util.find_spec("numba") is None:
        print("numba is not installed: the plain ways are used")
        return 0
    # One compiler works on one core: side by side they take as long as the longest.
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        print(f"{len(list(pool.map(_compile, KERNELS)))} compiled")
    return 0


def _compile(name: str) -> None:
    importlib.import_module(name)


if __name__ == "__main__":
    sys.exit(main())
