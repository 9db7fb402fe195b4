"""A finding as it comes: its beginning, its end, its correction, and the alarm it raises."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from jiaoan.journal.actions import Json, record
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock
from jiaoan.registry.models import Vehicle
from jiaoan.rules.driving.findings import Finding as Driving
from jiaoan.scope import Actor, require
from jiaoan.watch.actions import Source, announce, open_alarm
from jiaoan.watch.findings.messages import Told
from jiaoan.watch.findings.responses import Response, lasts, response
from jiaoan.watch.findings.short import Short, off_route, short
from jiaoan.watch.models import Alarm, Finding
from jiaoan.watch.states import OPEN


class NotTold(LookupError):
    """A finding was taken back that was never told here. The worker parks the message."""


@transaction.atomic
def take(actor: Actor, clock: Clock, told: Told) -> Finding:
    """Record one finding, its end, or its correction. The same message again changes nothing.

    Raises ``Vehicle.DoesNotExist`` for a vehicle that the registry does not know, and
    :class:`NotTold`: the worker parks such a message.
    """
    require(actor, "alarm.open")
    known = Finding.objects.filter(key=told.begun).select_related("alarm").first()
    if known is None and told.correction != "withdrawn":
        return _begin(actor, clock, told)
    if known is None:
        raise NotTold(f"finding {told.begun} was taken back but never told here")
    if told.ended:
        _ended(actor, clock, known, told)
    elif told.correction and _newer(told, known.corrected_at):
        _correct(actor, clock, known, told)
    return known


def _newer(told: Told, last: datetime | None) -> bool:
    """Whether it was judged after what is written already: a replay never wins."""
    return last is None or told.judged_at > last


def _begin(actor: Actor, clock: Clock, told: Told) -> Finding:
    """Record it; open an alarm or fold it into the open one where its rule asks for one."""
    vehicle = Vehicle.objects.select_related("enterprise__organisation").get(pk=told.vehicle)
    wanted = response(told.rule)
    gist = _gist(told.driving, told.record)
    fact = _note(actor, clock, f"registry.vehicle:{vehicle.pk}", "watch.found", told)
    finding = Finding.objects.create(
        key=told.begun,
        end_key=told.id if told.ended else "",
        rule=told.rule,
        version=told.version,
        kind=wanted.kind,
        severity=wanted.severity,
        vehicle=vehicle,
        place=told.place,
        place_name=told.place_name[:80],
        figure=gist.text,
        amount=gist.amount,
        late=told.correction == "added",
        record=told.record,
        end_record=told.record if told.ended else None,
        happened_at=told.happened_at,
        certain_at=told.certain_at,
        received_at=told.received_at,
        judged_at=told.judged_at,
        recorded_at=clock.now(),
        ended_at=told.ended_at if told.ended or lasts(told.rule) else told.certain_at,
        corrected_at=told.judged_at if told.correction else None,
        fact=fact,
    )
    if wanted.raises:
        _raise(actor, clock, finding, wanted)
    return finding


def _gist(driving: Driving | None, record: dict[str, Json]) -> Short:
    return short(driving) if driving else off_route(record)


def _raise(actor: Actor, clock: Clock, finding: Finding, wanted: Response) -> None:
    """Into the open alarm of the vehicle and kind, else a new one."""
    open_one = Alarm.objects.filter(
        vehicle=finding.vehicle_id, kind=finding.kind, state__in=OPEN
    ).last()
    if open_one is not None and _fold(actor, clock, finding, open_one):
        return
    finding.alarm = open_alarm(
        actor,
        clock,
        Source(
            key=f"{finding.rule}:{finding.key}",
            kind=wanted.kind,
            vehicle=finding.vehicle,
            place_name=finding.place_name,
            subject=finding.subject,
            rule=finding.rule,
            version=finding.version,
            record=finding.record,
            happened_at=finding.happened_at,
            received_at=finding.received_at,
            judged_at=finding.judged_at,
            severity=wanted.severity,
            respond=wanted.respond,
            finish=wanted.finish,
            told=1,
            figure=finding.figure,
            amount=finding.amount,
            ended_at=finding.ended_at,
        ),
    )
    finding.save(update_fields=["alarm"])


def _fold(actor: Actor, clock: Clock, finding: Finding, alarm: Alarm) -> bool:
    """Whether it was folded in: somebody may just have closed the alarm."""
    claimed = Alarm.objects.filter(pk=alarm.pk, state__in=OPEN).update(told=F("told") + 1)
    if not claimed:
        return False
    finding.alarm = alarm
    finding.save(update_fields=["alarm"])
    record(
        "watch.folded",
        actor=actor,
        obj=alarm,
        clock=clock,
        happened_at=finding.happened_at,
        reported_at=finding.received_at,
        payload={"finding": finding.key, "figure": finding.figure},
    )
    sum_up(clock, alarm, "watch.folded")
    return True


def _ended(actor: Actor, clock: Clock, finding: Finding, told: Told) -> None:
    """Its end, told for the first time, told with other figures, or taken back."""
    kept = finding.end_record
    last = datetime.fromisoformat(kept["judged_at"]) if kept else None
    if told.correction == "withdrawn":
        if finding.end is not None and _newer(told, last):
            _take_end_back(actor, clock, finding, told)
    elif not finding.end_key or (
        _newer(told, last) and (told.correction == "added" or finding.end is None)
    ):
        _end(actor, clock, finding, told)


def _end(actor: Actor, clock: Clock, finding: Finding, told: Told) -> None:
    """It is over: its end and largest figure, on the record and on the alarm. Closes nothing."""
    finding.end_key, finding.end_record = told.id, told.record
    finding.ended_at = told.ended_at
    _weigh(finding, told, anew=told.correction == "added")
    finding.save(update_fields=["end_key", "end_record", "ended_at", "figure", "amount"])
    _over(actor, clock, finding, told)


def _weigh(finding: Finding, told: Told, *, anew: bool = False) -> None:
    """The graver figure is the finding's; ``anew`` forgets the one before."""
    gist = _gist(told.driving, told.record)
    if anew or gist.amount >= finding.amount:
        finding.figure, finding.amount = gist.text, gist.amount


def _over(actor: Actor, clock: Clock, finding: Finding, told: Told) -> None:
    _note(actor, clock, finding.alarm or finding.subject, "watch.ended", told, finding.ended_at)
    if finding.alarm is not None:
        sum_up(clock, finding.alarm, "watch.ended")


def _take_end_back(actor: Actor, clock: Clock, finding: Finding, told: Told) -> None:
    """Late positions say that it was not over. The message stays, so that none before it wins."""
    finding.end_record, finding.ended_at = told.record, None
    finding.save(update_fields=["end_record", "ended_at"])
    _changed(actor, clock, finding, told, "watch.end_withdrawn")


def _correct(actor: Actor, clock: Clock, finding: Finding, told: Told) -> None:
    """Late positions disprove it, prove it after all, or with other figures than were told.

    Nothing is deleted and no alarm is closed by this.
    """
    kind = "watch.withdrawn"
    if told.correction == "withdrawn":
        finding.withdrawn_at = clock.now()
    else:
        kind = "watch.corrected" if finding.withdrawn_at is None else "watch.restored"
        finding.withdrawn_at, finding.record = None, told.record
        finding.certain_at = told.certain_at
        _weigh(finding, told, anew=finding.end is None)
    finding.corrected_at = told.judged_at
    finding.save(
        update_fields=[
            "corrected_at", "withdrawn_at", "record", "certain_at", "figure", "amount",
        ]
    )  # fmt: skip
    _changed(actor, clock, finding, told, kind)


def _changed(actor: Actor, clock: Clock, finding: Finding, told: Told, kind: str) -> None:
    _note(actor, clock, finding.alarm or finding.subject, kind, told)
    if finding.alarm is not None:
        sum_up(clock, finding.alarm, kind)


def _note(
    actor: Actor,
    clock: Clock,
    obj: Alarm | str,
    kind: str,
    told: Told,
    happened_at: datetime | None = None,
) -> Fact:
    return record(
        kind,
        actor=actor,
        obj=obj,
        clock=clock,
        happened_at=happened_at or told.certain_at,
        reported_at=told.received_at,
        payload={"finding": told.begun, "rule": told.rule, "version": told.version},
    )


def sum_up(clock: Clock, alarm: Alarm, kind: str) -> None:
    """What its findings add up to, without those taken back: the gravest, and if one lasts."""
    standing = list(
        Finding.objects.filter(alarm=alarm, withdrawn_at=None).values_list(
            "amount", "figure", "ended_at", "ended_with"
        )
    )
    amount, figure, *_ = max(standing, key=lambda one: one[0], default=(0, "", None, ""))
    over = [(ended, cause) for _, _, ended, cause in standing if ended is not None]
    ended_at, cause = max(over) if over and len(over) == len(standing) else (None, "")
    Alarm.objects.filter(pk=alarm.pk).update(
        amount=amount, figure=figure, ended_at=ended_at, ended_with=cause
    )
    announce(kind, alarm, clock)
