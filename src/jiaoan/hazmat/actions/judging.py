"""From findings to trips and verdicts. Called by the worker, once for each finding.

One visible order: the trip is opened or closed, the papers are gathered, the pure rule judges, the
verdict and its fact are written. Opening an alarm is not done here: ``flows`` does it from the
verdict's fact.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from jiaoan.hazmat.actions import correcting, endings
from jiaoan.hazmat.findings import Finding
from jiaoan.hazmat.models import Filing, Trip, Verdict, Waybill
from jiaoan.hazmat.states import FILING, TRIP, FilingState, FilingVerb, TripState, TripVerb
from jiaoan.journal.actions import enqueue, record
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock, local
from jiaoan.registry.models import Vehicle, VehicleKind
from jiaoan.rules.hazmat import (
    WAYBILL_DAYS,
    Entry,
    FilingOutcome,
    FilingPaper,
    Judgement,
    WaybillOutcome,
    WaybillPaper,
    judge_entry,
)
from jiaoan.rules.hazmat_record import read_entry, to_record
from jiaoan.scope import Actor, require

_DISTRICT = "district"


@transaction.atomic
def handle_finding(actor: Actor, clock: Clock, finding: Finding) -> Fact | None:
    """Take one finding into the trips. Returns its last fact, ``None`` when nothing follows.

    The same finding again changes nothing. Raises ``Vehicle.DoesNotExist`` for a vehicle that the
    registry does not know: the worker parks such a finding.
    """
    require(actor, "hazmat.judge")
    vehicle = Vehicle.objects.get(pk=finding.vehicle_id)
    if vehicle.kind != VehicleKind.HAZMAT:
        return None
    if finding.correction == "withdrawn":
        return correcting.take_back(actor, clock, finding, vehicle)
    if finding.place_kind != _DISTRICT:
        return _note_place(actor, clock, finding, vehicle)
    if finding.rule == "fence.enter":
        return judge_entered(actor, clock, finding, vehicle)
    if finding.rule == "fence.leave":
        return judge_left(actor, clock, finding, vehicle)
    return None


def judge_entered(actor: Actor, clock: Clock, finding: Finding, vehicle: Vehicle) -> Fact | None:
    """Open a trip 行程 for an entry and judge it with its papers."""
    require(actor, "hazmat.judge", vehicle)
    known = Trip.objects.filter(entered_finding=finding.id).first()
    if known is not None and not (finding.correction and known.status is TripState.WITHDRAWN):
        return None
    entry = _entry(finding, vehicle)
    same = correcting.same_stay(actor, clock, finding, vehicle) if finding.correction else None
    if same is not None:
        key = f"{finding.id}:corrected:{same.verdicts.count()}"
        return _judge(actor, clock, same, entry, key, finding)
    past = correcting.later(vehicle, finding.happened_at)
    if not past:
        _supersede(actor, clock, finding, vehicle)
    trip = Trip.objects.create(
        vehicle=vehicle,
        place_id_seen=finding.place_id,
        place_name=finding.place_name,
        entered_at=finding.happened_at,
        entered_finding=finding.id,
    )
    record(
        "hazmat.entered",
        actor=actor,
        obj=trip,
        clock=clock,
        happened_at=finding.happened_at,
        reported_at=finding.received_at,
        payload={"finding": finding.id, "vehicle": vehicle.pk, "place": finding.place_id},
    )
    fact = _judge(actor, clock, trip, entry, finding.id, finding)
    if past:  # it entered again since, so until an exit is told this one was not seen
        correcting.apply(actor, clock, trip, TripVerb.SUPERSEDE, finding)
    return fact


def _entry(finding: Finding, vehicle: Vehicle) -> Entry:
    return Entry(
        plate=vehicle.plate,
        plate_colour=vehicle.plate_colour,
        outside=vehicle.outside,
        tank_number=vehicle.tank_number,
        happened_at=finding.happened_at,
        points=finding.points,
        buffer_m=finding.buffer_m,
        consecutive=finding.consecutive,
    )


def _judge(
    actor: Actor, clock: Clock, trip: Trip, entry: Entry, key: str, finding: Finding | None
) -> Fact:
    """Gather papers, judge, keep the verdict. ``finding`` is ``None`` when judged again."""
    now = clock.now()
    filings, waybills = papers_of(trip.vehicle, trip)
    judgement = judge_entry(entry, filings, waybills, now)
    first = trip.verdicts.first()
    received = finding.received_at if finding else now
    kind = _fact_kind(judgement, again=first is not None)
    fact = record(
        kind,
        actor=actor,
        obj=trip,
        clock=clock,
        happened_at=entry.happened_at if first is None else now,
        reported_at=received,
        payload={
            "finding": trip.entered_finding,
            "rule": judgement.rule,
            "version": judgement.version,
            "filing": judgement.filing.value,
            "waybill": judgement.waybill.value,
        },
    )
    Verdict.objects.create(
        key=key,
        trip=trip,
        finding_id=trip.entered_finding,
        rule=judgement.rule,
        version=judgement.version,
        filing_outcome=judgement.filing,
        waybill_outcome=judgement.waybill,
        lead=judgement.lead or "",
        record=to_record(judgement, entry, filings, waybills, now),
        happened_at=entry.happened_at,
        received_at=received,
        judged_at=now,
        fact=fact,
    )
    _take_papers(actor, clock, trip, judgement)
    return fact


def _fact_kind(judgement: Judgement, *, again: bool) -> str:
    if again:
        return "hazmat.rejudged"
    return f"hazmat.verdict.{judgement.lead.value if judgement.lead else 'clear'}"


def _take_papers(actor: Actor, clock: Clock, trip: Trip, judgement: Judgement) -> None:
    """Tie the papers that fit to the trip; a waybill that fits leaves a fact of its own."""
    if judgement.filing is FilingOutcome.FILED:
        trip.filing = Filing.objects.get(number=judgement.filing_number)
    if judgement.waybill is WaybillOutcome.MATCHED and trip.waybill is None:
        trip.waybill = Waybill.objects.get(number=judgement.waybill_number)
        record(
            "hazmat.waybill_matched",
            actor=actor,
            obj=trip,
            clock=clock,
            payload={"waybill": trip.waybill.pk},
        )
    trip.save(update_fields=["filing", "waybill"])
    _announce("hazmat.judged", trip, clock)


def papers_of(vehicle: Vehicle, trip: Trip) -> tuple[list[FilingPaper], list[WaybillPaper]]:
    """Filings and waybills that may belong to the trip; the rule decides which do."""
    day = local(trip.entered_at).date()
    filings = [
        FilingPaper(
            number=filing.number or "",
            plate=filing.plate,
            plate_colour=filing.plate_colour,
            valid_from=filing.valid_from,
            valid_to=filing.valid_to,
            approved_at=filing.decided_at,
            tank_number=filing.tank_number,
            un_numbers=filing.un_numbers,
        )
        for filing in Filing.objects.filter(
            plate=vehicle.plate,
            plate_colour=vehicle.plate_colour,
            state__in=[FilingState.APPROVED, FilingState.EXPIRED],
            valid_from__lte=day,
        ).order_by("-valid_to", "-id")[:20]
        if filing.decided_at is not None and not _used_up(filing, trip)
    ]
    named = Q(plate=vehicle.plate) | Q(trailer_plate=vehicle.plate)
    if vehicle.tank_number:
        named |= Q(tank_number=vehicle.tank_number)
    bills = Waybill.objects.filter(
        named, start_date__range=(day - timedelta(days=WAYBILL_DAYS), day), void_reason=""
    ).exclude(trips__in=Trip.objects.filter(state=TripState.LEFT).exclude(pk=trip.pk))
    waybills = [
        WaybillPaper(
            number=bill.number,
            # The vehicle may be named as tractor or as trailer: both mean it.
            plate=vehicle.plate if vehicle.plate == bill.trailer_plate else bill.plate,
            tank_number=bill.tank_number,
            start_date=bill.start_date,
            un_numbers=bill.un_numbers,
            entered_at=bill.entered_at,
        )
        for bill in bills.order_by("-id")[:20]
    ]
    return filings, waybills


def _used_up(filing: Filing, trip: Trip) -> bool:
    """A single-trip filing that already carried another trip does not carry this one."""
    if filing.period != "single":
        return False
    return filing.trips.filter(state=TripState.LEFT).exclude(pk=trip.pk).exists()


def _supersede(actor: Actor, clock: Clock, finding: Finding, vehicle: Vehicle) -> None:
    """Two entries without an exit between: the earlier stay ends unseen, and says so."""
    for trip in Trip.objects.filter(vehicle=vehicle, state=TripState.INSIDE):
        row = TRIP.row(trip.state, TripVerb.SUPERSEDE)
        Trip.objects.filter(pk=trip.pk).update(state=row.target)
        record(row.fact, actor=actor, obj=trip, clock=clock, payload={"finding": finding.id})


def judge_left(actor: Actor, clock: Clock, finding: Finding, vehicle: Vehicle) -> Fact | None:
    """Close the open trip of the vehicle; a single-trip filing expires with it."""
    require(actor, "hazmat.judge", vehicle)
    if Trip.objects.filter(left_finding=finding.id).exists():
        return None
    trip = _left(actor, clock, finding, vehicle)
    if trip is None:
        return None
    row = TRIP.row(trip.state, TripVerb.LEAVE)
    trip.state, trip.left_at, trip.left_finding = row.target, finding.happened_at, finding.id
    trip.save(update_fields=["state", "left_at", "left_finding"])
    fact = record(
        row.fact,
        actor=actor,
        obj=trip,
        clock=clock,
        happened_at=finding.happened_at,
        reported_at=finding.received_at,
        payload={"finding": finding.id, "vehicle": vehicle.pk},
    )
    filing = trip.filing
    if filing is not None and filing.period == "single" and filing.state == FilingState.APPROVED:
        done = FILING.row(filing.state, FilingVerb.EXPIRE)
        Filing.objects.filter(pk=filing.pk).update(state=done.target)
        record(done.fact, actor=actor, obj=filing, clock=clock, payload={"trip": trip.pk})
    _announce("hazmat.left", trip, clock)
    return fact


def _left(actor: Actor, clock: Clock, finding: Finding, vehicle: Vehicle) -> Trip | None:
    """The stay that an exit ends; one that was found late may end a stay before the last.

    Another district line ends it only where the one by which it began is in force no more.
    """
    before = Trip.objects.filter(vehicle=vehicle, entered_at__lte=finding.happened_at)
    states = [TripState.INSIDE]
    if finding.correction:
        states = [state for state in TripState if TRIP.allows(state, TripVerb.LEAVE)]
    last = before.exclude(state=TripState.WITHDRAWN).first()
    if last is not None and last.place_id_seen != finding.place_id:
        endings.end_if_over(actor, clock, last)
        return last if endings.ended_with_place(last, finding.happened_at) else None
    if last is not None and last.status in states:
        return last
    return None


_PLACE_FACTS = {
    "fence.enter": "hazmat.reached_place",
    "fence.leave": "hazmat.left_place",
    "fence.stay": "hazmat.stayed_at_place",
}


def _note_place(actor: Actor, clock: Clock, finding: Finding, vehicle: Vehicle) -> Fact | None:
    """A plant, yard or forbidden zone reached within a trip: one more mark on its strip."""
    trip = _within(finding, vehicle)
    kind = _PLACE_FACTS.get(finding.rule)
    if trip is None or kind is None:
        return None
    noted = Fact.objects.filter(obj=trip.subject, kind=kind, payload__finding=finding.id)
    if noted.exists():
        return None
    return record(
        kind,
        actor=actor,
        obj=trip,
        clock=clock,
        happened_at=finding.happened_at,
        reported_at=finding.received_at,
        payload={
            "finding": finding.id,
            "place": finding.place_id,
            "place_kind": finding.place_kind,
        },
    )


def _within(finding: Finding, vehicle: Vehicle) -> Trip | None:
    if not finding.correction:
        return Trip.objects.filter(vehicle=vehicle, state=TripState.INSIDE).first()
    return (
        Trip.objects.filter(vehicle=vehicle, entered_at__lte=finding.happened_at)
        .filter(Q(left_at=None) | Q(left_at__gte=finding.happened_at))
        .exclude(state=TripState.WITHDRAWN)
        .first()
    )


@transaction.atomic
def rejudge_for_filing(actor: Actor, clock: Clock, filing: Filing) -> list[Fact]:
    """Judge the stays of a newly filed vehicle again; one verdict for each filing and stay."""
    require(actor, "hazmat.judge")
    trips = Trip.objects.filter(
        vehicle__plate=filing.plate,
        vehicle__plate_colour=filing.plate_colour,
        state=TripState.INSIDE,
    )
    return [fact for trip in trips if (fact := rejudge(actor, clock, trip, f"filing:{filing.pk}"))]


def rejudge(actor: Actor, clock: Clock, trip: Trip, cause: str) -> Fact | None:
    """Judge one stay again because a paper came in; ``cause`` names the paper."""
    key = f"{trip.entered_finding}:{cause}"
    first = trip.verdicts.first()
    if first is None or Verdict.objects.filter(key=key).exists():
        return None
    entry = read_entry(first.record["inputs"]["entry"])
    return _judge(actor, clock, trip, entry, key, None)


def _announce(kind: str, trip: Trip, clock: Clock) -> None:
    enqueue(
        "events.alarm",
        {"kind": kind, "object": "hazmat.trip", "id": trip.pk, "vehicle": trip.vehicle_id},
        clock=clock,
    )
