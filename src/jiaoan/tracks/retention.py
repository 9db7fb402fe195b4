"""How long positions are kept 留存期限, by kind of vehicle, and what holds them longer.

The law gives a least time: monitoring data of hazmat vehicles and coaches six months, violations
and how they were handled three years (domain 4.3 [V]). What a bureau keeps beyond that is its own
figure, unverified [U] until it confirms it. Nothing is removed that something refers to:

* an alarm or a request of a superior, while it is open, and three years after it happened: its day
  and the days next to it, and all days that its findings are judged again from
  (:func:`jiaoan.rules.driving.settle.window_ms`: two days before and behind, nine before totals);
* a stay 行程 that has not ended: from its day on;
* the days of a hold 暂停清除 for a case, until it is released;
* a day of which an evidence sheet was made: for good.

Vehicles that are in no register are kept as long as the kind that is kept longest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from django.conf import settings
from django.db.models import Q

from jiaoan.hazmat.models import Trip
from jiaoan.hazmat.states import TripState
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import LOCAL, at_local, local
from jiaoan.registry.models import Vehicle, VehicleKind
from jiaoan.rules.driving.law import IDS, Rule
from jiaoan.stores import retention as files
from jiaoan.tracks.actions import EVIDENCE
from jiaoan.watch.models import Alarm, Finding, Rehearsal, Supervision, TrackHold
from jiaoan.watch.states import AlarmState
from jiaoan.watch.supervision.states import SupervisionState

LAW: Final = "道路危险货物运输安全管理规定；道路旅客运输企业安全管理规范"
LEAST: Final[Mapping[str, int]] = {VehicleKind.HAZMAT.value: 6, VehicleKind.COACH.value: 6}
"""Months that the law asks for [V]; a setting below is refused."""
HANDLED_YEARS: Final = 3
BEFORE, BEFORE_TOTALS, BEHIND = 2, 9, 2  # days around a finding, of ``settle.window_ms``
_TOTALS: Final = frozenset({IDS[Rule.DAY_TOTAL], IDS[Rule.WEEK_TOTAL]})
DEFAULTS: Final[Mapping[str, int]] = {
    VehicleKind.HAZMAT.value: 12,  # as long as its waybills
    VehicleKind.COACH.value: 6,
    VehicleKind.TRUCK.value: 6,
    VehicleKind.SCHOOL_BUS.value: 6,
    VehicleKind.ENFORCEMENT.value: 6,
}


class PeriodRefused(ValueError):
    """A setting below what the law asks for, or of a kind that is none; says which."""


@dataclass(frozen=True)
class Period:
    """Calendar months that a kind is kept; ``mark`` U is shown as 未核实."""

    kind: str
    months: int
    least: int | None
    mark: Literal["V", "U"]

    def first_kept(self, today: date) -> date:
        """The first local day that is kept on ``today``."""
        return months_before(today, self.months)


def periods() -> dict[str, Period]:
    """By kind, from the setting ``JIAOAN_TRACKS_KEEP``. Raises :class:`PeriodRefused`."""
    chosen = {**DEFAULTS, **settings.TRACKS_KEEP_MONTHS}
    confirmed = confirmed_by() != ""
    found: dict[str, Period] = {}
    for kind, months in chosen.items():
        if kind not in DEFAULTS:
            raise PeriodRefused(f"JIAOAN_TRACKS_KEEP：{kind!r} 不是车辆类型：{'、'.join(DEFAULTS)}")
        least = LEAST.get(kind)
        if not isinstance(months, int) or months < (least or 1):
            raise PeriodRefused(f"JIAOAN_TRACKS_KEEP：{kind} 至少保存 {least or 1} 个月（{LAW}）")
        by_law = months == least
        found[kind] = Period(kind, months, least, "V" if by_law or confirmed else "U")
    return found


def confirmed_by() -> str:
    """Who confirmed the figures (``JIAOAN_TRACKS_KEEP_CONFIRMED_BY``): then the worker removes."""
    return str(settings.TRACKS_KEEP_CONFIRMED_BY)


def months_before(day: date, months: int) -> date:
    """The same day of an earlier month, or its last one: 31 August less six is 29 February."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


@dataclass(frozen=True)
class DayPlan:
    """A day with vehicles whose time is over: those that go, and those that something holds."""

    day: date
    folder: Path
    gone: frozenset[int]
    held: frozenset[int]


def plan(data: Path, today: date) -> Iterator[DayPlan]:
    """What is over on ``today``, oldest day first; nothing is changed."""
    judge = Judge(today)
    for day, folder in files.days(data / "tracks"):
        if day >= judge.newest:
            return
        found = judge.of(day, folder)
        if found.gone or found.held:
            yield found


class Judge:
    """Who may go on ``today``, as the registers and the journal stand at this moment."""

    def __init__(self, today: date) -> None:
        self._first = {kind: period.first_kept(today) for kind, period in periods().items()}
        self._longest = min(self._first.values())
        self.newest = max(self._first.values())
        self._kinds = dict(Vehicle.objects.values_list("pk", "kind"))
        self._holds = _Holds(today)

    def of(self, day: date, folder: Path) -> DayPlan:
        over = frozenset(
            vehicle
            for vehicle in files.vehicles_in(folder)
            if day < self._first.get(self._kinds.get(vehicle, ""), self._longest)
        )
        held = over & self._holds.on(day)
        return DayPlan(day, folder, over - held, held)


class _Holds:
    """The vehicles that something refers to, by day."""

    def __init__(self, today: date) -> None:
        self._days: dict[date, set[int]] = {}
        self._since: list[tuple[date, int]] = []
        self._spans = list(
            TrackHold.objects.filter(released_at=None).values_list(
                "first_day", "last_day", "vehicle_id"
            )
        )
        handled = at_local(months_before(today, 12 * HANDLED_YEARS))
        self._alarms(handled)
        self._findings(handled)
        self._supervisions(handled)
        self._rehearsals()
        for vehicle, entered in Trip.objects.filter(state=TripState.INSIDE).values_list(
            "vehicle_id", "entered_at"
        ):
            self._since.append((local(entered).date() - timedelta(days=1), vehicle))
        for payload in Fact.objects.filter(kind=EVIDENCE).values_list("payload", flat=True):
            self._hold(int(payload["vehicle"]), date.fromisoformat(payload["day"]), 0)

    def _alarms(self, handled: datetime) -> None:
        kept = Alarm.objects.filter(~Q(state=AlarmState.CLOSED) | Q(happened_at__gte=handled))
        for vehicle, moment in kept.values_list("vehicle_id", "happened_at"):
            self._hold(vehicle, moment.astimezone(LOCAL).date(), 1)

    def _findings(self, handled: datetime) -> None:
        of_alarms = ~Q(alarm__state=AlarmState.CLOSED) | Q(alarm__happened_at__gte=handled)
        kept = Finding.objects.filter(of_alarms, alarm__isnull=False, withdrawn_at=None)
        for vehicle, rule, began, ended in kept.values_list(
            "vehicle_id", "rule", "happened_at", "ended_at"
        ):
            before = BEFORE_TOTALS if rule in _TOTALS else BEFORE
            first, last = local(began).date(), local(ended or began).date()
            for number in range(-before, (last - first).days + BEHIND + 1):
                self._hold(vehicle, first + timedelta(days=number), 0)

    def _rehearsals(self) -> None:
        """One that waits or runs reads these days of these vehicles."""
        for first, last, vehicles in Rehearsal.objects.filter(ended_at=None).values_list(
            "first_day", "last_day", "vehicles"
        ):
            for number in range(-BEFORE_TOTALS, (last - first).days + BEHIND + 1):
                for vehicle in vehicles:
                    self._hold(int(vehicle), first + timedelta(days=number), 0)

    def _supervisions(self, handled: datetime) -> None:
        kept = Supervision.objects.filter(vehicle__isnull=False).filter(
            ~Q(state=SupervisionState.DONE) | Q(happened_at__gte=handled)
        )
        for vehicle, moment in kept.values_list("vehicle_id", "happened_at"):
            if vehicle is not None:
                self._hold(vehicle, moment.astimezone(LOCAL).date(), 1)

    def _hold(self, vehicle: int, day: date, around: int) -> None:
        for beside in range(-around, around + 1):
            self._days.setdefault(day + timedelta(days=beside), set()).add(vehicle)

    def on(self, day: date) -> frozenset[int]:
        since = {vehicle for first, vehicle in self._since if day >= first}
        spans = {vehicle for first, last, vehicle in self._spans if first <= day <= last}
        return frozenset(self._days.get(day, set()) | since | spans)
