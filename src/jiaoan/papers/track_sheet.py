"""轨迹证据单: what one vehicle's day says, on paper, with the digest of the positions behind it.

Whoever holds the exported positions computes the digest again and sees that the sheet was made from
them; the number of the record leads to the fact that says who made it and when. The sheet says
what is not known: gaps stand in it like everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from jiaoan.kernel.clock import local
from jiaoan.kernel.plates import Plate
from jiaoan.kernel.windows import day_zh
from jiaoan.papers.tables import Column, Footer, Kind, Sheet, sheet_docx


@dataclass(frozen=True)
class TrackEvent:
    """A gap, a stand or a stretch over a limit; ``label`` and ``text`` in Chinese."""

    start: datetime
    end: datetime
    label: str
    text: str


@dataclass(frozen=True)
class TrackSheet:
    """One local day of a vehicle. ``digest`` is SHA-256 of the CSV file of its positions.

    ``record`` is the number of the journal's row; ``remark`` names what may be missing, and figures
    that are unverified.
    """

    plate: Plate
    owner: str
    day: date
    first: datetime | None
    last: datetime | None
    reports: int
    bad: int
    km: float
    top_kmh: float | None
    events: Sequence[TrackEvent]
    digest: str
    record: int
    remark: str
    maker: str
    made_at: datetime
    sample: bool = False


_COLUMNS = (
    Column("number", "序号", Kind.INT, 6),
    Column("label", "情况", width=12),
    Column("start", "起", Kind.DATETIME, 18),
    Column("end", "止", Kind.DATETIME, 18),
    Column("text", "说明", width=48),
)


def track_sheet(said: TrackSheet) -> Sheet:
    """The sheet as a list: facts above, what happened below."""
    colour = f"（{said.plate.colour.char_zh}）" if said.plate.colour else ""
    facts = [
        ("单位", said.owner or "未登记"),
        ("定位点", f"{said.reports} 个，其中无效 {said.bad} 个"),
        ("首末点", _span(said.first, said.last)),
        ("里程", f"{said.km:.1f} 千米（中断不计，由定位点直线累计）"),
        ("最高车速", "无" if said.top_kmh is None else f"{said.top_kmh:g} 千米/时"),
        ("坐标", "WGS-84"),
        ("定位数据 SHA-256", said.digest),
        ("日志记录", str(said.record)),
    ]
    subtitle = "；".join(f"{name}：{value}" for name, value in facts)
    return Sheet(
        title=f"{said.plate}{colour} {day_zh(said.day)}轨迹证据单",
        columns=_COLUMNS,
        rows=[
            {
                "number": number,
                "label": each.label,
                "start": each.start,
                "end": each.end,
                "text": each.text,
            }
            for number, each in enumerate(said.events, 1)
        ],
        footer=Footer(said.maker, said.made_at, f"{said.plate} {day_zh(said.day)}"),
        sample=said.sample,
        subtitle=f"{subtitle}。{said.remark}",
    )


def track_sheet_docx(said: TrackSheet) -> bytes:
    """The sheet as Word, A4 landscape."""
    return sheet_docx(track_sheet(said))


def _span(first: datetime | None, last: datetime | None) -> str:
    if first is None or last is None:
        return "无有效定位点"
    return f"{local(first):%H:%M:%S} 至 {local(last):%H:%M:%S}"
