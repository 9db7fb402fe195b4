"""One stay on one strip 行程: what happened to a vehicle from entry to exit, from its facts.

The same steps stand on the alarm desk, on the page of the stay and in the day's sheet; each is a
fact of the journal, so a step that did not happen is not drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.hazmat.models import Trip
from jiaoan.hazmat.queries import trip_facts, trips
from jiaoan.hazmat.states import TripState
from jiaoan.journal.models import Fact
from jiaoan.org.models import User
from jiaoan.papers.trip_sheet import Step, StripEvent
from jiaoan.watch.queries import dispositions, of_subject

_STEPS: dict[str, Step] = {
    "hazmat.entered": Step.ENTERED,
    "watch.opened": Step.ALARM,
    "watch.responded": Step.CALL_NOTED,
    "hazmat.filing_applied": Step.FILED,
    "hazmat.filing_approved": Step.APPROVED,
    "hazmat.waybill_matched": Step.WAYBILL_MATCHED,
    "hazmat.left": Step.LEFT,
    "hazmat.place_ended": Step.UNSEEN,
    "hazmat.trip_superseded": Step.UNSEEN,
    "watch.closed": Step.CLOSED,
}
_LABELS: dict[Step, str | Promise] = {
    Step.ENTERED: _("Entered"),
    Step.ALARM: _("Alarm raised"),
    Step.CALL_NOTED: _("Call noted"),
    Step.FILED: _("Filing handed in"),
    Step.APPROVED: _("Filing approved"),
    Step.WAYBILL_MATCHED: _("Waybill matched"),
    Step.LEFT: _("Left"),
    Step.UNSEEN: _("Exit not seen"),
    Step.CLOSED: _("Alarm closed"),
}
_UNSEEN: Final = {
    "expired": "区界围栏到期，此后是否驶出不再研判",
    "closed": "区界围栏停用，此后是否驶出不再研判",
    "changed": "区界围栏变更、不再约束该车，此后是否驶出不再研判",
}
_TO_DO = (Step.CALL_NOTED, Step.FILED, Step.APPROVED, Step.WAYBILL_MATCHED, Step.LEFT)


@dataclass(frozen=True)
class StripStep:
    """A step as drawn: done with its time and fact, or still to come."""

    step: Step
    at: datetime | None = None
    fact: Fact | None = None

    @property
    def label(self) -> str | Promise:
        return _LABELS[self.step]

    @property
    def done(self) -> bool:
        return self.at is not None


def trip_of_subject(actor: object, subject: str) -> Trip | None:
    """The stay that an alarm's subject names, if the actor may see it."""
    room, _colon, number = subject.partition(":")
    return trips(actor).filter(pk=number).first() if room == "hazmat.trip" else None


def known_facts(actor: object, trip: Trip) -> list[Fact]:
    """Facts of the stay, its papers and its alarms, in order of happening."""
    return trip_facts(trip, *of_subject(actor, trip.subject))


def steps_of(actor: object, trip: Trip) -> list[StripStep]:
    """Steps that happened in order, then those that a stay with an alarm still needs."""
    facts = known_facts(actor, trip)
    done: dict[Step, StripStep] = {}
    for fact in facts:
        step = _STEPS.get(fact.kind)
        if step is Step.UNSEEN and trip.status is not TripState.SUPERSEDED:
            continue  # it was seen after all
        if step is not None and step not in done:
            done[step] = StripStep(step, fact.happened_at, fact)
    happened = sorted(done.values(), key=lambda one: one.at or trip.entered_at)
    needed = _TO_DO if Step.ALARM in done else (Step.WAYBILL_MATCHED, Step.LEFT)
    return happened + [
        StripStep(step)
        for step in needed
        if step not in done and not (step is Step.LEFT and Step.UNSEEN in done)
    ]


def sheet_events(actor: object, trip: Trip) -> Sequence[StripEvent]:
    """The strip for 当日情况单: done steps only, each with its journal number and what it was."""
    people = {user.journal_name: user.name for user in User.objects.all()}
    notes = _notes(actor, trip)
    return [
        StripEvent(
            step=one.step,
            happened_at=one.fact.happened_at,
            recorded_at=one.fact.recorded_at,
            what=notes.get(one.fact.pk) or _what(one.step, trip, one.fact) or one.step.label_zh,
            who=people.get(one.fact.actor, "系统" if one.fact.actor.startswith("system") else ""),
            journal_seq=one.fact.seq,
        )
        for one in steps_of(actor, trip)
        if one.fact is not None
    ]


def _notes(actor: object, trip: Trip) -> dict[int, str]:
    """What people wrote on the alarms of the stay, and why each was raised, by fact."""
    found: dict[int, str] = {}
    for alarm in of_subject(actor, trip.subject):
        reasons = [str(one["text"]) for one in alarm.record.get("reasons", []) if not one["ok"]]
        found[alarm.fact_id] = "；".join(reasons)
        found |= {one.fact_id: one.note for one in dispositions(actor, alarm)}
    return found


def _what(step: Step, trip: Trip, fact: Fact) -> str:
    """The paper or place that a step is about; the sheet is an official paper, so Chinese."""
    filing, bill = trip.filing, trip.waybill
    if step in (Step.ENTERED, Step.LEFT):
        return f"{step.label_zh}，{trip.place_name}"
    if step is Step.UNSEEN:
        return _UNSEEN.get(str(fact.payload.get("cause", "")), "再次驶入时未见此前驶出")
    if step in (Step.FILED, Step.APPROVED) and filing is not None:
        return f"{filing.number}，{filing.valid_from} 至 {filing.valid_to}"
    if step is Step.WAYBILL_MATCHED and bill is not None:
        return f"运单 {bill.number}，{bill.goods_text}"
    return ""
