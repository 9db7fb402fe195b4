"""当日情况单: one vehicle's stay in the district on one sheet, from entry to exit.

The strip lists what happened in order, each step with its own time and its journal number, so that
a reader can find the record behind it. A step that did not happen is not invented: a sheet made
while the vehicle is still inside says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from jiaoan.kernel.clock import local
from jiaoan.kernel.plates import Plate
from jiaoan.kernel.windows import day_zh
from jiaoan.papers.tables import Column, Footer, Kind, Row, Sheet, sheet_docx, sheet_xlsx


class Step(StrEnum):
    """What can happen to a vehicle between entry and exit."""

    ENTERED = "entered"
    ALARM = "alarm"
    CALL_NOTED = "call_noted"
    FILED = "filed"
    APPROVED = "approved"
    WAYBILL_MATCHED = "waybill_matched"
    LEFT = "left"
    UNSEEN = "unseen"
    CLOSED = "closed"
    OTHER = "other"

    @property
    def label_zh(self) -> str:
        return _STEPS_ZH[self]


_STEPS_ZH = {
    Step.ENTERED: "驶入辖区",
    Step.ALARM: "报警",
    Step.CALL_NOTED: "电话核实",
    Step.FILED: "补报备案",
    Step.APPROVED: "备案核准",
    Step.WAYBILL_MATCHED: "运单相符",
    Step.LEFT: "驶出辖区",
    Step.UNSEEN: "未见驶出",
    Step.CLOSED: "报警销号",
    Step.OTHER: "其他",
}


@dataclass(frozen=True)
class StripEvent:
    """One step. ``happened_at`` when it happened, ``recorded_at`` when the journal took it."""

    step: Step
    happened_at: datetime
    recorded_at: datetime
    what: str
    who: str
    journal_seq: int | None = None


@dataclass(frozen=True)
class TripSheet:
    """One stay: the vehicle as it was then, and its strip. Times are aware."""

    plate: Plate
    carrier: str
    goods: str
    destination: str
    events: Sequence[StripEvent]
    maker: str
    made_at: datetime
    sample: bool = False


_COLUMNS = (
    Column("number", "序号", Kind.INT, 4),
    Column("step", "环节", width=8),
    Column("happened", "发生时间", Kind.DATETIME, 14),
    Column("what", "情况", width=38),
    Column("who", "经办", width=12),
    Column("recorded", "记入日志时间", Kind.DATETIME, 14),
    Column("journal", "日志号", Kind.INT, 8),
)


def trip_sheet(trip: TripSheet) -> Sheet:
    """The sheet of a stay; ``ValueError`` for a stay without events."""
    if not trip.events:
        raise ValueError(f"{trip.plate} 没有可列的记录，不能生成当日情况单。")
    events = sorted(trip.events, key=lambda event: (event.happened_at, event.recorded_at))
    colour = f"（{trip.plate.colour.char_zh}）" if trip.plate.colour else ""
    day = day_zh(local(events[0].happened_at).date())
    facts = [
        ("承运人", trip.carrier),
        ("货物", trip.goods),
        ("目的地", trip.destination),
        ("在区", stay_zh(events)),
    ]
    return Sheet(
        title=f"{trip.plate}{colour} {day}当日情况单",
        columns=_COLUMNS,
        rows=[_row(number, event) for number, event in enumerate(events, 1)],
        footer=Footer(trip.maker, trip.made_at, f"{trip.plate} 本次在区"),
        sample=trip.sample,
        subtitle="；".join(f"{name}：{value or '未填'}" for name, value in facts),
    )


def trip_sheet_docx(trip: TripSheet) -> bytes:
    """The sheet as Word, A4 landscape."""
    return sheet_docx(trip_sheet(trip))


def trip_sheet_xlsx(trip: TripSheet) -> bytes:
    """The sheet as Excel."""
    return sheet_xlsx(trip_sheet(trip))


def stay_zh(events: Sequence[StripEvent]) -> str:
    """How long the vehicle was inside: ``3 小时 06 分``; 尚未驶出 while no exit is recorded,
    未见驶出 where none will be.
    """
    entered = [event.happened_at for event in events if event.step is Step.ENTERED]
    left = [event.happened_at for event in events if event.step is Step.LEFT]
    if not entered:
        return "驶入时间无记录"
    if not left and any(event.step is Step.UNSEEN for event in events):
        return "未见驶出"
    if not left or max(left) < min(entered):
        return "尚未驶出"
    minutes = int((max(left) - min(entered)) / timedelta(minutes=1))
    return f"{minutes // 60} 小时 {minutes % 60:02} 分"


def _row(number: int, event: StripEvent) -> Row:
    return {
        "number": number,
        "step": event.step.label_zh,
        "happened": event.happened_at,
        "what": event.what,
        "who": event.who,
        "recorded": event.recorded_at,
        "journal": event.journal_seq,
    }
