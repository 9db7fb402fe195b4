"""What each rule does and which figures it has: the words of the 规则 page.

Figures themselves, their units and sources stand in :data:`jiaoan.rules.driving.settings.SOURCES`,
law in :mod:`jiaoan.rules.driving.law`; the whole text of a rule is ``docs/theory/<theory>.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.rules.driving.law import IDS, Rule
from jiaoan.rules.fences.values import RULES as FENCE_RULES
from jiaoan.rules.fences.values import Kind

R = Rule
# What a point and a drive are: every rule of driving stands on these.
COMMON: Final = ("moving", "moved_m", "gap_s", "fastest_kmh")
FIGURES_OF: Final[Mapping[Rule, tuple[str, ...]]] = {
    R.OVERSPEED: (
        "over_s", "merge_s", "hole_s", "night_percent", "night_from", "night_to",
        "hazmat_express", "hazmat_other", "school_express", "school_other", "heavy_general",
    ),
    R.CONTINUOUS: ("continuous_s", "rest_s", "pauses_count"),
    R.NIGHT: ("night_s", "rest_s", "night_from", "night_to", "hazmat_fatigue"),
    R.DAY_TOTAL: ("day_total_min", "halt_s", "hazmat_fatigue"),
    R.WEEK_TOTAL: ("week_total_min", "halt_s", "hazmat_fatigue"),
    R.SMALL_HOURS: ("small_from", "small_to", "relay_exempt_km"),
    R.HAZMAT_BAN: (),
    R.SCHOOL_HOURS: (),
    R.OFFLINE: ("offline_s",),
    R.DISPLACED: ("displaced_m",),
    R.STAY: ("stay_s", "stay_m"),
    R.DRIFT: ("drift_kmh", "drift_m", "astray_points"),
    R.INVALID: (),
    R.FROZEN: ("frozen_points", "frozen_s"),
    R.MISMATCH: ("mismatch_kmh", "mismatch_points"),
    R.MILEAGE: (),
    R.CLOCK: ("ahead_s", "behind_s"),
    R.CLONED: ("clone_kmh", "clone_m"),
    R.TOGETHER: (),
}  # fmt: skip

DOES: Final[Mapping[Rule, str | Promise]] = {
    R.OVERSPEED: _("Points over the lowest known limit in a row, longer than the set time."),
    R.CONTINUOUS: _("One driver drives longer than the limit without a long enough rest."),
    R.NIGHT: _("The same at night, with the shorter limit; coaches."),
    R.DAY_TOTAL: _("One driver drives too long in any 24 hours; coaches."),
    R.WEEK_TOTAL: _("One driver drives too long in seven days; coaches."),
    R.SMALL_HOURS: _("A coach runs between 02:00 and 05:00 and is not exempt."),
    R.HAZMAT_BAN: _("A hazmat vehicle drives in hours that an order of the police bans."),
    R.SCHOOL_HOURS: _("A school bus drives outside the hours of its permit."),
    R.OFFLINE: _("A vehicle that was running is silent for too long."),
    R.DISPLACED: _("A silent vehicle is heard again somewhere else."),
    R.STAY: _("A hazmat vehicle stands too long outside known places."),
    R.DRIFT: _("Positions jump farther than a vehicle can drive."),
    R.INVALID: _("Values outside the national ranges."),
    R.FROZEN: _("Coordinates stay the same although the vehicle says it drives."),
    R.MISMATCH: _("The speed told and the way between positions do not agree."),
    R.MILEAGE: _("The mileage runs backwards."),
    R.CLOCK: _("The clock of the terminal is ahead or behind."),
    R.CLONED: _("One plate is in two places that nobody can reach in the time."),
    R.TOGETHER: _("Two hazmat vehicles stay close to each other too long outside known places."),
}

FENCE_DOES: Final[Mapping[Kind, tuple[str | Promise, str | Promise, str]]] = {
    "entered": (
        _("Entering"), _("Deeper inside than the buffer, or inside for enough points in a row."),
        "fence-enter-leave",
    ),
    "left": (
        _("Leaving"), _("The same, to the outside; never flapping on the line."),
        "fence-enter-leave",
    ),
    "stayed": (
        _("Staying"), _("Inside longer than the time that the place gives."), "fence-enter-leave",
    ),
    "forbidden": (
        _("Forbidden zone or hour"), _("Inside a place that forbids it while it is in force."),
        "fence-forbidden",
    ),
    "off_route": (
        _("Off route"), _("A vehicle bound to a route has left it."), "fence-route",
    ),
    "off_route_over": (
        _("Off route no more"), _("It is back on its route, or the route bound it no more."),
        "fence-route",
    ),
    "crossed": (
        _("Gate line crossed"), _("The way between two points crosses a gate line."), "fence-gate",
    ),
}  # fmt: skip

LABELS: Final[Mapping[str, str | Promise]] = {
    "over_s": _("Over the limit longer than"),
    "merge_s": _("A next stretch within this is the same event"),
    "hole_s": _("A longer hole between two points breaks the stretch"),
    "moving": _("From this speed on a vehicle is moving"),
    "moved_m": _("Or when it says it stands and came this far"),
    "gap_s": _("A longer hole is a gap: what happened is not known"),
    "fastest_kmh": _("Nobody drove faster through a gap"),
    "rest_s": _("A rest is at least"),
    "continuous_s": _("Continuous driving at most"),
    "night_s": _("Continuous driving at night at most"),
    "night_from": _("Night begins"),
    "night_to": _("Night ends"),
    "night_percent": _("Coaches at night: share of the limit"),
    "day_total_min": _("Driving in 24 hours at most"),
    "week_total_min": _("Driving in seven days at most"),
    "pauses_count": _("Stands shorter than a rest count as driving"),
    "halt_s": _("Shorter stands are traffic and count in the totals"),
    "small_from": _("Small hours begin"),
    "small_to": _("Small hours end"),
    "offline_s": _("Silent longer than"),
    "displaced_m": _("Heard again farther away than"),
    "stay_s": _("Stands longer than"),
    "stay_m": _("Found again within this after a gap, it stayed"),
    "drift_kmh": _("Faster than this between two points is a jump"),
    "drift_m": _("A shorter jump is noise"),
    "astray_points": _("So many points astray in a row are the new place"),
    "frozen_points": _("Equal points in a row at least"),
    "frozen_s": _("Frozen longer than"),
    "mismatch_kmh": _("Speed told and way differ by more than"),
    "mismatch_points": _("In so many points in a row"),
    "ahead_s": _("Clock ahead by more than"),
    "behind_s": _("Clock behind by more than"),
    "clone_kmh": _("Nobody drives faster from one place to the other"),
    "clone_m": _("The places lie apart by more than"),
    "hazmat_express": _("Hazmat vehicles on expressways"),
    "hazmat_other": _("Hazmat vehicles on other roads"),
    "school_express": _("School buses on expressways"),
    "school_other": _("School buses on other roads"),
    "heavy_general": _("Heavy vehicles, general limit"),
    "relay_exempt_km": _("Short services up to this are exempt"),
    "hazmat_fatigue": _("Night and total limits for hazmat vehicles too"),
}


@dataclass(frozen=True)
class FenceRule:
    """A fence rule: its figures stand with each place."""

    id: str
    title: str | Promise
    does: str | Promise
    theory: str


FENCES: Final = tuple(
    FenceRule(FENCE_RULES[kind], title, does, theory)
    for kind, (title, does, theory) in FENCE_DOES.items()
)


def theory_of(rule: Rule) -> str:
    """The page of ``docs/theory`` without its ending."""
    return IDS[rule].replace(".", "-")


def rules_of(figure: str) -> tuple[Rule, ...]:
    """The rules that a figure can change; a common one changes all that look at driving."""
    if figure in COMMON:
        return tuple(FIGURES_OF)
    return tuple(rule for rule, names in FIGURES_OF.items() if figure in names)
