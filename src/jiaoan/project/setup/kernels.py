"""Compile every jitted pass into numba's cache on disk, so that no start has to wait for it.

Run under the environment's own interpreter, on the machine that will use them: the cache holds
code for this processor. Without numba the plain implementations are used and nothing is compiled.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys

# Modules whose import compiles what they hold. A room that gets one adds it here.
KERNELS = (
    "jiaoan.gateway.reactor_kernels",
    "jiaoan.rules.driving.kernel",
    "jiaoan.rules.fences.kernel",
    "jiaoan.rules.grid_kernels",
)


def main() -> int:
    if importlib.util.find_spec("numba") is None:
        print("numba is not installed: the plain ways are used")
        return 0
    for name in KERNELS:
        importlib.import_module(name)
    print(f"{len(KERNELS)} compiled")
    return 0


if __name__ == "__main__":
    sys.exit(main())
