"""Vehicle number plates 号牌 by GA 36-2018, and a search that forgives.

A number is kept in one form, without separators and in capitals (``鄂BA7263``); people see it with
one narrow middle dot (``鄂B·A7263``). A plate is number **and** colour: the same seven characters
exist in blue and in yellow, so two vehicles may share a number.

Forms that are read (``省`` = province character, ``A`` = letter of the issuing office):

========================  ==================  ==============================================
``湘F32718``              省 A + 5            small (blue) and large (yellow) vehicles
``湘FD12345``             省 A + 6            new energy, small: a letter A-H, J, K first
``湘F12345D``             省 A + 6            new energy, large: that letter last
``湘F1234挂``             省 A + 4 + 挂       trailers
``湘F1234学 警 领 超``     省 A + 4 + word     learners, police, consulates, oversize
``粤Z1234港 澳``          粤Z + 4 + word      vehicles of Hong Kong and Macao
``使224578``              使 + 6, or 6 + 使   embassies
``湘X1234应急``           省 A + 4 + 应急     fire and rescue teams
========================  ==================  ==============================================

The serial never has I or O (GA 36-2018 annex): they are refused with a hint, never changed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum

PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
DOT = "·"
_SEPARATORS = re.compile(r"[\s·•・‧∙⋅.．。\-‐–—_]+")
_SERIAL = "[A-HJ-NP-Z0-9]"
_ENERGY = "[A-HJK]"
_OFFICE = "[A-HJ-Z]"  # O is an office letter (once police vehicles), never I
_FORMS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(form)
    for form in (
        rf"[{PROVINCES}]{_OFFICE}{_SERIAL}{{5}}",
        rf"[{PROVINCES}]{_OFFICE}{_SERIAL}{{4}}[挂学警领超]",
        rf"粤Z{_SERIAL}{{4}}[港澳]",
        rf"[{PROVINCES}]{_OFFICE}{_SERIAL}{{4}}应急",
        r"使[0-9]{6}",
        r"[0-9]{6}使",
    )
)
_SMALL_ENERGY = re.compile(rf"[{PROVINCES}]{_OFFICE}{_ENERGY}{_SERIAL}[0-9]{{4}}")
_LARGE_ENERGY = re.compile(rf"[{PROVINCES}]{_OFFICE}[0-9]{{5}}{_ENERGY}")
_COLOUR_AT_END = re.compile(r"[（(]?(渐变绿|黄绿|蓝|黄|黑|白|绿)色?(?:牌)?[)）]?$")


class PlateColour(IntEnum):
    """Colour codes of JT/T 697.7 as JT/T 808 and 809 carry them."""

    BLUE = 1
    YELLOW = 2
    BLACK = 3
    WHITE = 4
    GREEN = 5
    OTHER = 9
    FARM_YELLOW = 91
    FARM_GREEN = 92
    YELLOW_GREEN = 93
    GRADIENT_GREEN = 94

    @property
    def label_zh(self) -> str:
        return _COLOURS_ZH[self][0]

    @property
    def char_zh(self) -> str:
        """The one character that stands beside a plate on screen."""
        return _COLOURS_ZH[self][1]


_COLOURS_ZH = {
    PlateColour.BLUE: ("蓝色", "蓝"),
    PlateColour.YELLOW: ("黄色", "黄"),
    PlateColour.BLACK: ("黑色", "黑"),
    PlateColour.WHITE: ("白色", "白"),
    PlateColour.GREEN: ("绿色", "绿"),
    PlateColour.OTHER: ("其他", "其"),
    PlateColour.FARM_YELLOW: ("农黄色", "黄"),
    PlateColour.FARM_GREEN: ("农绿色", "绿"),
    PlateColour.YELLOW_GREEN: ("黄绿双拼", "绿"),
    PlateColour.GRADIENT_GREEN: ("渐变绿", "绿"),
}
_COLOUR_WORDS = {
    "蓝": PlateColour.BLUE,
    "黄": PlateColour.YELLOW,
    "黑": PlateColour.BLACK,
    "白": PlateColour.WHITE,
    "绿": PlateColour.GREEN,
    "黄绿": PlateColour.YELLOW_GREEN,
    "渐变绿": PlateColour.GRADIENT_GREEN,
}
# The word at the end decides the colour (GA 36-2018 table 1).
_COLOUR_OF_WORD = {
    "挂": PlateColour.YELLOW,
    "学": PlateColour.YELLOW,
    "超": PlateColour.YELLOW,
    "警": PlateColour.WHITE,
    "急": PlateColour.WHITE,
    "港": PlateColour.BLACK,
    "澳": PlateColour.BLACK,
    "领": PlateColour.BLACK,
    "使": PlateColour.BLACK,
}


class PlateRefused(ValueError):
    """A text that is no plate: ``code`` says why, ``str()`` is a sentence for the person."""

    def __init__(self, code: str, text: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.text = code, text


@dataclass(frozen=True)
class Plate:
    """A checked plate. ``colour`` is ``None`` where neither text nor form tells it."""

    number: str
    colour: PlateColour | None = None

    def __str__(self) -> str:
        """``鄂B·A7263``."""
        return display(self.number)


def parse_plate(text: str, colour: PlateColour | None = None) -> Plate:
    """Read a plate as people type it: any case, width, dots and spaces, colour word at the end.

    ``colour`` given by the caller wins over the word in the text, the word over what the form
    implies. Raises :class:`PlateRefused`.

    >>> parse_plate("鄂b·a7263 黄")
    Plate(number='鄂BA7263', colour=<PlateColour.YELLOW: 2>)
    """
    bare = _bare(text)
    word = _COLOUR_AT_END.search(bare)
    number = bare[: word.start()] if word else bare
    if not number:
        raise PlateRefused("empty", text, "号牌未填写，请填写完整号牌，如“湘F·32718”。")
    if not is_plate(number):
        raise _refusal(text, number)
    named = _COLOUR_WORDS[word[1]] if word else None
    return Plate(number, colour or named or implied_colour(number))


def is_plate(number: str) -> bool:
    """Whether a normalised number has one of the forms of GA 36."""
    return any(form.fullmatch(number) for form in (*_FORMS, _SMALL_ENERGY, _LARGE_ENERGY))


def implied_colour(number: str) -> PlateColour | None:
    """The colour that the form alone decides; ``None`` for the ordinary seven characters."""
    if _SMALL_ENERGY.fullmatch(number):
        return PlateColour.GRADIENT_GREEN
    if _LARGE_ENERGY.fullmatch(number):
        return PlateColour.YELLOW_GREEN
    if number.startswith("使"):
        return PlateColour.BLACK
    return _COLOUR_OF_WORD.get(number[-1:])


def display(number: str) -> str:
    """A normalised number with its middle dot; a text that is no plate comes back unchanged."""
    if not is_plate(number):
        return number
    if "使" in number:
        return number
    return f"{number[:2]}{DOT}{number[2:]}"


def search_key(query: str) -> str:
    """What to look for in stored numbers (``number__contains``) for a typed ``query``."""
    bare = _bare(query)
    word = _COLOUR_AT_END.search(bare)
    return bare[: word.start()] if word and word.start() else bare


def matches(query: str, number: str) -> bool:
    """Whether a typed query means ``number``: province character, dots, spaces, case forgiven.

    Any connected part is enough (``a72`` finds ``鄂BA7263``); an empty query matches everything.
    """
    return search_key(query) in _bare(number)


def _bare(text: str) -> str:
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).upper())


def _refusal(text: str, number: str) -> PlateRefused:
    if number[0] not in PROVINCES and number[0] != "使" and not number.endswith("使"):
        return PlateRefused("province", text, f"号牌“{text}”缺少省份简称，请补全，如“湘F·32718”。")
    if re.search("[IO]", number[2:]):
        return PlateRefused(
            "letter",
            text,
            f"号牌“{text}”的序号含字母 I 或 O，号牌不用这两个字母，请核对是否为 1 或 0。",
        )
    return PlateRefused(
        "form", text, f"号牌“{text}”不符合 GA 36 的任何一种式样，请核对位数和字符，如“湘F·32718”。"
    )
