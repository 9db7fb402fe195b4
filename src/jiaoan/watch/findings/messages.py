"""Messages of ``findings.NN`` that become records here, checked field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from jiaoan.rules.driving.findings import Finding as Driving
from jiaoan.rules.driving.law import ON_ARRIVAL

if TYPE_CHECKING:
    # Evidence is read without Django, and the journal is a room with rows.
    from jiaoan.journal.actions import Json

Correction = Literal["", "added", "withdrawn"]
DRIVING: Final = "driving."
FENCE_RULES: Final = frozenset({"fence.forbidden", "fence.off_route", "fence.cross", "fence.stay"})
OVER: Final[Mapping[str, tuple[str, ...]]] = {
    "fence.leave": ("fence.forbidden", "fence.stay"),
    "fence.off_route_over": ("fence.off_route",),
}
"""Fence findings that are the end of others of the same vehicle and place."""


class BadMessage(ValueError):
    """A message that is none of these; the text names the field. It is parked, not guessed at."""


@dataclass(frozen=True)
class Told:
    """One finding as it was told. ``begun`` is the id of its beginning, its own where it is one.

    ``driving`` is the finding itself; ``None`` for fences, whose inputs stand in ``record``, which
    is the whole message.
    """

    id: str
    begun: str
    ended: bool
    rule: str
    version: str
    vehicle: int
    place: int
    place_name: str
    happened_at: datetime
    certain_at: datetime
    received_at: datetime
    judged_at: datetime
    ended_at: datetime | None
    correction: Correction
    driving: Driving | None
    record: dict[str, Json]


@dataclass(frozen=True)
class Over:
    """A finding of a fence that says that a vehicle left a place, or is off its route no more.

    ``record`` is the message where it says of what it ends more than its moment (how far off the
    route it was), else ``None``.
    """

    id: str
    rule: str
    vehicle: int
    place: int
    at: datetime
    correction: Correction = ""
    record: dict[str, Json] | None = None


def concerns(rule: str) -> bool:
    """Whether findings of this rule are recorded here (entries and exits belong to ``hazmat``)."""
    return rule.startswith(DRIVING) or rule in FENCE_RULES


def rule_of(data: bytes) -> str:
    """The rule that a message names; empty when it cannot be read."""
    try:
        body = json.loads(data)
    except (UnicodeDecodeError, json.JSONDecodeError):
        return ""
    return str(body.get("rule", "")) if isinstance(body, dict) else ""


def read(data: bytes) -> Told:
    """The message ``data`` as a value. Raises :class:`BadMessage`."""
    try:
        body = json.loads(data)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadMessage(f"no JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadMessage("no JSON object")
    return told(body)


def over(data: bytes) -> Over:
    """The message of a rule in :data:`OVER` as a value. Raises :class:`BadMessage`."""
    try:
        body = json.loads(data)
        rule, said = str(body["rule"]), body["inputs"].get("over_at")
        return Over(
            id=_id(body, "id"),
            rule=rule,
            vehicle=_whole(body, "vehicle_id"),
            place=_whole(body, "place_id"),
            at=_moment(body["inputs"], "over_at") if said else _moment(body, "happened_at"),
            correction=_correction(body.get("correction")),
            record=body if said else None,
        )
    except KeyError as error:
        raise BadMessage(f"{error.args[0]}: is missing") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise BadMessage(str(error)) from error


def told(body: dict[str, Json]) -> Told:
    """The same from the object. Raises :class:`BadMessage`."""
    try:
        return _told(body)
    except KeyError as error:
        raise BadMessage(f"{error.args[0]}: is missing") from error
    except (TypeError, ValueError) as error:
        raise BadMessage(str(error)) from error


def _told(body: dict[str, Json]) -> Told:
    rule = str(body["rule"])
    if not concerns(rule):
        raise BadMessage(f"rule: {rule[:40]!r} is no rule whose findings are recorded")
    vehicle = _whole(body, "vehicle_id")
    driving = Driving.from_json(body["finding"]) if rule.startswith(DRIVING) else None
    id = _id(body, "id")
    begun = _id(body, "begun_id") if driving else id
    if driving is not None and (driving.rule_id, driving.id, driving.vehicle) != (
        rule, id, vehicle,
    ):  # fmt: skip
        raise BadMessage("finding: its rule, id or vehicle is not that of the message")
    received = _moment(body, "received_at")
    # Rows of the rules on arrival have no place in time: what the device says is what is wrong.
    timeless = driving is not None and driving.rule in ON_ARRIVAL
    happened = received if timeless else _moment(body, "happened_at")
    ended = driving is not None and driving.phase == "ended"
    return Told(
        id=id,
        begun=begun,
        ended=ended,
        rule=rule,
        version=str(body["version"]),
        vehicle=vehicle,
        place=_whole(body, "place_id"),
        place_name=str(body["place_name"]),
        happened_at=happened,
        certain_at=_moment(body, "certain_at") if driving and not timeless else happened,
        received_at=received,
        judged_at=_moment(body, "judged_at"),
        ended_at=_moment(body, "ended_at") if ended else None,
        correction=_correction(body.get("correction")),
        driving=driving,
        record=body,
    )


def _id(body: Mapping[str, Json], name: str) -> str:
    text = str(body[name])
    if len(text) != 32 or not set(text) <= set("0123456789abcdef"):
        raise BadMessage(f"{name}: {text[:40]!r} has not 32 hexadecimal digits")
    return text


def _whole(body: Mapping[str, Json], name: str) -> int:
    value = body[name]
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadMessage(f"{name}: {value!r} is no whole number")
    return value


def _moment(body: Mapping[str, Json], name: str) -> datetime:
    moment = datetime.fromisoformat(str(body[name]))
    if moment.tzinfo is None:
        raise BadMessage(f"{name}: {body[name]} has no time zone")
    return moment


def _correction(value: object) -> Correction:
    if value in (None, ""):
        return ""
    if value == "added":
        return "added"
    if value == "withdrawn":
        return "withdrawn"
    raise BadMessage(f"correction: must be added or withdrawn, not {value!r}")
