"""What a rehearsal's page shows: what was proposed, counts by rule and vehicle, sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from jiaoan.portal.components import Light, Tone
from jiaoan.portal.names import reads_english
from jiaoan.portal.rules.shown import COMMON_ID
from jiaoan.portal.rules.shown import title_of as rule_title
from jiaoan.registry.models import Vehicle
from jiaoan.rules.driving.law import BY_ID
from jiaoan.watch.models import Rehearsal, RehearsalFinding
from jiaoan.watch.models.rehearsal import Outcome, RehearsalKind
from jiaoan.watch.rehearsal.states import RehearsalState
from jiaoan.watch.rules import catalogue, values

TONES = {
    RehearsalState.QUEUED: Tone.IDLE,
    RehearsalState.RUNNING: Tone.NEAR,
    RehearsalState.DONE: Tone.DONE,
    RehearsalState.BROKEN: Tone.LATE,
    RehearsalState.CANCELLED: Tone.IDLE,
}


def light_of(asked: Rehearsal) -> Light:
    text = str(asked.status.label)
    if asked.status is RehearsalState.RUNNING:
        text = _("%(state)s, %(n)s of %(all)s vehicles") % {
            "state": text, "n": asked.done, "all": asked.total,
        }  # fmt: skip
    return Light(TONES[asked.status], text)


def name_of(asked: Rehearsal) -> str:
    """A rule in the reader's language; a place has one name."""
    return title_of(asked.subject) if asked.kind == RehearsalKind.RULE else asked.title


def title_of(rule: str) -> str:
    """A driving rule or a fence rule in the reader's language."""
    if rule in BY_ID or rule == COMMON_ID:
        return rule_title(rule)
    return next((str(one.title) for one in catalogue.FENCES if one.id == rule), rule)


def proposed_of(asked: Rehearsal) -> list[tuple[str, str]]:
    """Label and value of what would change; empty for a rule as it stands."""
    if asked.kind == RehearsalKind.PLACE:
        return []
    return [
        (str(catalogue.LABELS[name]), values.words_of(name, int(value)))
        for name, value in sorted(asked.proposal.items())
    ]


@dataclass(frozen=True)
class RuleCount:
    title: str
    new: int
    gone: int
    same: int


def by_rule(summary: Mapping[str, object]) -> list[RuleCount]:
    said = summary["by_rule"]
    assert isinstance(said, Mapping)
    return [
        RuleCount(title_of(rule), *(int(counts.get(each.value, 0)) for each in Outcome))
        for rule, counts in said.items()
    ]


@dataclass(frozen=True)
class VehicleCount:
    vehicle: Vehicle
    new: int
    gone: int
    same: int


def by_vehicle(findings: Iterable[RehearsalFinding]) -> list[VehicleCount]:
    """Those with most changes first."""
    counts: Counter[tuple[int, str]] = Counter()
    known: dict[int, Vehicle] = {}
    for one in findings:
        counts[one.vehicle_id, one.outcome] += 1
        known[one.vehicle_id] = one.vehicle
    lines = [
        VehicleCount(vehicle, *(counts[number, each.value] for each in Outcome))
        for number, vehicle in known.items()
    ]
    return sorted(lines, key=lambda each: (-(each.new + each.gone), each.vehicle.plate))


def sentence_of(finding: RehearsalFinding) -> str:
    return finding.en if reads_english() else finding.zh
