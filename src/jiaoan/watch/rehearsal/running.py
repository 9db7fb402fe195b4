"""One rehearsal, vehicle by vehicle: the past judged twice, and both laid side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from jiaoan.journal.actions import Json
from jiaoan.kernel.clock import at_local
from jiaoan.registry.models import Place, Vehicle
from jiaoan.registry.reference import place_value, profile_of
from jiaoan.rules.driving.book import Profile
from jiaoan.rules.driving.law import BY_ID, Rule
from jiaoan.rules.fences import Fence, Fences
from jiaoan.stream.backtrack import sealed
from jiaoan.watch.models import Rehearsal, RehearsalFinding
from jiaoan.watch.models.rehearsal import Outcome, RehearsalKind
from jiaoan.watch.rehearsal.comparing import Event, compare
from jiaoan.watch.rehearsal.worlds import (
    NOT_REHEARSED,
    OF_PLACES,
    World,
    always,
    ground_of,
    warm_up_days,
)
from jiaoan.watch.rules.catalogue import rules_of
from jiaoan.watch.rules.queries import standing
from jiaoan.watch.rules.standing import with_figures

NEW_PLACE = 2**31 - 1
"""The number of a place that is not in the register yet, while it is rehearsed."""


@dataclass(frozen=True)
class Plan:
    """Both worlds, and which rules are asked in each of them."""

    now: World
    proposed: World
    rules: frozenset[Rule]


@dataclass
class Result:
    """Counts of all, and the first findings of each outcome."""

    kept: dict[Outcome, list[Event]] = field(default_factory=lambda: {each: [] for each in Outcome})
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    points: int = 0
    with_track: int = 0

    def summary(self, vehicles: int, shown: int) -> dict[str, Json]:
        """What the page and the command say of it."""
        by_rule: dict[str, dict[str, Json]] = {}
        for (rule, outcome), count in sorted(self.counts.items()):
            by_rule.setdefault(rule, {})[outcome] = count
        totals = {
            each.value: sum(n for (_, one), n in self.counts.items() if one == each.value)
            for each in Outcome
        }
        return {
            **totals, "by_rule": by_rule, "vehicles": vehicles, "with_track": self.with_track,
            "points": self.points, "shown": shown,
        }  # fmt: skip


def plan_of_rule(rule: str, changed: Mapping[str, int]) -> Plan:
    """A rule (or the common figures) with changed figures, on although it may be off now."""
    held = standing()
    off = frozenset(BY_ID[name] for name in held.off)
    ground = ground_of(place_value(each) for each in _places())
    touched = {each for name in changed for each in rules_of(name)}
    own = {BY_ID[rule]} if rule in BY_ID else set()
    rules = frozenset(touched | own) - NOT_REHEARSED
    settings = held.settings()
    return Plan(
        World(settings, off, ground),
        World(with_figures(settings, changed), off - own, ground),
        rules,
    )


def plan_of_place(value: Mapping[str, object]) -> Plan:
    """A new or changed place as if it had been in force on all the days.

    ``value`` is the place as a reference snapshot says it; ``place_id`` :data:`NEW_PLACE` for one
    that is not in the register. Its limit, its class of road and its being a place to stand change
    three driving rules. Raises ``BadPlace``.
    """
    number = int(str(value["place_id"]))
    others = [place_value(each) for each in _places() if each.pk != number]
    before = [place_value(each) for each in _places() if each.pk == number]
    held = standing()
    off = frozenset(BY_ID[name] for name in held.off)
    now, then = ground_of([*others, *before]), always(ground_of([*others, value]), number)
    return Plan(
        World(held.settings(), off, now, _fence(now.fences, number)),
        World(held.settings(), off, then, _fence(then.fences, number)),
        OF_PLACES,
    )


def _places() -> Sequence[Place]:
    return list(Place.objects.prefetch_related("bound"))


def _fence(fences: Fences, number: int) -> Fence | None:
    at = fences.by_place.get(number)
    return None if at is None else fences.all[at]


def plan_of(asked: Rehearsal) -> Plan:
    if asked.kind == RehearsalKind.PLACE:
        return plan_of_place(asked.proposal)
    return plan_of_rule(asked.subject, {name: int(n) for name, n in asked.proposal.items()})


def rehearse(
    data_dir: Path,
    plan: Plan,
    vehicles: Sequence[tuple[int, Profile]],
    first: date,
    last: date,
    most: int,
    tell: Callable[[int], bool] = lambda done: True,
) -> Result | None:
    """Judge the days of each vehicle; ``None`` when ``tell`` says to stop.

    ``tell`` gets how many vehicles are done; at most ``most`` findings of each outcome are kept.
    """
    begin = _ms(at_local(first))
    end = _ms(at_local(last + timedelta(days=1)))
    early = _ms(at_local(first - timedelta(days=warm_up_days(plan.rules))))
    result = Result()
    for number, (vehicle, profile) in enumerate(vehicles):
        if not tell(number):
            return None
        track = sealed(data_dir / "tracks", vehicle, early, end - 1)
        if not len(track):
            continue
        result.points += len(track)
        result.with_track += 1
        told = compare(
            _within(plan.now.events(vehicle, profile, track, plan.rules), begin, end),
            _within(plan.proposed.events(vehicle, profile, track, plan.rules), begin, end),
        )
        for outcome, events in (
            (Outcome.NEW, told.new), (Outcome.GONE, told.gone), (Outcome.SAME, told.same),
        ):  # fmt: skip
            kept = result.kept[outcome]
            kept += events[: max(0, most - len(kept))]
            result.counts.update((each.rule, outcome.value) for each in events)
    return result


def _within(events: Sequence[Event], begin: int, end: int) -> Iterator[Event]:
    return (each for each in events if begin <= each.start_ms < end)


def profiles_of(ids: Sequence[int]) -> list[tuple[int, Profile]]:
    """Each vehicle with its profile, in the order of ids; those that are gone are left out."""
    known = {each.pk: profile_of(each) for each in Vehicle.objects.filter(pk__in=ids)}
    return [(each, known[each]) for each in ids if each in known]


def rows_of(asked: Rehearsal, result: Result) -> list[RehearsalFinding]:
    """The kept findings as rows, not stored yet."""
    return [
        RehearsalFinding(
            rehearsal=asked,
            outcome=outcome,
            rule=each.rule,
            vehicle_id=each.vehicle,
            begun_at=_moment(each.start_ms),
            ended_at=_moment(each.end_ms) if each.end_ms else None,
            lat=each.lat / 1e6,
            lon=each.lon / 1e6,
            zh=each.zh[:400],
            en=each.en[:400],
        )
        for outcome, events in result.kept.items()
        for each in events
    ]


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
