"""The table of flows: fact kind → verb. Add a consequence by adding a row.

Each row's ``run`` gets the fact and the clock and calls one verb of another room. It must be
harmless to call for a fact whose rows are gone or changed since; it runs in one transaction with
the mark that it has run, so it happens once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from jiaoan.hazmat import actions as hazmat
from jiaoan.hazmat.models import Filing, Trip, Verdict, Waybill
from jiaoan.hazmat.states import FilingState
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock, local
from jiaoan.kernel.plates import display
from jiaoan.ledger.actions import offer_evidence
from jiaoan.registry.actions import LimitRefused, take_terminal_limit
from jiaoan.registry.models import Terminal
from jiaoan.rules.hazmat import Lead
from jiaoan.scope import SystemActor
from jiaoan.watch import actions as watch
from jiaoan.watch.commands.states import CommandState
from jiaoan.watch.kinds import AlarmKind
from jiaoan.watch.models import Alarm, Command
from jiaoan.watch.posts import orders
from jiaoan.watch.upward import actions as upward
from jiaoan.watch.upward.kinds import RESULTS

log = logging.getLogger("jiaoan.flows")
ACTOR: Final = SystemActor(
    "flows", frozenset({"hazmat.judge", "alarm.open", "ledger.offer", "terminal.told"})
)
ORDER_ENDS: Final = tuple(
    f"watch.command_{state}"
    for state in (
        CommandState.ANSWERED,
        CommandState.REFUSED,
        CommandState.TIMED_OUT,
        CommandState.EXPIRED,
        CommandState.FAILED,
    )
)
TOP_SPEED: Final = 0x0055
"""终端参数 最高速度, km/h (JT/T 808-2019 table 12)."""


@dataclass(frozen=True)
class Flow:
    """One row: facts of ``kinds`` lead to ``run``. ``name`` is part of the idempotency key."""

    name: str
    kinds: tuple[str, ...]
    run: Callable[[Fact, Clock], None]


def _id(fact: Fact) -> int:
    return int(fact.obj.rpartition(":")[2])


def _open_alarm(fact: Fact, clock: Clock) -> None:
    """A verdict with a lead opens an alarm on the desk."""
    verdict = Verdict.objects.select_related("trip__vehicle").get(fact=fact)
    watch.open_alarm(
        ACTOR,
        clock,
        watch.Source(
            key=f"{verdict.rule}:{verdict.key}",
            kind=AlarmKind(verdict.lead),
            vehicle=verdict.trip.vehicle,
            place_name=verdict.trip.place_name,
            subject=verdict.trip.subject,
            rule=verdict.rule,
            version=verdict.version,
            record=verdict.record,
            happened_at=verdict.happened_at,
            received_at=verdict.received_at,
            judged_at=verdict.judged_at,
        ),
    )


def _rejudge_for_filing(fact: Fact, clock: Clock) -> None:
    """An approved filing: the open stays of that vehicle are judged again."""
    hazmat.rejudge_for_filing(ACTOR, clock, Filing.objects.get(pk=_id(fact)))


def _match_waybill(fact: Fact, clock: Clock) -> None:
    """A new waybill: matched with the open stays of its vehicle."""
    hazmat.match_waybill(ACTOR, clock, Waybill.objects.get(pk=_id(fact)))


def _note_papers(fact: Fact, clock: Clock) -> None:
    """A verdict made again is noted on the alarm; a person closes it, never this."""
    verdict = Verdict.objects.get(fact=fact)
    watch.note_papers(ACTOR, clock, fact.obj, complete=not verdict.lead, cause=fact)


def _offer_filing(fact: Fact, clock: Clock) -> None:
    """An approved filing is evidence for the duty of 外籍车辆备案."""
    filing = Filing.objects.get(pk=_id(fact))
    if filing.status is FilingState.WITHDRAWN:
        return
    offer_evidence(
        ACTOR,
        clock,
        tag="hazmat_filing",
        fact=fact,
        title=f"外籍危货车备案 {filing.number}：{display(filing.plate)}",
        url=f"/hazmat/filings/{filing.pk}/",
    )


def _offer_stay(fact: Fact, clock: Clock) -> None:
    """A stay seen from entry to exit is evidence for 电子围栏 and 全过程监控."""
    trip = Trip.objects.select_related("vehicle").get(pk=_id(fact))
    if trip.left_at is None:
        return
    span = f"{local(trip.entered_at):%H:%M} 入区，{local(trip.left_at):%H:%M} 出区"
    offer_evidence(
        ACTOR,
        clock,
        tag="geofence",
        fact=fact,
        title=f"危货车全过程监控：{display(trip.vehicle.plate)}，{span}",
        url=f"/hazmat/trips/{trip.pk}/",
    )


def _report_alarm(fact: Fact, clock: Clock) -> None:
    """An alarm that opened is reported to the superior platforms that want it."""
    if upward.superiors():
        upward.report(ACTOR, clock, Alarm.objects.select_related("vehicle").get(fact=fact))


def _report_result(fact: Fact, clock: Clock) -> None:
    """What became of an alarm is told to the superior platforms that know of it."""
    alarm = Alarm.objects.select_related("vehicle").get(pk=_id(fact))
    upward.report_result(ACTOR, clock, alarm, fact)


def _take_terminal_limit(fact: Fact, clock: Clock) -> None:
    """A terminal that confirmed or told its highest speed: the register knows it from now on."""
    command = Command.objects.select_related("vehicle").get(pk=_id(fact))
    told = command.told_parameters
    if TOP_SPEED not in told:
        return
    # It may have gone to another vehicle since it was asked.
    terminal = Terminal.objects.filter(phone=command.terminal, vehicle=command.vehicle).first()
    if terminal is None:
        log.warning("%s: its terminal is no longer that of the vehicle; not kept", fact.obj)
        return
    try:
        take_terminal_limit(
            ACTOR, clock, terminal, kmh=told[TOP_SPEED], at=fact.happened_at, cause=fact.obj
        )
    except LimitRefused as refused:
        log.warning("%s: parameter %#06x is not kept: %s", fact.obj, TOP_SPEED, refused)


def _answer_order(fact: Fact, clock: Clock) -> None:
    """A command that a superior platform ordered came to its end: that answers the superior."""
    orders.command_ended(ACTOR, clock, Command.objects.get(pk=_id(fact)))


def _answer_photo(fact: Fact, clock: Clock) -> None:
    """A picture that a superior platform ordered came: it goes up to the superior."""
    upload = orders.of_upload(fact)
    if upload is not None:
        orders.picture_came(ACTOR, clock, upload)


TABLE: Final[tuple[Flow, ...]] = (
    Flow("open_alarm", tuple(f"hazmat.verdict.{lead.value}" for lead in Lead), _open_alarm),
    Flow("rejudge_for_filing", ("hazmat.filing_approved",), _rejudge_for_filing),
    Flow("match_waybill", ("hazmat.waybill_entered",), _match_waybill),
    Flow("note_papers", ("hazmat.rejudged",), _note_papers),
    Flow("offer_filing", ("hazmat.filing_approved",), _offer_filing),
    Flow("offer_stay", ("hazmat.left",), _offer_stay),
    Flow("report_alarm", ("watch.opened",), _report_alarm),
    Flow("report_result", tuple(RESULTS), _report_result),
    Flow("answer_order", ORDER_ENDS, _answer_order),
    Flow("answer_photo", ("watch.upload_received",), _answer_photo),
    Flow("take_terminal_limit", ("watch.command_answered",), _take_terminal_limit),
)
KINDS: Final = frozenset(kind for flow in TABLE for kind in flow.kinds)


def flows_for(kind: str) -> tuple[Flow, ...]:
    return tuple(flow for flow in TABLE if kind in flow.kinds)
