"""Judging an entry 入区 of a hazmat vehicle with its papers: filing 备案 and waybill 运单.

Theory of operation
-------------------
The stream says from position alone that a vehicle entered; this rule says what the papers say.
:func:`judge_entry` is a pure function of the entry, the filings and waybills that may belong to
it, and the moment ``at`` which papers count (a filing approved later does not). Every input that
was looked at becomes a :class:`Reason` with its limit beside the value, so the verdict explains
itself, and :func:`to_record` / :func:`rejudge` carry the inputs through JSON: the same inputs give
the same verdict years later.

A filing is a registration, not a licence (domain 5.5): a verdict is a lead for checking 核查线索,
never by itself a ground for a penalty. That sentence is unconfirmed [U] until 法制股 says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from jiaoan.kernel.clock import local
from jiaoan.rules.hazmat_law import Basis, basis_on

RULE = "hazmat.filing"
VERSION = "1"
# [U] How long before the entry a waybill may have started; no official figure was found.
WAYBILL_DAYS = 3
REMARK = "备案是登记，不是许可。本报警只作核查线索，不能单独作处罚依据。"


class FilingOutcome(StrEnum):
    """What the filings say about the entry."""

    FILED = "filed"
    UNFILED = "unfiled"
    EXPIRED = "filing_expired"
    NOT_REQUIRED = "not_required"


class WaybillOutcome(StrEnum):
    """What the waybills say about the entry."""

    MATCHED = "matched"
    MISSING = "missing"
    MISMATCH = "mismatch"


class Lead(StrEnum):
    """Why somebody should look: the most serious outcome gives the alarm its kind."""

    UNFILED = "unfiled"
    FILING_EXPIRED = "filing_expired"
    WAYBILL_MISMATCH = "waybill_mismatch"
    WAYBILL_MISSING = "waybill_missing"


@dataclass(frozen=True)
class Point:
    """A position of the finding.

    ``depth_m``: metres inside the line, negative outside, ``None`` = far outside, not measured.
    """

    time: datetime
    lat: float
    lon: float
    speed_kmh: float
    depth_m: float | None
    inside: bool


@dataclass(frozen=True)
class Entry:
    """An entry found by the stream, with the limits that held then."""

    plate: str
    plate_colour: int
    outside: bool
    tank_number: str
    happened_at: datetime
    points: tuple[Point, ...]
    buffer_m: float
    consecutive: int


@dataclass(frozen=True)
class FilingPaper:
    """An approved filing; the days are local and inclusive."""

    number: str
    plate: str
    plate_colour: int
    valid_from: date
    valid_to: date
    approved_at: datetime
    tank_number: str
    un_numbers: tuple[str, ...]


@dataclass(frozen=True)
class WaybillPaper:
    """A waybill that names the vehicle or its tank."""

    number: str
    plate: str
    tank_number: str
    start_date: date
    un_numbers: tuple[str, ...]
    entered_at: datetime


@dataclass(frozen=True)
class Reason:
    """One input with its limit: ``ok`` says whether it met what was asked."""

    code: str
    text: str
    value: str
    ok: bool
    unverified: bool = False


@dataclass(frozen=True)
class Judgement:
    """What the papers say about one entry, with the inputs it was said from."""

    filing: FilingOutcome
    filing_number: str
    waybill: WaybillOutcome
    waybill_number: str
    lead: Lead | None
    reasons: tuple[Reason, ...]
    law: Basis
    rule: str = RULE
    version: str = VERSION
    remark: str = REMARK


def judge_entry(
    entry: Entry,
    filings: Sequence[FilingPaper],
    waybills: Sequence[WaybillPaper],
    at: datetime,
) -> Judgement:
    """Judge one entry with the papers known at ``at``; the law is that of the day of the act."""
    day = local(entry.happened_at).date()
    filing, paper, filing_reason = _filing(entry, filings, day, at)
    waybill, bill, waybill_reason = _waybill(entry, paper, waybills, day, at)
    reasons = (*_entry_reasons(entry), filing_reason, waybill_reason)
    return Judgement(
        filing,
        paper.number if paper else "",
        waybill,
        bill.number if bill else "",
        _lead(entry, filing, waybill),
        reasons,
        basis_on(day),
    )


def _lead(entry: Entry, filing: FilingOutcome, waybill: WaybillOutcome) -> Lead | None:
    if filing is FilingOutcome.UNFILED:
        return Lead.UNFILED
    if filing is FilingOutcome.EXPIRED:
        return Lead.FILING_EXPIRED
    if waybill is WaybillOutcome.MISMATCH:
        return Lead.WAYBILL_MISMATCH
    # A vehicle of the district goes home empty without a waybill every day; an outside one comes
    # loaded or to load, so its missing waybill is worth a look.
    if waybill is WaybillOutcome.MISSING and entry.outside:
        return Lead.WAYBILL_MISSING
    return None


def _entry_reasons(entry: Entry) -> tuple[Reason, Reason]:
    """Both ways to confirm an entry (domain 5.5, hysteresis): either one is enough."""
    run: list[Point] = []
    for point in reversed(entry.points):
        if not point.inside:
            break
        run.append(point)
    run.reverse()
    deepest = max((point.depth_m for point in run if point.depth_m is not None), default=0.0)
    times = "，".join(f"{local(point.time):%H:%M:%S}" for point in run[-2:])
    return (
        Reason(
            "entry.consecutive",
            f"连续 {len(run)} 个定位点在区界围栏内（要求不少于 {entry.consecutive} 点，"
            "或一点越过缓冲带）",
            times,
            len(run) >= entry.consecutive,
            unverified=True,
        ),
        Reason(
            "entry.depth",
            f"越过缓冲带（要求大于 {entry.buffer_m:g} 米，或连续点数达到要求）",
            f"{deepest:.0f} 米",
            deepest > entry.buffer_m,
            unverified=True,
        ),
    )


def _filing(
    entry: Entry, filings: Sequence[FilingPaper], day: date, at: datetime
) -> tuple[FilingOutcome, FilingPaper | None, Reason]:
    code = "filing.valid"
    if not entry.outside:
        text = "本地车辆，不需要外籍备案"
        return FilingOutcome.NOT_REQUIRED, None, Reason(code, text, "—", True)
    known = [
        paper
        for paper in filings
        if paper.plate == entry.plate
        and paper.plate_colour == entry.plate_colour
        and paper.approved_at <= at
    ]
    valid = [paper for paper in known if paper.valid_from <= day <= paper.valid_to]
    if valid:
        paper = max(valid, key=lambda one: (one.valid_to, one.number))
        text = f"有效备案 {paper.number}，{_span(paper)}"
        return FilingOutcome.FILED, paper, Reason(code, text, f"{len(valid)} 条", True)
    ended = [paper for paper in known if paper.valid_to < day]
    if ended:
        last = max(ended, key=lambda one: (one.valid_to, one.number))
        text = f"有效备案：末次 {last.number}，{_day(last.valid_to)}到期"
        return FilingOutcome.EXPIRED, last, Reason(code, text, "0 条", False)
    text = "有效备案：该车在入区当日没有已批准的备案"
    return FilingOutcome.UNFILED, None, Reason(code, text, "0 条", False)


def _waybill(
    entry: Entry,
    filing: FilingPaper | None,
    waybills: Sequence[WaybillPaper],
    day: date,
    at: datetime,
) -> tuple[WaybillOutcome, WaybillPaper | None, Reason]:
    code = "waybill.match"
    known = [
        bill
        for bill in waybills
        if bill.entered_at <= at and day - timedelta(days=WAYBILL_DAYS) <= bill.start_date <= day
    ]
    if not known:
        text = f"电子运单：入区前 {WAYBILL_DAYS} 日内没有该车或该罐的运单"
        reason = Reason(code, text, "0 条", False, unverified=True)
        return WaybillOutcome.MISSING, None, reason
    bill = min(known, key=lambda one: (len(_differences(entry, filing, one)), one.number))
    differing = _differences(entry, filing, bill)
    if differing:
        text = f"电子运单 {bill.number}：{'、'.join(differing)}不一致"
        return WaybillOutcome.MISMATCH, bill, Reason(code, text, "0 条一致", False)
    text = f"有效运单：{bill.number}，车牌、罐体、UN 号均一致"
    return WaybillOutcome.MATCHED, bill, Reason(code, text, "1 条", True)


def _differences(entry: Entry, filing: FilingPaper | None, bill: WaybillPaper) -> list[str]:
    """What differs between the waybill and the vehicle (and its filing, where there is one)."""
    tanks = {tank for tank in (entry.tank_number, filing.tank_number if filing else "") if tank}
    found = []
    if bill.plate != entry.plate:
        found.append("车牌")
    if bill.tank_number and tanks and bill.tank_number not in tanks:
        found.append("罐体")
    if filing and filing.un_numbers and not set(bill.un_numbers) <= set(filing.un_numbers):
        found.append("UN 号")
    return found


def _day(value: date) -> str:
    return f"{value.month}月{value.day}日"


def _span(paper: FilingPaper) -> str:
    return f"{_day(paper.valid_from)}至{_day(paper.valid_to)}"
