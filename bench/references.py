"""``bench/run reference-change``: one vehicle changes, and the next block of positions is judged.

What is timed is the part of it that the change costs: to read the reference, and to know the
parameters of the vehicles of the block again. Beside it, by turns, the same with a book of all
vehicles made anew by dictionaries, as a stream does that keeps no book: its cost grows with all
vehicles, that of the change must not.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import cast

import numpy as np

from bench.result import Impossible, Result, machine
from jiaoan.rules.driving.book import Book
from jiaoan.stores.bus import Bus, Message
from jiaoan.stream.reference import References

VEHICLES, BLOCK, CHANGES = 100_000, 300, 20


def measure(runs: int) -> Result:
    """Milliseconds for each change."""
    return measured(runs, VEHICLES)


def measured(runs: int, vehicles: int) -> Result:
    references = References(cast(Bus, None))
    for vehicle in range(1, vehicles + 1):
        references.apply(_reference(vehicle, 0))
    block = range(1, min(BLOCK, vehicles) + 1)
    _ask(references.book(), block)
    patched, anew, known = [], [], Book()
    for run in range(1, runs + 1):
        anew.append(_timed(references, block, run, lambda: _anew(references)))
        patched.append(_timed(references, block, -run, references.book))
        known = _anew(references)
    if not all(np.array_equal(references.book().rows(one), known.rows(one)) for one in block):
        raise Impossible("the patched book is not the one made anew")
    return Result(
        "reference-change",
        "ms",
        patched,
        median(anew),
        "the book of all vehicles made anew after each change",
        {
            "vehicles": vehicles,
            "vehicles_of_a_block": len(block),
            "changes": CHANGES,
            "yardstick_runs": [round(one, 3) for one in anew],
            "machine": machine(),
        },
    )


def _timed(references: References, block: range, run: int, book: Callable[[], Book]) -> float:
    spent = 0.0
    for number in range(CHANGES):
        message = _reference(block[number % len(block)], 800 + run % 7 + number)
        began = time.process_time()
        references.apply(message)
        _ask(book(), block)
        spent += time.process_time() - began
    return spent / CHANGES * 1000


def _anew(references: References) -> Book:
    profiles = {vehicle: card.profile for vehicle, card in references.vehicles.items()}
    return Book(profiles)


def _ask(book: Book, block: range) -> None:
    for vehicle in block:
        book.rows(vehicle)


def _reference(vehicle: int, limit: int) -> Message:
    said = {
        "vehicle_id": vehicle, "plate": f"湘F{vehicle:05}", "plate_colour": 2,
        "vehicle_kind": "truck", "profile": {"limit": limit},
    }  # fmt: skip
    now = datetime.now(UTC)
    return Message(f"ref.vehicle.{vehicle}", json.dumps(said).encode(), 0, now)
