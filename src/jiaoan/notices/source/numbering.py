"""The numbers that Word writes in front of paragraphs (ECMA-376-1, 17.9).

A paragraph names a list (``numId``) and a level, itself or through its style. Lists of one abstract
list count together unless a list starts its levels anew (``lvlOverride/startOverride``); a number
on one level sets the deeper ones back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DIGITS = "〇一二三四五六七八九"
_COUNTING = {
    "chineseCounting", "chineseCountingThousand", "japaneseCounting", "taiwaneseCounting",
    "taiwaneseCountingThousand", "koreanCounting", "ideographTraditional",
}  # fmt: skip
_FORMAL = "零壹贰叁肆伍陆柒捌玖"


@dataclass(frozen=True)
class _Level:
    form: str
    text: str
    start: int
    legal: bool


def chinese(number: int) -> str:
    """``number`` (1..9999) in Chinese numerals.

    >>> [chinese(n) for n in (1, 10, 11, 20, 105, 110)]
    ['一', '十', '十一', '二十', '一百零五', '一百一十']
    """
    out, zero = "", False
    for unit, word in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            out += ("零" if zero and out else "") + _DIGITS[digit] + word
            zero = False
        else:
            zero = bool(out)
    return out.removeprefix("一") if 10 <= number < 20 else out


def roman(number: int) -> str:
    """``number`` in Roman numerals."""
    out = ""
    for value, word in (
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
        (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    ):  # fmt: skip
        while number >= value:
            out, number = out + word, number - value
    return out


def written(number: int, form: str) -> str:
    """``number`` in the ``w:numFmt`` named ``form``; unknown forms count in digits."""
    if form in _COUNTING:
        return chinese(number)
    if form in ("ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital"):
        return "".join(_DIGITS[int(digit)] for digit in str(number))
    if form in ("chineseLegalSimplified", "ideographLegalTraditional"):
        return "".join(_FORMAL[int(digit)] for digit in str(number))
    if form.startswith("decimalEnclosedCircle") and 1 <= number <= 20:
        return chr(0x2460 + number - 1)
    if form in ("upperLetter", "lowerLetter"):
        letter = chr(ord("A") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter if form == "upperLetter" else letter.lower()
    if form in ("upperRoman", "lowerRoman"):
        return roman(number) if form == "upperRoman" else roman(number).lower()
    return f"{number:02}" if form == "decimalZero" else str(number)


class Numbering:
    """The lists of one document; :meth:`label` counts on with every paragraph it is asked about."""

    def __init__(self, numbers: etree._Element | None, styles: etree._Element) -> None:
        self._styles = {style.get(f"{_W}styleId"): style for style in styles.iter(f"{_W}style")}
        self._abstract: dict[str, dict[int, _Level]] = {}
        self._lists: dict[str, tuple[str, dict[int, _Level], dict[int, int]]] = {}
        self._counts: dict[str, dict[int, int]] = {}
        self._begun: set[str] = set()
        if numbers is not None:
            self._read(numbers)

    def _read(self, numbers: etree._Element) -> None:
        for abstract in numbers.iter(f"{_W}abstractNum"):
            number = abstract.get(f"{_W}abstractNumId", "")
            self._abstract[number] = {
                int(level.get(f"{_W}ilvl", "0")): _level(level)
                for level in abstract.iter(f"{_W}lvl")
            }
        for one in numbers.iter(f"{_W}num"):
            abstract_id = _value(one, "abstractNumId") or ""
            own: dict[int, _Level] = {}
            starts: dict[int, int] = {}
            for override in one.iter(f"{_W}lvlOverride"):
                depth = int(override.get(f"{_W}ilvl", "0"))
                if (level := override.find(f"{_W}lvl")) is not None:
                    own[depth] = _level(level)
                if (start := _value(override, "startOverride")) is not None:
                    starts[depth] = int(start)
            self._lists[one.get(f"{_W}numId", "")] = (abstract_id, own, starts)

    def label(self, paragraph: etree._Element) -> str:
        """The number in front of ``paragraph``, or ""; counts it."""
        where = self._place(paragraph)
        if where is None or where[0] not in self._lists:
            return ""
        list_id, depth = where
        abstract, own, starts = self._lists[list_id]
        levels = {**self._abstract.get(abstract, {}), **own}
        if depth not in levels:
            return ""
        counts = self._counts.setdefault(abstract, {})
        if list_id not in self._begun:
            self._begun.add(list_id)
            for place, start in starts.items():
                counts[place] = start - 1
        for place in range(depth):
            counts.setdefault(place, levels[place].start if place in levels else 1)
        counts[depth] = counts.get(depth, levels[depth].start - 1) + 1
        for deeper in [place for place in counts if place > depth]:
            del counts[deeper]
        level = levels[depth]
        if level.form in ("bullet", "none"):
            return ""

        def number(found: re.Match[str]) -> str:
            at = int(found.group(1)) - 1
            form = "decimal" if level.legal else levels[at].form if at in levels else "decimal"
            return written(counts.get(at, 1), form)

        text = re.sub(r"%(\d)", number, level.text)
        return text if text.endswith(tuple("、．.）)：:")) else f"{text} "

    def _place(self, paragraph: etree._Element) -> tuple[str, int] | None:
        properties = paragraph.find(f"{_W}pPr")
        if properties is None:
            return None
        own = properties.find(f"{_W}numPr")
        style = _value(properties, "pStyle")
        list_id = _value(own, "numId") if own is not None else None
        depth = _value(own, "ilvl") if own is not None else None
        seen: set[str] = set()
        while (list_id is None or depth is None) and style and style not in seen:
            seen.add(style)
            found = self._styles.get(style)
            if found is None:
                break
            inherited = found.find(f"{_W}pPr/{_W}numPr")
            if inherited is not None:
                list_id = list_id if list_id is not None else _value(inherited, "numId")
                depth = depth if depth is not None else _value(inherited, "ilvl")
            style = _value(found, "basedOn")
        if list_id is None or list_id == "0":
            return None
        return list_id, int(depth or "0")


def _level(level: etree._Element) -> _Level:
    return _Level(
        _value(level, "numFmt") or "decimal",
        _value(level, "lvlText") or "",
        int(_value(level, "start") or "1"),
        level.find(f"{_W}isLgl") is not None,
    )


def _value(element: etree._Element, name: str) -> str | None:
    found = element.find(f"{_W}{name}")
    return found.get(f"{_W}val") if found is not None else None
