"""Chinese numerals up to 9999, as notices write them: 十二, 二十五, 二〇二四, 两, 百分之九十五.

Written here because it is twenty lines: a library that reads all numerals also reads the "一" of
一会三卡 and 一单四制, so the grammar around the number has to choose in any case.
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
    for char in word:
        if char in _UNITS:
            total += (digit or (0 if total else 1)) * _UNITS[char]
            digit = 0
        else:
            digit = DIGITS[char]
    return total + digit
