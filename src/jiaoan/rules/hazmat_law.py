"""The legal basis of hazmat verdicts, chosen by the day of the act.

The 2024 notice (notice, part 十一) holds for its year only. On other days there is no loaded
clause, and the verdict says so instead of citing a text that did not hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Basis:
    """A clause with the local days on which it holds, both inclusive."""

    code: str
    label: str
    sentence: str
    source: str
    valid_from: date
    valid_to: date


# Source: 岳云交发〔2024〕30号, 2024 key points of transport safety work, part 十一.
_NOTICE_2024 = Basis(
    "notice.2024.11",
    "要点 十一",
    "实行外籍车辆备案管理，对进出辖区危货运输车辆实行全过程监控",
    "2024年安全生产工作要点",
    date(2024, 1, 1),
    date(2024, 12, 31),
)
_NONE = Basis(
    "none",
    "无已载入条款",
    "该日没有已载入的年度要点条款，只作登记提示",
    "",
    date.min,
    date.max,
)
BASES = (_NOTICE_2024,)


def basis_on(day: date) -> Basis:
    """The clause that held on ``day``; a plain statement when none was loaded for it."""
    return next((basis for basis in BASES if basis.valid_from <= day <= basis.valid_to), _NONE)
