"""One rehearsal, vehicle by vehicle: the past judged twice, and both laid side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

from jiaoan.journal.actions import Json
from jiaoan.kernel.clock import at_local
from jiaoan.registry.models import Vehicle
from jiaoan.registry.profiles import profile_by_day
from jiaoan.registry.reference import places
from jiaoan.rules.driving.book import Profile
from jiaoan.rules.driving.law import BY_ID, ON_ARRIVAL, Rule
from jiaoan.stores.positions import DTYPE
from jiaoan.stream.backtrack import DAY_MS, arrived, cards, sealed
from jiaoan.stream.reference import STANDING
from jiaoan.watch.models import Rehearsal, RehearsalFinding
from jiaoan.watch.models.rehearsal import Outcome, RehearsalKind
from jiaoan.watch.rehearsal.comparing import Event, compare
from jiaoan.watch.rehearsal.worlds import (
    BY_THEMSELVES,
    OF_PLACES,
    World,
    always,
    ground_of,
    warm_up_days,
)
from jiaoan.watch.rules.catalogue import COMMON, rules_of
from jiaoan.watch.rules.queries import standing
from jiaoan.watch.rules.standing import with_figures

NEW_PLACE = 2**31 - 1
"""The number of a place that is not in the register yet, while it is rehearsed."""
_BESIDE: Mapping[str, frozenset[Rule]] = {"ahead_s": frozenset({Rule.INVALID})}
"""Rules that use a figure of another one: a time too far ahead is invalid data as well."""
_STANDING = frozenset({Rule.TOGETHER})
"""Rules that ask besides whether vehicles may stand in a place."""


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

    def take(self, told: Sequence[Sequence[Event]], most: int) -> None:
        """What was found as it is, and as proposed."""
        compared = compare(*told)
        for outcome, events in (
            (Outcome.NEW, compared.new),
            (Outcome.GONE, compared.gone),
            (Outcome.SAME, compared.same),
        ):
            kept = self.kept[outcome]
            kept += events[: max(0, most - len(kept))]
            self.counts.update((each.rule, outcome.value) for each in events)

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
    ground = ground_of(_places())
    touched = {each for name in changed for each in _touched(name)}
    own = {BY_ID[rule]} if rule in BY_ID else set()
    rules = frozenset(touched | own)
    settings = held.settings()
    return Plan(
        World(settings, off, ground),
        World(with_figures(settings, changed), off - own, ground),
        rules,
    )


def _touched(figure: str) -> Iterable[Rule]:
    """Rules that a figure can change."""
    if figure in COMMON:  # what a point and a drive are is nothing to who looks at single reports
        return frozenset(rules_of(figure)) - BY_THEMSELVES
    return {*rules_of(figure), *_BESIDE.get(figure, ())}


def plan_of_place(value: Mapping[str, object]) -> Plan:
    """A new or changed place as if it had been in force on all the days.

    ``value`` is the place as a reference snapshot says it; ``place_id`` :data:`NEW_PLACE` for one
    that is not in the register. Its limit, its class of road and its being a place to stand change
    three driving rules. Raises ``BadPlace``.
    """
    number = int(str(value["place_id"]))
    places = _places()
    others = [each for each in places if each["place_id"] != number]
    before = [each for each in places if each["place_id"] == number]
    held = standing()
    off = frozenset(BY_ID[name] for name in held.off)
    now, then = ground_of([*others, *before]), always(ground_of([*others, value]), number)
    return Plan(
        World(held.settings(), off, now, now.only(number)),
        World(held.settings(), off, then, then.only(number)),
        OF_PLACES | (_STANDING if _may_stand([value, *before]) else frozenset()),
    )


def _places() -> Sequence[Mapping[str, object]]:
    """Every place with all that it was."""
    return [value for _subject, value in places(whole=True)]


def _may_stand(values: Iterable[Mapping[str, object]]) -> bool:
    """Whether one of them is, or was, a place where vehicles may stand."""
    for each in values:
        before = each.get("before")
        if each.get("kind") in STANDING or (isinstance(before, list) and _may_stand(before)):
            return True
    return False


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
    root = data_dir / "tracks"
    early = _ms(at_local(first - timedelta(days=warm_up_days(plan.rules))))
    result = Result()
    for number, (vehicle, profile) in enumerate(vehicles):
        if not tell(number):
            return None
        track = sealed(root, vehicle, early, end - 1)
        came = track[:0]
        if plan.rules & ON_ARRIVAL:
            came = arrived(root, vehicle, begin, end - 1)
        if not len(track) and not len(came):
            continue
        result.points += len(track)
        result.with_track += 1
        said = cards(root, vehicle, end - 1, ())
        result.take(
            [
                list(
                    _within(
                        world.events(vehicle, profile, track, plan.rules, said)
                        + world.arrived(vehicle, profile, came, plan.rules),
                        begin,
                        end,
                    )
                )
                for world in (plan.now, plan.proposed)
            ],
            most,
        )
    if Rule.TOGETHER in plan.rules:
        hazmat = [vehicle for vehicle, profile in vehicles if profile.kind == "hazmat"]
        told = _together(root, plan, hazmat, (begin, end), lambda: tell(len(vehicles)))
        if told is None:
            return None
        result.take(told, most)
    return result


def _together(
    root: Path, plan: Plan, hazmat: Sequence[int], span: tuple[int, int], go_on: Callable[[], bool]
) -> list[list[Event]] | None:
    """The rule over pairs in both worlds, day by day from the day before; ``None`` = to stop."""
    from jiaoan.rules.driving.settle import in_order  # numba: only in the process that rehearses

    begin, end = span
    worlds = [plan.now.pairs(), plan.proposed.pairs()]
    found: list[list[Event]] = [[], []]
    for moment in range(begin - DAY_MS, end, DAY_MS):
        if not go_on():
            return None
        parts = [sealed(root, each, moment, moment + DAY_MS - 1) for each in hazmat]
        day, _around, _cards = in_order(np.concatenate([np.zeros(0, DTYPE), *parts]))
        for told, world in zip(found, worlds, strict=True):
            told += _within(world.day(day), begin, end)
    return found


def _within(events: Sequence[Event], begin: int, end: int) -> Iterator[Event]:
    return (each for each in events if begin <= each.start_ms < end)


def profiles_of(ids: Sequence[int]) -> list[tuple[int, Profile]]:
    """Each vehicle with its profile, in the order of ids; those that are gone are left out."""
    found = Vehicle.objects.filter(pk__in=ids).prefetch_related("profiles")
    known = {each.pk: profile_by_day(each) for each in found}
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
