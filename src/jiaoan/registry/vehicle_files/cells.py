"""What may stand in a cell: read from a text, and written as one.

Each reader raises ``ValueError`` with a sentence for who typed it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from jiaoan.kernel.plates import PlateColour, PlateRefused, parse_plate
from jiaoan.registry.models import Vehicle

KINDS: Final[Mapping[str, str]] = {
    "危货车辆": "hazmat", "危货车": "hazmat", "危险货物运输车辆": "hazmat",
    "hazmat vehicle": "hazmat",
    "客车": "coach", "coach": "coach", "货车": "truck", "truck": "truck",
    "校车": "school_bus", "school bus": "school_bus",
    "执法车": "enforcement", "执法车辆": "enforcement", "enforcement vehicle": "enforcement",
}  # fmt: skip
SERVICES: Final[Mapping[str, str]] = {
    "班线客运": "long-distance", "班线": "long-distance", "scheduled line": "long-distance",
    "接驳运输": "relay", "接驳": "relay", "relay line": "relay",
    "机场高铁专线": "airport-rail", "机场或高铁专线": "airport-rail",
    "airport or high-speed-rail line": "airport-rail",
    "通勤包车": "commuter", "commuter charter": "commuter",
    "定制客运": "customised", "customised coach": "customised",
    "短途驳载": "shuttle", "short shuttle": "shuttle",
}  # fmt: skip
_TRUE, _FALSE = {"是", "y", "yes", "1", "true"}, {"否", "n", "no", "0", "false"}


def plate_number(text: str) -> str:
    try:
        return parse_plate(text).number
    except PlateRefused as refused:
        raise ValueError(str(refused)) from refused


def plate_colour(text: str) -> int:
    bare = text.removesuffix("牌").removesuffix("色")
    for colour in PlateColour:
        if text == str(int(colour)) or text == colour.label_zh:
            return int(colour)
    words = {"蓝": 1, "黄": 2, "黑": 3, "白": 4, "绿": 5, "黄绿": 93, "渐变绿": 94,
             "blue": 1, "yellow": 2, "black": 3, "white": 4, "green": 5}  # fmt: skip
    if (found := words.get(bare.lower())) is None:
        raise ValueError(_("“%(text)s” is no colour of a plate: write yellow, blue or its code.")
                         % {"text": text[:20]})  # fmt: skip
    return found


def choice(words: Mapping[str, str]) -> Callable[[str], object]:
    def read(text: str) -> object:
        key = text.lower()
        if key in words:
            return words[key]
        if key in words.values():
            return key
        raise ValueError(
            _("“%(text)s” is none of: %(known)s.") % {"text": text[:20], "known": listed(words)}
        )

    return read


def whole(text: str) -> object:
    number = re.fullmatch(r"(\d{1,6})(?:\.0+)?\s*(?:km/h|km|公里/小时|公里|千米)?", text, re.I)
    if number is None:
        raise ValueError(_("“%(text)s” is no whole number.") % {"text": text[:20]})
    return int(number[1])


def volume(text: str) -> object:
    try:
        found = Decimal(text).quantize(Decimal("0.01"))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ValueError(_("“%(text)s” is no number.") % {"text": text[:20]})
    return found


def truth(text: str) -> object:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(_("“%(text)s” is neither yes nor no.") % {"text": text[:20]})


def day(text: str) -> object:
    parts = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text)
    try:
        if parts is None:
            raise ValueError
        return date(int(parts[1]), int(parts[2]), int(parts[3]))
    except ValueError:
        raise ValueError(
            _("“%(text)s” is no day; write it as 2024-04-08.") % {"text": text[:20]}
        ) from None


def plain(text: str) -> object:
    return text


_PERIOD = re.compile(r"(\d{1,2}):(\d{2})\s*[-–—~至到]\s*(\d{1,2}):(\d{2})")


def read_periods(text: str) -> list[list[int]]:
    """``06:30-08:00 16:00-17:30`` as pairs of minutes of the day, in order of the day.

    >>> read_periods("16:00-17:30；06:30至08:00")
    [[390, 480], [960, 1050]]
    """
    said = unicodedata.normalize("NFKC", text)
    found = [tuple(int(part) for part in one) for one in _PERIOD.findall(said)]
    strange = re.sub(r"[\s,;、]", "", _PERIOD.sub("", said))
    if not found or strange or any(m1 > 59 or m2 > 59 for _h1, m1, _h2, m2 in found):
        raise ValueError(
            _("“%(text)s”: write the hours as 06:30-08:00 16:00-17:30.") % {"text": text[:40]}
        )
    return sorted([h1 * 60 + m1, h2 * 60 + m2] for h1, m1, h2, m2 in found)


_DAY_DIGITS = str.maketrans("一二三四五六日天", "12345677")


def read_days(text: str) -> list[int]:
    """``1-5``, ``一三五``, ``周一至周五`` as weekdays, 1 = Monday.

    >>> read_days("周一至周五")
    [1, 2, 3, 4, 5]
    """
    said = unicodedata.normalize("NFKC", text).translate(_DAY_DIGITS)
    said = re.sub(r"[周\s,;、]|星期", "", said)
    found: set[int] = set()
    for begin, end, alone in re.findall(r"([1-7])[-–—~至到]([1-7])|([1-7])", said):
        found |= {int(alone)} if alone else set(range(int(begin), int(end) + 1))
    strange = re.sub(r"([1-7])[-–—~至到]([1-7])|[1-7]", "", said)
    if not found or strange:
        raise ValueError(_("“%(text)s”: write the weekdays as 1-5.") % {"text": text[:20]})
    return sorted(found)


def periods_text(periods: Iterable[Sequence[int]]) -> str:
    """The pairs of minutes as they are typed: ``06:30-08:00 16:00-17:30``."""
    return " ".join(f"{_clock(begin)}-{_clock(end)}" for begin, end in periods)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def word_of(words: Mapping[str, str], value: str) -> str:
    """The first word for it in the language of the screen."""
    ascii_wanted = (get_language() or "zh").startswith("en")
    fit = [word for word, code in words.items() if code == value and word.isascii() == ascii_wanted]
    return fit[0] if fit else value


def listed(words: Mapping[str, str]) -> str:
    """One word for each value, as a list in the language of the screen."""
    return pgettext("list", ", ").join(word_of(words, one) for one in dict.fromkeys(words.values()))


def number_text(value: object) -> str:
    return "" if value is None else str(value)


def day_text(value: date | None) -> str:
    return value.isoformat() if value else ""


def owner_name(vehicle: Vehicle) -> str:
    return vehicle.enterprise.name if vehicle.enterprise else ""
