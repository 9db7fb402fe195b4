"""The reasons of a verdict in English, made from its record.

The record keeps the Chinese sentences that were shown when it was made; they are evidence and never
change. The English ones are a reader's help, made anew from the outcomes and inputs beside them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from jiaoan.rules.hazmat import WAYBILL_DAYS, FilingOutcome, WaybillOutcome

REMARK = (
    "A filing is a record, not a licence. This alarm is a lead for checking, and by itself no "
    "ground for a penalty."
)
_UNITS = (("条一致", "agree"), ("条", ""), ("米", "m"), ("，", ", "))
_PARTS = (("车牌", "plate"), ("罐体", "tank"), ("UN 号", "UN number"), ("、", ", "))

Record = Mapping[str, object]


def reason(record: Record, code: str, text: str, value: str) -> tuple[str, str]:
    """Sentence and value of the reason ``code``; as they are kept where the code is not known."""
    said = _sentence(record, code, text)
    return (text, value) if said is None else (said, _plain(value))


def _sentence(record: Record, code: str, text: str) -> str | None:
    if code == "entry.consecutive":
        entry = _entry(record)
        run = _last_run(entry.get("points"))
        return (
            f"fixes in a row inside the district line: {run} (at least {entry.get('consecutive')}, "
            "or one beyond the buffer)"
        )
    if code == "entry.depth":
        buffer = float(str(_entry(record).get("buffer_m")))
        return f"beyond the buffer (more than {buffer:g} m, or enough fixes in a row)"
    if code == "filing.valid":
        return _filing(record)
    if code == "waybill.match":
        return _waybill(record, text)
    return None


def _filing(record: Record) -> str:
    number = str(record.get("filing_number") or "")
    outcome = FilingOutcome(str(record["filing"]))
    if outcome is FilingOutcome.NOT_REQUIRED:
        return "a vehicle of the district needs no filing as an outside one"
    if outcome is FilingOutcome.UNFILED:
        return "valid filing: none was approved for this vehicle on the day of entry"
    first, last = _days(record, number)
    if outcome is FilingOutcome.FILED:
        return f"valid filing {number}, {first} to {last}"
    return f"valid filing: the last one, {number}, ended on {last}"


def _waybill(record: Record, text: str) -> str:
    number = str(record.get("waybill_number") or "")
    outcome = WaybillOutcome(str(record["waybill"]))
    if outcome is WaybillOutcome.MISSING:
        return f"waybill: none of this vehicle or tank in the {WAYBILL_DAYS} days before the entry"
    if outcome is WaybillOutcome.MATCHED:
        return f"valid waybill {number}: plate, tank and UN numbers agree"
    differing = text.partition("：")[2].removesuffix("不一致")
    for chinese, english in _PARTS:
        differing = differing.replace(chinese, english)
    return f"waybill {number} does not agree in: {differing}"


def _plain(value: str) -> str:
    for chinese, english in _UNITS:
        value = value.replace(chinese, english)
    return value.strip()


def _inputs(record: Record) -> Mapping[str, object]:
    found = record.get("inputs")
    return found if isinstance(found, Mapping) else {}


def _entry(record: Record) -> Mapping[str, object]:
    found = _inputs(record).get("entry")
    return found if isinstance(found, Mapping) else {}


def _last_run(points: object) -> int:
    """How many of the last points lie inside, counted back from the newest."""
    run = 0
    for point in reversed(points if isinstance(points, Sequence) else ()):
        if not (isinstance(point, Mapping) and point.get("inside")):
            break
        run += 1
    return run


def _days(record: Record, number: str) -> tuple[str, str]:
    """From when to when the filing of that number holds, as ``8 Apr``."""
    papers = _inputs(record).get("filings")
    for paper in papers if isinstance(papers, Sequence) else ():
        if isinstance(paper, Mapping) and paper.get("number") == number:
            return _day(str(paper.get("valid_from"))), _day(str(paper.get("valid_to")))
    return "?", "?"


def _day(iso: str) -> str:
    return re.sub(r"^0", "", f"{date.fromisoformat(iso):%d %b}")
