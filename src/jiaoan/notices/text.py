# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Text that remembers where each of its characters stood in the original.

The steps of the reader work on a *clean* form: full-width punctuation, half-width digits, one kind
of bracket, no stray spaces, no marks of Markdown. Cleaning would lose the place that the screen has
to underline; :class:`Text` carries it along.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from jiaoan.notices.model import Span

_PUNCTUATION = str.maketrans(
    {
        ",": "，", ";": "；", ":": "：", "(": "（", ")": "）", "?": "？", "!": "！",
        "[": "（", "]": "）", "〔": "（", "〕": "）", "［": "（", "］": "）", "【": "（", "】": "）",
        "﹝": "（", "﹞": "）", "「": "“", "」": "”", "『": "“", "』": "”", "〈": "《", "〉": "》",
        "–": "—", "－": "—", "~": "—", "～": "—", "―": "—", "─": "—", "﹑": "、", "｡": "。",
        "<": "《", ">": "》", "‟": "“", "″": "”",
        "､": "、", "％": "%",
    }
)  # fmt: skip
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u00ad\\*"
_FULL_WIDTH = re.compile("[！-～]")
#: Numbers that one character writes with its marks: ⒈ ⑴ ㈠.
_COMPOSED = {
    **{chr(0x2488 + n): f"{n + 1}." for n in range(20)},
    **{chr(0x2474 + n): f"（{n + 1}）" for n in range(20)},
    **{chr(0x3220 + n): f"（{c}）" for n, c in enumerate("一二三四五六七八九十")},
}


@dataclass(frozen=True)
class Text:
    """``chars[i]`` stood at ``at[i]`` of the original; positions rise."""

    chars: str
    at: tuple[int, ...]

    def cut(self, start: int, end: int | None = None) -> Text:
        """The part from ``start`` to ``end``."""
        return Text(self.chars[start:end], self.at[start:end])

    def span(self, start: int, end: int) -> Span:
        """Where the clean characters ``start``..``end`` (not empty) stood in the original."""
        return Span(self.at[start], self.at[end - 1] + 1)

    def gap_after(self, index: int) -> bool:
        """True where blanks stood in the original after the clean character ``index``."""
        return index + 1 < len(self.at) and self.at[index + 1] > self.at[index] + 1

    def __add__(self, other: Text) -> Text:
        return Text(self.chars + other.chars, self.at + other.at)

    def __len__(self) -> int:
        return len(self.chars)

    def __bool__(self) -> bool:
        return bool(self.chars)

    @staticmethod
    def join(parts: Iterable[Text]) -> Text:
        """The parts, one after the other."""
        kept = list(parts)
        return Text(
            "".join(part.chars for part in kept), tuple(i for part in kept for i in part.at)
        )


def is_han(char: str) -> bool:
    """True for a Chinese character."""
    return "\u4e00" <= char <= "\u9fff" or char == "〇"


def _is_word(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _ends_words(before: str) -> bool:
    """A point after a Chinese character, a bracket or % is a full stop."""
    return before == "%" or (before != "" and not _is_word(before))


def clean(source: str, start: int, end: int) -> Text:
    """The clean form of ``source[start:end]``, which is one line."""
    chars: list[str] = []
    at: list[int] = []
    blank = False
    for index in range(start, end):
        char = source[index]
        if "\u4e00" <= char <= "\u9fff":  # most of the text by far
            chars.append(char)
            at.append(index)
            blank = False
            continue
        if char.isspace() or char == "\u3000":
            blank = True
            continue
        if char in _INVISIBLE or (char in "<>" and index > start and source[index - 1] == char):
            continue
        if char in _COMPOSED:
            chars.extend(_COMPOSED[char])
            at.extend([index] * len(_COMPOSED[char]))
            blank = False
            continue
        if _FULL_WIDTH.match(char) and unicodedata.normalize("NFKC", char).isalnum():
            char = unicodedata.normalize("NFKC", char)
        elif char == "．" and not (0 < len(chars) <= 2 and "".join(chars).isdigit()):
            char = "."  # at the start of a line it stays what it is: the mark of a number
        before = chars[-1] if chars else ""
        after = source[index + 1] if index + 1 < end else ""
        words = bool(before) and _is_word(before) and _is_word(char)
        if blank and words and (before.isalpha() or char.isalpha()):
            # "GB 1589" keeps its blank; "3 月" and "100 %" lose it.
            chars.append(" ")
            at.append(index - 1)
        blank = False
        if char in ":,." and before.isdigit() and after.isdigit():
            pass  # 16:30, 1,000 and 2.5 are figures, not punctuation
        elif char == "．":
            pass
        elif char == "." and _ends_words(before):
            char = "。"
        else:
            char = char.translate(_PUNCTUATION)
        chars.append(char)
        at.append(index)
    return Text("".join(chars), tuple(at))


def curl_quotes(text: Text) -> Text:
    """Straight quotation marks of one paragraph become opening and closing ones in turn."""
    if '"' not in text.chars:
        return text
    chars: list[str] = []
    opening = True
    for char in text.chars:
        if char == '"':
            chars.append("“" if opening else "”")
            opening = not opening
        else:
            chars.append(char)
    return Text("".join(chars), text.at)


def original(source: str, text: Text) -> str:
    """The original characters behind ``text``: brackets and digits as they were written."""
    return "".join(source[index] for index in text.at)


@cache
def _stops(marks: str) -> re.Pattern[str]:
    return re.compile(f"[（“《）”》{re.escape(marks)}]")


def split_outside(chars: str, marks: str) -> list[tuple[int, int]]:
    """Ranges of ``chars`` between ``marks`` that stand outside brackets and quotation marks."""
    ranges: list[tuple[int, int]] = []
    depth = start = 0
    for found in _stops(marks).finditer(chars):
        char, index = found.group(), found.start()
        if char in "（“《":
            depth += 1
        elif char in "）”》":
            depth = max(0, depth - 1)
        elif depth == 0:
            ranges.append((start, index))
            start = index + 1
    ranges.append((start, len(chars)))
    return [(a, b) for a, b in ranges if b > a]


def unbalanced(chars: str) -> bool:
    """True where a bracket, title mark or quotation mark is still open at the end."""
    return any(chars.count(a) > chars.count(b) for a, b in ("（）", "《》", "“”"))
