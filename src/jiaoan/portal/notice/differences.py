"""Where two texts differ, in stretches that can be shown beside each other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_CONTEXT = 8
_COUNTED = re.compile(r"(?<![A-Za-z])Y([+-]\d+)")
_ZERO = 0xE100  # in Unicode's private use area, so in no notice
_SIGN = re.compile(f"[{chr(_ZERO - 99)}-{chr(_ZERO + 99)}]")


def signed(words: str) -> str:
    """The years that the comparison counts from that of the plan (``Y+0``), each as one sign, so
    that no cut goes through one and the same year of two plans is no difference."""
    return _COUNTED.sub(lambda found: chr(_ZERO + int(found[1])), words)


def with_year(words: str, year: int) -> str:
    """The signs as years again: each side says its own.

    >>> with_year(signed("Y+0年底前完成，Y+2年评估"), 2025)
    '2025年底前完成，2027年评估'
    """
    return _SIGN.sub(lambda found: str(year + ord(found[0]) - _ZERO), words)


@dataclass(frozen=True)
class Stretch:
    """Words that stand in both texts, or (``changed``) in this one alone."""

    words: str
    changed: bool


def stretches(before: str, after: str) -> tuple[list[Stretch], list[Stretch]]:
    """Both texts whole, cut where they differ.

    >>> stretches("3月底前", "4月底前")[1]
    [Stretch(words='4', changed=True), Stretch(words='月底前', changed=False)]
    """
    old: list[Stretch] = []
    new: list[Stretch] = []
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if i < j:
            old.append(Stretch(before[i:j], kind != "equal"))
        if k < m:
            new.append(Stretch(after[k:m], kind != "equal"))
    return old, new


def abridged(before: str, after: str) -> tuple[str, str]:
    """Both texts without what they share at head and tail, but for a few characters.

    >>> abridged("结合行业实际和本地情况3月底前出台", "结合行业实际和本地情况4月底前出台")
    ('…业实际和本地情况3月底前出台', '…业实际和本地情况4月底前出台')
    """
    shortest = min(len(before), len(after))
    head = 0
    while head < shortest and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shortest - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    start, end = max(0, head - _CONTEXT), max(0, tail - _CONTEXT)

    def cut(text: str) -> str:
        words = text[start : len(text) - end]
        return f"{'…' if start else ''}{words}{'…' if end else ''}"

    return cut(before), cut(after)
