"""How far a reading agrees with the one written by hand: per field what was hit, missed, invented.

What the conventions leave free does not count: order, widths of punctuation, spaces, a prefix of a
unit (局, 市, 县 …) that carries over, the wording of a phrase. Items are matched by their path, so
that everything below a missed item is missed with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

WIDTHS = str.maketrans("()[],;:%", "（）［］，；：％")
PREFIX = re.compile(r"^(?:局机关|局|省|市|县|区|镇|乡|委|中心)?$")

Reading = Mapping[str, object]
Same = Callable[[object, object], bool]


@dataclass(frozen=True)
class Count:
    """`hit` was expected and read, `missed` expected only, `invented` read only."""

    hit: int = 0
    missed: int = 0
    invented: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.hit + other.hit, self.missed + other.missed, self.invented + other.invented
        )

    @property
    def precision(self) -> float:
        return self.hit / (self.hit + self.invented) if self.hit + self.invented else 1.0

    @property
    def recall(self) -> float:
        return self.hit / (self.hit + self.missed) if self.hit + self.missed else 1.0


def plain(words: object) -> str:
    return re.sub(r"\s", "", str(words)).translate(WIDTHS)


def same_words(one: object, other: object) -> bool:
    return plain(one) == plain(other)


def same_unit(one: object, other: object) -> bool:
    """Equal, or equal but for a prefix of the body to which both belong."""
    short, long = sorted((plain(one), plain(other)), key=len)
    return long.endswith(short) and bool(PREFIX.match(long[: len(long) - len(short)]))


def same_recurrence(one: object, other: object) -> bool:
    """Same period and count; a condition on both sides or on neither, one within the other."""
    a, b = cast(Reading, one), cast(Reading, other)
    if (a["every"], a["min_count"]) != (b["every"], b["min_count"]):
        return False
    first, second = plain(a["condition"] or ""), plain(b["condition"] or "")
    return bool(first) == bool(second) and (first in second or second in first)


def any_phrase(_one: object, _other: object) -> bool:
    return True


COMPARED: Mapping[str, Same] = {
    "lead_units": same_unit,
    "coop_units": same_unit,
    "deadlines": same_words,
    "relative_deadlines": any_phrase,
    "recurrences": same_recurrence,
    "targets": same_words,
}


def compare(expected: Iterable[object], read: Iterable[object], same: Same) -> Count:
    """Pair each expected value with one read value at most."""
    wanted, left = list(expected), list(read)
    hit = 0
    for value in wanted:
        partner = next((k for k, other in enumerate(left) if same(value, other)), None)
        if partner is not None:
            left.pop(partner)
            hit += 1
    return Count(hit, len(wanted) - hit, len(left))


def by_path(reading: Reading) -> dict[tuple[str, ...], Reading]:
    items = cast(Sequence[Reading], reading["items"])
    return {
        tuple(plain(label) for label in cast(Sequence[str], item["path"])): item for item in items
    }


def values(item: Reading | None, field: str) -> Sequence[object]:
    return cast(Sequence[object], item[field]) if item is not None else ()


def agreement(expected: Reading, read: Reading) -> dict[str, Count]:
    """Counts for `items`, `report_dates` and every field of `COMPARED`, over the whole notice."""
    wanted, found = by_path(expected), by_path(read)
    counts = {
        "items": compare(wanted, found, lambda one, other: one == other),
        "report_dates": compare(
            values(expected, "report_dates"), values(read, "report_dates"), same_words
        ),
    }
    for field, same in COMPARED.items():
        pairs = [(wanted.get(path), found.get(path)) for path in {*wanted, *found}]
        parts = [compare(values(a, field), values(b, field), same) for a, b in pairs]
        counts[field] = sum(parts, Count())
    return counts
