"""CPU seconds and memory of processes, from ``/proc`` (Linux)."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def stolen_s() -> float:
    """CPU seconds that the host of a virtual machine kept from all its cores; 0.0 elsewhere."""
    try:
        fields = Path("/proc/stat").read_text("ascii").partition("\n")[0].split()
    except FileNotFoundError:
        return 0.0
    return int(fields[8]) / _TICKS


def cpu_by_name(above: int, names: dict[str, str]) -> dict[str, float]:
    """CPU seconds of all descendants of process ``above``.

    ``names``: a piece of the command line → the name it is counted under; the first piece that
    occurs wins, what fits none is counted as ``other``. Ended processes are not in it.
    """
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        fields = text.rpartition(")")[2].split()  # the name may hold blanks and brackets
        parents[int(entry.name)] = int(fields[1])
        seconds[int(entry.name)] = (int(fields[11]) + int(fields[12])) / _TICKS
    found: dict[str, float] = defaultdict(float)
    for process in parents:
        if _is_below(process, above, parents):
            found[_named(process, names)] += seconds[process]
    return dict(found)


def _is_below(process: int, above: int, parents: dict[int, int]) -> bool:
    while process in parents:
        process = parents[process]
        if process == above:
            return True
    return False


def _named(process: int, names: dict[str, str]) -> str:
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return "other"
    return next((name for piece, name in names.items() if piece in words), "other")


def cpu_of(process: int) -> float:
    """CPU seconds of one process so far, all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_of(process: int) -> float:
    """Resident memory of one process in MB (10**6 octets)."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
