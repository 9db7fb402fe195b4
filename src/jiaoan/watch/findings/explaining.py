"""One finding recomputed from its evidence alone: equal, or field by field where it differs.

The evidence is one JSON object (:mod:`~.evidence` gathers it) that holds everything the rule
looked at, so that an outsider comes to the same result without our database:

``told``, ``ended``   the messages as they came (``ended`` null while it lasts)
``positions``         ``columns`` and ``rows`` of the vehicle's reports in the window, by time; for
                      rules on arrival those of the day up to the one that was told, by receipt
``surroundings``      for each row the fields of ``columns.SURROUNDINGS``; of releases before, three
``cards``             driver cards [driver, UTC ms, qualified]
``other``             for two vehicles together: positions and surroundings of the other one
``profile``           the vehicle as the rules knew it, in ``former`` what it was before
``settings``          the figures, each with the day from which it holds; ``bans``, ``off``
``place``             for fences: the place in the version that was judged

No database, no clock, no Django here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Final

import numpy as np

from jiaoan.rules import fences
from jiaoan.rules.driving.book import Ban, Book, Former, Profile
from jiaoan.rules.driving.cards import Card
from jiaoan.rules.driving.columns import SURROUNDINGS
from jiaoan.rules.driving.findings import Finding, NotFinding
from jiaoan.rules.driving.judge import judge, silent
from jiaoan.rules.driving.law import BY_ID, ON_ARRIVAL, Rule
from jiaoan.rules.driving.memory import Memory
from jiaoan.rules.driving.sentences import Sentence, sentence
from jiaoan.rules.driving.settings import Settings
from jiaoan.rules.driving.settle import Difference, in_order, recompute
from jiaoan.stores.positions import DTYPE, Positions, empty, key_of
from jiaoan.stream.findings import encode
from jiaoan.stream.reference import References
from jiaoan.watch.findings import pairs
from jiaoan.watch.findings.messages import DRIVING
from jiaoan.watch.findings.sentences import fence_sentence

FORM: Final = "jiaoan.finding.evidence"
VERSION: Final = 1
COLUMNS: Final = (
    "time_ms", "received_ms", "lat", "lon", "speed", "direction", "altitude", "alarm", "status",
    "mileage", "source", "terminal",
)  # fmt: skip

_KEY: Final = ("time_ms", "lat", "lon", "alarm", "status")
Json = Mapping[str, Any]


class NotEvidence(ValueError):
    """A file that is no evidence of this form; the text names the field and says why."""


@dataclass(frozen=True)
class Explained:
    """The sentence of the finding and whether it comes out again."""

    id: str
    rule: str
    version: str
    said: Sentence
    positions: int
    differences: tuple[Difference, ...]

    @property
    def equal(self) -> bool:
        return not self.differences


def read(text: str | bytes) -> Json:
    """A file of evidence as an object. Raises :class:`NotEvidence`."""
    try:
        evidence = json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NotEvidence(f"this is no JSON: {error}") from error
    if not isinstance(evidence, dict) or evidence.get("form") != FORM:
        raise NotEvidence(f"form: this is no evidence of a finding (it would say {FORM!r})")
    if evidence.get("version") != VERSION:
        raise NotEvidence(
            f"version: this release reads version {VERSION}, not {evidence.get('version')!r}"
        )
    return evidence


def explain(evidence: Json) -> Explained:
    """Judge the evidence again. Raises :class:`NotEvidence` when something is missing in it."""
    try:
        rule = str(evidence["told"]["rule"])
        return _driving(evidence) if rule.startswith(DRIVING) else _fence(evidence)
    except KeyError as error:
        raise NotEvidence(f"{error.args[0]}: is missing") from error
    except (TypeError, ValueError, IndexError, OverflowError) as error:
        raise NotEvidence(str(error)) from error


# ---------------------------------------------------------------- driving


def _driving(evidence: Json) -> Explained:
    said = [Finding.from_json(evidence["told"]["finding"])]
    if evidence["ended"] and evidence["ended"] != evidence["told"]:
        said.append(_end(evidence["ended"], said[0]))
    last = said[-1]
    track = positions_of(evidence, last.vehicle)
    around = _surroundings(evidence)
    cards = [
        Card(0, last.vehicle, int(driver), int(moment), bool(qualified))
        for driver, moment, qualified in evidence["cards"]
    ]
    book = book_of(evidence, last.vehicle)
    if last.rule is Rule.TOGETHER:
        other = evidence["other"]
        track = np.concatenate([track, positions_of(other, int(last.values["other"]))])
        around = np.concatenate([around, _surroundings(other)])
        found = list(_compared(last, pairs.again(last, track, around, book)))
    elif last.rule in ON_ARRIVAL:
        found = list(_compared(last, _arrived(last, track, book)))
    else:
        found = [
            difference
            for number, finding in enumerate(said)
            for difference in _again(finding, track, book, cards, around, ended=number > 0)
        ]
    return Explained(
        said[0].begun_id, last.rule_id, last.version, sentence(last), len(track), tuple(found)
    )


def _end(message: Json, begun: Finding) -> Finding:
    if "finding" not in message:
        raise NotFinding("ended: is no driving finding")
    end = Finding.from_json(message["finding"])
    if end.begun_id != begun.begun_id:
        raise NotFinding("ended: is the end of another finding")
    return end


def _again(
    finding: Finding,
    track: Positions,
    book: Book,
    cards: Sequence[Card],
    around: Positions,
    *,
    ended: bool,
) -> Iterable[Difference]:
    if (finding.rule, finding.phase) == (Rule.OFFLINE, "begun"):
        result = _silence(finding, track, book, cards, around)
    else:
        result = recompute(finding, track, book, cards=cards, surroundings=around).differences
    prefix = "ended." if ended else ""
    return [Difference(prefix + one.field, one.told, one.recomputed) for one in result]


def _arrived(finding: Finding, track: Positions, book: Book) -> Finding | None:
    """A rule on arrival: rows by their receipt, the told one first of those that came with it.

    How the reports of one message stood in it no track remembers.
    """
    own = np.ones(len(track), np.bool_)
    for name, value in zip(_KEY, astuple(finding.first), strict=True):
        own &= track[name].astype(np.int64) == value
    order = np.lexsort((~own, track["received_ms"]))
    found = judge(Memory(), track[order], book).findings
    return next((each for each in found if each.id == finding.id), None)


def _compared(told: Finding, again: Finding | None) -> Iterable[Difference]:
    if again is None:
        return (Difference("finding", told.id, None),)
    return _compare("", told.as_json(), again.as_json())


def _silence(
    finding: Finding, track: Positions, book: Book, cards: Sequence[Card], around: Positions
) -> tuple[Difference, ...]:
    """A beginning of a silence needs a clock: the moment at which it was certain."""
    kept = track["time_ms"] <= finding.first.time_ms
    ordered, ground, placed = in_order(track[kept], around[kept], cards)
    memory = Memory()
    outcome = judge(memory, ordered, book, cards=placed, surroundings=ground)
    memory.take(outcome.changes)
    for again in silent(memory, book, finding.end_ms):
        if again.id == finding.id:
            return tuple(_compare("", finding.as_json(), again.as_json()))
    return (Difference("finding", finding.id, None),)


def book_of(evidence: Json, vehicle: int) -> Book:
    """Profile, figures, bans and switches of the evidence."""
    profile = _profile(evidence["profile"], evidence["off"])
    settings = [
        Settings(**{**one, "valid_from": date.fromisoformat(one["valid_from"])})
        for one in evidence["settings"]
    ]
    bans = [
        Ban(
            **{
                **one,
                "kinds": frozenset(one["kinds"]),
                "begin": datetime.fromisoformat(one["begin"]),
                "end": datetime.fromisoformat(one["end"]) if one["end"] else None,
            }
        )
        for one in evidence["bans"]
    ]
    return Book({vehicle: profile}, settings, bans)


def _profile(said: Json, off: Iterable[str]) -> Profile:
    """A profile with those before it; evidence of a release before has none."""
    former = tuple(
        Former(int(each["until_ms"]), _profile(each["profile"], off))
        for each in said.get("former", ())
    )
    hours = tuple((int(begin), int(end)) for begin, end in said.get("school_hours", ()))
    switched_off = frozenset(BY_ID[name] for name in (*said.get("off", ()), *off))
    return Profile(**{**said, "school_hours": hours, "off": switched_off, "former": former})


def positions_of(evidence: Json, vehicle: int) -> Positions:
    """The reports as the rules read them."""
    said = evidence["positions"]
    columns = list(said["columns"])
    if unknown := set(columns) - set(DTYPE.names or ()):
        names = ", ".join(sorted(unknown))
        raise NotEvidence(f"positions.columns: {names} is no field of a report")
    track = empty(len(said["rows"]))
    track["vehicle"] = vehicle
    for number, name in enumerate(columns):
        values = [row[number] for row in said["rows"]]
        track[name] = [str(each).encode() for each in values] if name == "terminal" else values
    return track


def _surroundings(evidence: Json) -> Positions:
    rows = evidence["surroundings"]
    if len(rows) != len(evidence["positions"]["rows"]):
        raise NotEvidence("surroundings: there must be one row for each position")
    width = len(SURROUNDINGS.names or ())
    return np.array([(*row, *[0] * (width - len(row))) for row in rows], SURROUNDINGS)


# ---------------------------------------------------------------- fences


def fence_of(said: Json) -> fences.Fence:
    """The fence of a place as it was published (``ref.place.*``)."""
    return References.place_of(said).fence


_COMPARED: Final = (
    "id", "rule", "version", "kind", "place_id", "place_version", "happened_at", "first_position",
    "law", "inputs",
)  # fmt: skip


def _fence(evidence: Json) -> Explained:
    told = evidence["told"]
    vehicle, kind = int(told["vehicle_id"]), str(evidence["profile"]["kind"])
    track = positions_of(evidence, vehicle)
    ordered, _, _ = in_order(track)
    outcome = fences.judge(
        fences.Fences([fence_of(evidence["place"])]), {}, ordered, key_of=key_of,
        kinds=fences.Steady(lambda _vehicle: kind),
    )  # fmt: skip
    again = {one.id: one for one in outcome.findings}
    found = [*_fence_again("", told, again.get(told["id"]))]
    end = evidence["ended"]
    # The route may have been drawn anew meanwhile: the evidence holds it as it was at first.
    if end is not None and end["place_version"] == told["place_version"]:
        found += _fence_again("ended.", end, again.get(end["id"]))
    said = fence_sentence(told, end)
    return Explained(
        str(told["id"]), str(told["rule"]), str(told["version"]), said, len(track), tuple(found)
    )


def _fence_again(prefix: str, told: Json, again: fences.Finding | None) -> Iterable[Difference]:
    if again is None:
        return [Difference(f"{prefix}finding", told["id"], None)]
    now = json.loads(encode(again, None, None, datetime.fromtimestamp(0, UTC)))
    return [
        Difference(prefix + one.field, one.told, one.recomputed)
        for one in _compare("", _only(told), _only(now))
    ]


def _only(message: Json) -> Json:
    return {name: message.get(name) for name in _COMPARED}


def _compare(path: str, told: object, again: object) -> Iterable[Difference]:
    """Field by field down to single values."""
    if isinstance(told, Mapping) and isinstance(again, Mapping):
        for name in sorted(told.keys() | again.keys()):
            yield from _compare(f"{path}.{name}".lstrip("."), told.get(name), again.get(name))
    elif isinstance(told, list) and isinstance(again, list) and len(told) == len(again):
        for number, (one, other) in enumerate(zip(told, again, strict=True)):
            yield from _compare(f"{path}[{number}]", one, other)
    elif told != again:
        yield Difference(path, told, again)


def as_json(profile: Profile, book: Book, off: Iterable[str]) -> dict[str, Any]:
    """The part of evidence that :func:`book_of` reads."""
    return {
        "profile": _said(profile),
        "settings": [
            {each.name: _plain(getattr(one, each.name)) for each in fields(Settings)}
            for one in book.settings
        ],
        "bans": [
            {each.name: _plain(getattr(one, each.name)) for each in fields(Ban)}
            for one in book.bans
        ],
        "off": sorted(off),
    }


def _said(profile: Profile) -> dict[str, Any]:
    said = {each.name: _plain(getattr(profile, each.name)) for each in fields(Profile)}
    former = [
        {"until_ms": each.until_ms, "profile": _said(each.profile)} for each in profile.former
    ]
    return {**said, "former": former}


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, tuple):
        return [list(one) if isinstance(one, tuple) else one for one in value]
    return value
