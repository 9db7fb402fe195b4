"""Chinese numerals up to 9999, as notices write them: 十二, 二十五, 二〇二四, 两, 二○二五.

Why not a library: ADR 0027. The tests hold this against one for every number.
"""

from __future__ import annotations

DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "○": 0, "壹": 1}
_UNITS = {"十": 10, "百": 100, "千": 1000}
#: A number in digits or numerals, for use inside a larger pattern.
NUMBER = r"(?:\d{1,4}|[〇零○一二两三四五六七八九十百]{1,5})"
COUNT = r"(?:\d{1,3}|[一二两三四五六七八九十]{1,3})"


def to_int(word: str) -> int | None:
    """The value of ``word``; None where it is no number.

    >>> to_int("二十五"), to_int("二〇二四"), to_int("12"), to_int("十"), to_int("股")
    (25, 2024, 12, 10, None)
    """
    if word.isascii() and word.isdigit():
        return int(word)
    if not word or any(char not in DIGITS and char not in _UNITS for char in word):
        return None
    if not any(char in _UNITS for char in word):
        return int("".join(str(DIGITS[char]) for char in word))
    total = digit = 0
    last, whole = 1, False
    for char in word:
        if char in _UNITS:
            last, whole = _UNITS[char], True
            total += (digit or (0 if total else 1)) * last
            digit = 0
        else:
            digit, whole = DIGITS[char], whole and DIGITS[char] > 0
    # 二百五 is 250; after 零 (二百零五), and after 十, the digit stands for itself.
    return total + digit * (last // 10 if whole and last >= 100 else 1)
