"""A finding of the driving rules: what was seen, against which figures, by which clauses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from datetime import date, datetime
from typing import Final, Literal

from jiaoan.kernel.clock import LOCAL
from jiaoan.rules.driving.law import (
    BY_ID,
    IDS,
    Clause,
    Rule,
    Severity,
    clauses_on,
    severity,
    version_of,
)
from jiaoan.rules.keys import Key as Key

Phase = Literal["begun", "ended"]
FORM: Final = 1  # of Finding.as_json: raise it when a field changes


class NotFinding(ValueError):
    """A value that :meth:`Finding.as_json` of this form did not make; says which field and why."""


@dataclass(frozen=True)
class Names:
    """How the numbers of a rule's event are called in ``values`` and ``limits``; "" = unused."""

    value: str
    limit: str = ""
    peak_at: str = ""
    count: str = ""
    detail: str = ""
    extra: str = ""
    at_end: str = ""  # name of the value of an end, where it is another one


_DRIVE = Names("driven_s", "limit_s", extra="paused_s")
_TOTAL = Names("driven_s", "limit_s")
_HOURS = Names("peak_speed", peak_at="peak_at_ms", count="points")
NAMES: Final[Mapping[Rule, Names]] = {
    Rule.OVERSPEED: Names(
        "peak_speed", "limit_milli", "peak_at_ms", "points", "limit_source", "over_s"
    ),
    Rule.CONTINUOUS: _DRIVE,
    Rule.NIGHT: _DRIVE,
    Rule.DAY_TOTAL: _TOTAL,
    Rule.WEEK_TOTAL: _TOTAL,
    Rule.SMALL_HOURS: _HOURS,
    Rule.HAZMAT_BAN: Names("peak_speed", peak_at="peak_at_ms", count="points", detail="ban"),
    Rule.SCHOOL_HOURS: _HOURS,
    Rule.OFFLINE: Names("silent_s", "limit_s", extra="way_m"),
    Rule.DISPLACED: Names("way_m", "limit_m", extra="silent_s"),
    Rule.STAY: Names("stood_s", "limit_s", count="points"),
    Rule.DRIFT: Names("way_m", "limit_kmh", extra="implied_kmh"),
    Rule.INVALID: Names("fields", detail="all_fields"),
    Rule.FROZEN: Names("speed", "needed_points", count="points", at_end="lasted_s"),
    Rule.MISMATCH: Names("implied_kmh", "needed_points", count="points", at_end="lasted_s"),
    Rule.MILEAGE: Names("back", extra="mileage"),
    Rule.CLOCK: Names("ahead_s", "limit_s"),
    Rule.CLONED: Names("way_m", "limit_kmh", count="crossings", extra="apart_s"),
    Rule.TOGETHER: Names("together_s", "limit_s", count="slices", detail="other", extra="apart_m"),
}


@dataclass(frozen=True)
class Finding:
    """``first`` began it, ``deciding`` made it certain (or ended it); ``end_ms`` is its last
    moment known. ``driver`` 0 = nobody's card was read. ``source`` names the ban, if one is broken.
    """

    rule: Rule
    phase: Phase
    vehicle: int
    kind: str
    driver: int
    first: Key
    deciding: Key
    end_ms: int
    values: Mapping[str, int]
    limits: Mapping[str, int]
    source: str = ""

    @property
    def rule_id(self) -> str:
        return IDS[self.rule]

    @property
    def version(self) -> str:
        return version_of(self.rule)

    @property
    def first_key(self) -> str:
        return self.first.text(self.vehicle)

    @property
    def begun_id(self) -> str:
        """32 hex digits from rule, version, vehicle and first position: replay-proof."""
        return _id(self.rule_id, self.version, str(self.vehicle), self._first)

    @property
    def id(self) -> str:
        if self.phase == "begun":
            return self.begun_id
        return _id(self.rule_id, self.version, str(self.vehicle), self._first, "ended")

    @property
    def _first(self) -> str:
        # One bad row may show several fields on the same day, and one pair two vehicles.
        if self.rule is Rule.INVALID:
            return f"{self.first_key}|{self.values['fields']}"
        if self.rule is Rule.TOGETHER:
            return f"{self.first_key}|{self.values['other']}"
        return self.first_key

    @property
    def start_ms(self) -> int:
        return self.first.time_ms

    @property
    def day(self) -> date:
        """Local day of the act: of its beginning, or of the receipt where it has no time."""
        moment = self.start_ms if self.start_ms > 0 else max(self.end_ms, 0)
        return datetime.fromtimestamp(moment / 1000, LOCAL).date()

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return clauses_on(self.rule, self.day, self.kind)

    @property
    def severity(self) -> Severity:
        return severity(self.rule)

    def as_json(self) -> dict[str, object]:
        """All of it in values of JSON; :meth:`from_json` gives an equal finding.

        Keys of positions are lists [UTC ms, latitude, longitude, alarm, status].
        """
        return {
            "form": FORM,
            "rule": self.rule_id,
            "version": self.version,
            "phase": self.phase,
            "vehicle": self.vehicle,
            "kind": self.kind,
            "driver": self.driver,
            "first": list(astuple(self.first)),
            "deciding": list(astuple(self.deciding)),
            "end_ms": self.end_ms,
            "values": dict(self.values),
            "limits": dict(self.limits),
            "source": self.source,
        }

    @classmethod
    def from_json(cls, said: object) -> Finding:
        """The finding that :meth:`as_json` wrote; :class:`NotFinding` for anything else.

        A finding of another version of the rules is refused: its id is made from its version.
        """
        if not isinstance(said, Mapping):
            raise NotFinding(f"a finding must be an object, not {said!r:.40}")
        if said.get("form") != FORM:
            raise NotFinding(f"form: this release reads {FORM}, not {said.get('form')!r:.40}")
        rule = BY_ID.get(_text(said, "rule"))
        if rule is None:
            raise NotFinding(f"rule: no driving rule is called {said['rule']!r:.40}")
        if said.get("version") != version_of(rule):
            raise NotFinding(
                f"version: this release has version {version_of(rule)} of the rule, the "
                f"finding was made by {said.get('version')!r:.40}; read it with the release "
                f"that made it"
            )
        phase = _text(said, "phase")
        if phase not in ("begun", "ended"):
            raise NotFinding(f"phase: must be begun or ended, not {phase!r:.40}")
        finding = cls(
            rule,
            "begun" if phase == "begun" else "ended",
            _whole(said, "vehicle"),
            _text(said, "kind"),
            _whole(said, "driver"),
            _key(said, "first"),
            _key(said, "deciding"),
            _whole(said, "end_ms"),
            _figures(said, "values"),
            _figures(said, "limits"),
            _text(said, "source"),
        )
        needed = {Rule.INVALID: "fields", Rule.TOGETHER: "other"}.get(rule)
        if needed and needed not in finding.values:
            raise NotFinding(f"values.{needed}: is missing; the id of {finding.rule_id} needs it")
        return finding


def _text(said: Mapping[str, object], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        raise NotFinding(f"{name}: must be a text, not {value!r:.40}")
    return value


def _whole(said: Mapping[str, object], name: str) -> int:
    return _number(said.get(name), name)


def _number(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise NotFinding(f"{name}: must be a whole number, not {value!r:.40}")
    return value


def _key(said: Mapping[str, object], name: str) -> Key:
    value = said.get(name)
    if not isinstance(value, list) or len(value) != len(fields(Key)):
        raise NotFinding(f"{name}: must be a list of {len(fields(Key))} numbers, not {value!r:.40}")
    return Key(*(_number(each, name) for each in value))


def _figures(said: Mapping[str, object], name: str) -> dict[str, int]:
    value = said.get(name)
    if not isinstance(value, Mapping) or not all(isinstance(each, str) for each in value):
        raise NotFinding(f"{name}: must be an object of whole numbers, not {value!r:.40}")
    return {each: _number(number, f"{name}.{each}") for each, number in value.items()}


def _id(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]
