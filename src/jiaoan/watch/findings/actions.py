"""Every write about findings. :func:`take` is called by the worker, once for each message."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, record
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import FieldErrors
from jiaoan.org.models import User
from jiaoan.registry.endings import Ending, Tenure
from jiaoan.registry.models import Place, Vehicle
from jiaoan.rules.driving.findings import Finding as Driving
from jiaoan.scope import Actor, require
from jiaoan.watch import models
from jiaoan.watch.actions import Source, announce, open_alarm
from jiaoan.watch.findings import lasting as lasting_rules
from jiaoan.watch.findings.messages import OVER, Over, Told
from jiaoan.watch.findings.responses import Response, kind_of, lasts, response
from jiaoan.watch.findings.short import Short, off_route, short
from jiaoan.watch.kinds import Severity
from jiaoan.watch.models import Alarm, Finding
from jiaoan.watch.states import OPEN

AT_ONCE: Final = 200


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
    _sum_up(clock, alarm, "watch.folded")
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
        _sum_up(clock, finding.alarm, "watch.ended")


@transaction.atomic
def end_by_place(actor: Actor, clock: Clock, over: Over) -> int:
    """What lasted while a vehicle was in a place, or off its route, is over: how many changed.

    Added by late positions it ends also what a later one was said to end, and moves the end that
    it told before; withdrawn by them, what it had ended lasts until the next one, which is told
    again then.
    """
    require(actor, "alarm.open")
    concerned = Finding.objects.filter(
        rule__in=OVER.get(over.rule, ()), vehicle=over.vehicle, place=over.place,
    ).select_related("alarm")  # fmt: skip
    if over.correction == "withdrawn":
        return _last_again(actor, clock, concerned.filter(end_key=over.id), over)
    # What positions say goes before what the register said meanwhile (:func:`end_with_places`).
    open_ones = Q(ended_at=None) | (~Q(ended_with="") & Q(ended_at__gte=over.at))
    if over.record is not None:  # names what it ends by the position with which that began
        first = over.record.get("first_position", "")
        open_ones |= ~Q(ended_with="") & Q(record__first_position=first)
    if over.correction:
        open_ones |= Q(ended_at__gt=over.at) | Q(end_key=over.id)
    lasting = concerned.filter(open_ones, withdrawn_at=None, happened_at__lte=over.at)
    for finding in lasting:
        _ends_with(finding, over.id, over.at, over.record)
        _of_place(actor, clock, finding, over, "watch.ended")
    return len(lasting)


def _ends_with(
    finding: Finding, key: str, at: datetime | None, record: dict[str, Json] | None
) -> None:
    gist = off_route(record or finding.record)
    finding.end_key, finding.ended_at, finding.end_record = key, at, record
    finding.figure, finding.amount, finding.ended_with = gist.text, gist.amount, ""
    finding.save(
        update_fields=["end_key", "ended_at", "end_record", "figure", "amount", "ended_with"]
    )


@transaction.atomic
def end_with_places(actor: Actor, clock: Clock) -> int:
    """What lasts in places that are in force no more for its vehicle is over: how many.

    Positions say nothing of such a place. The alarm waits for a person as before. What the register
    does not know, or knows as in force, is left as it is. At most :data:`AT_ONCE` in one call, so
    that a place in which a fleet was does not keep other writers waiting: call it again and again.
    """
    require(actor, "alarm.open")
    now = clock.now()
    lasting = Finding.objects.filter(ended_at=None, withdrawn_at=None, rule__in=lasting_rules.RULES)
    # In no order (an index has only those that last), and without their records, which are long.
    rows = list(
        lasting.order_by().values_list("pk", "rule", "place", "vehicle_id", "vehicle__kind")
    )
    known = Place.objects.filter(pk__in={row[2] for row in rows}).prefetch_related("bound")
    tenures = {place.pk: Tenure(place) for place in known}
    endings: dict[int, Ending] = {}
    for pk, rule, place, vehicle, kind in rows:
        fits = lasting_rules.needs(rule, vehicle, kind)
        if place in tenures and (ending := tenures[place].ended(fits, now)) is not None:
            endings[pk] = ending
        if len(endings) == AT_ONCE:
            break
    for finding in Finding.objects.filter(pk__in=endings).select_related("alarm").order_by("pk"):
        _end_with_place(actor, clock, finding, endings[finding.pk])
    return len(endings)


def _end_with_place(actor: Actor, clock: Clock, finding: Finding, ending: Ending) -> None:
    finding.ended_at = max(ending.at, finding.happened_at)
    finding.ended_with = ending.cause
    finding.save(update_fields=["ended_at", "ended_with"])
    record(
        "watch.ended_with_place",
        actor=actor,
        obj=finding.alarm or finding.subject,
        clock=clock,
        happened_at=finding.ended_at,
        payload={
            "finding": finding.key,
            "rule": finding.rule,
            "place": finding.place,
            "place_version": ending.version,
            "cause": ending.cause.value,
        },
    )
    if finding.alarm is not None:
        _sum_up(clock, finding.alarm, "watch.ended_with_place")


def _last_again(actor: Actor, clock: Clock, ended: Iterable[Finding], over: Over) -> int:
    changed = 0
    for finding in ended:
        _ends_with(finding, "", None, None)
        _of_place(actor, clock, finding, over, "watch.end_withdrawn")
        changed += 1
    return changed


def _of_place(actor: Actor, clock: Clock, finding: Finding, over: Over, kind: str) -> None:
    record(
        kind,
        actor=actor,
        obj=finding.alarm or finding.subject,
        clock=clock,
        happened_at=over.at,
        payload={"finding": finding.key, "end": over.id, "rule": finding.rule},
    )
    if finding.alarm is not None:
        _sum_up(clock, finding.alarm, kind)


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
        _sum_up(clock, finding.alarm, kind)


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


def _sum_up(clock: Clock, alarm: Alarm, kind: str) -> None:
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


LONGEST: Final = timedelta(days=30)


@transaction.atomic
def set_response(
    actor: User,
    clock: Clock,
    rule: str,
    *,
    raises: bool,
    severity: str,
    respond_minutes: int,
    finish_hours: int,
    confirmed: bool,
) -> models.Response:
    """Say what findings of ``rule`` lead to from now on; alarms that are open stay as they are.

    ``confirmed`` = the bureau answers for these figures, else they stay 未核实. Raises
    :class:`FieldErrors` (``rule``, ``severity``, ``respond_minutes``, ``finish_hours``).
    """
    require(actor, "alarm.handle")
    errors: dict[str, str | Promise] = {}
    try:
        kind_of(rule)
    except KeyError:
        errors["rule"] = _("There is no such rule.")
    if severity not in Severity.values:
        errors["severity"] = _("Choose a severity from the list.")
    respond, finish = timedelta(minutes=respond_minutes), timedelta(hours=finish_hours)
    if not timedelta() < respond <= LONGEST:
        errors["respond_minutes"] = _("From 1 minute to 30 days.")
    if not respond <= finish <= LONGEST:
        errors["finish_hours"] = _("Not before the first response, and 30 days at most.")
    if errors:
        raise FieldErrors(errors)
    payload: dict[str, Json] = {
        "rule": rule, "raises": raises, "severity": severity, "respond_minutes": respond_minutes,
        "finish_hours": finish_hours, "confirmed": confirmed,
    }  # fmt: skip
    fact = record("watch.response_set", actor=actor, obj=f"watch.response:{rule}", clock=clock,
                  payload=payload)  # fmt: skip
    row, _made = models.Response.objects.update_or_create(
        rule=rule,
        defaults={
            "raises": raises,
            "severity": severity,
            "respond_minutes": respond_minutes,
            "finish_hours": finish_hours,
            "confirmed_by": actor.name if confirmed else "",
            "changed_at": clock.now(),
            "fact": fact,
        },
    )
    return row
