"""A finding as it goes up the bus: one JSON object with everything the verdict rests on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, Literal

from jiaoan.rules.driving.findings import Finding as Driven
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.fences import VERSION, Evidence, Finding
from jiaoan.rules.keys import Key
from jiaoan.stream.reference import PlaceCard, VehicleCard

UNKNOWN = VehicleCard(phone="", plate="", plate_colour=9, kind="", outside=False)


def subject_of(partition: int) -> str:
    return f"findings.{partition:02d}"


Correction = Literal["", "added", "withdrawn"]


def encode(
    finding: Finding,
    vehicle: VehicleCard | None,
    place: PlaceCard | None,
    judged_at: datetime,
    *,
    correction: Correction = "",
) -> bytes:
    """The finding's JSON in UTF-8; times are ISO-8601 in UTC with offset.

    A vehicle without reference has an empty plate and colour 9 (other, JT/T 415): it is told
    all the same, because a vehicle nobody knows is the one to look at. ``correction``: late points
    added it.
    """
    return _dump(say(finding, vehicle, place, judged_at), correction)


def say(
    finding: Finding, vehicle: VehicleCard | None, place: PlaceCard | None, judged_at: datetime
) -> dict[str, object]:
    """What :func:`encode` writes."""
    vehicle = vehicle or UNKNOWN
    return {
        "id": finding.id,
        "rule": finding.rule,
        "version": VERSION,
        "kind": finding.kind,
        "vehicle_id": finding.vehicle,
        "plate": vehicle.plate,
        "plate_colour": vehicle.plate_colour,
        "terminal": finding.point.terminal,
        "outside": vehicle.outside,
        "place_id": finding.fence.place_id,
        "place_name": place.name if place else "",
        "place_kind": place.kind if place else "",
        "place_version": finding.fence.version,
        "happened_at": _moment(finding.point.time_ms),
        "received_at": _moment(finding.point.received_ms),
        "judged_at": judged_at.astimezone(UTC).isoformat(),
        "inputs": {
            "points": [_point(each) for each in finding.evidence],
            "buffer_m": finding.fence.buffer_m,
            "consecutive": finding.fence.consecutive,
            "dwell_s": finding.fence.dwell_s,
            "confirmed_by": finding.confirmed_by,
            "role": finding.fence.role.value,
            "hours": [one.as_json() for one in finding.fence.hours],
            "hours_opened_at": _moment(finding.opened_ms) if finding.opened_ms else None,
            "direction": finding.direction,
            **_way(finding),
        },
        "law": finding.fence.law,
        "first_position": finding.first_key,
        **_stay(finding),
    }


def _stay(finding: Finding) -> dict[str, object]:
    """The stay that ends, or that is long by now: since when, and what was told of it."""
    if finding.kind == "stayed":
        return {
            "stay": {"first_position": finding.first_key, "begun_at": _begun(finding.first_key)}
        }
    stay = finding.stay
    if stay is None:
        return {}
    return {
        "stay": {
            "first_position": stay.first_key,
            "begun_at": _begun(stay.first_key),
            "stayed": stay.stayed,
            "opened_ms": stay.opened_ms,
        }
    }


def _begun(key: str) -> str | None:
    return _moment(Key.read(key).time_ms) if key else None


def _way(finding: Finding) -> dict[str, object]:
    """How far a vehicle was off its route, and when that was over."""
    if finding.kind not in ("off_route", "off_route_over"):
        return {}
    over = _moment(finding.over_ms) if finding.kind == "off_route_over" else None
    return {"farthest_m": finding.far_dm / 10, "over_at": over}


def correct(said: Mapping[str, object], correction: Correction, judged_at: datetime) -> bytes:
    """A finding of a fence that late points add or withdraw: it came in when it was judged."""
    judged = judged_at.astimezone(UTC).isoformat()
    return _dump({**said, "received_at": judged, "judged_at": judged}, correction)


def _dump(said: Mapping[str, object], correction: Correction) -> bytes:
    mark = {"correction": correction} if correction else {}
    return json.dumps({**said, **mark}, ensure_ascii=False).encode()


# Rules that a clock makes certain, not a point: they were certain at their last moment known.
_BY_CLOCK: Final = frozenset({(Rule.OFFLINE, "begun"), (Rule.TOGETHER, "begun")})


def message_id(finding_id: str, correction: Correction, number: int) -> str:
    """Stored once under this: the finding's id, or the ``number`` th correction of it."""
    return f"{finding_id}:{correction}:{number}" if number else finding_id


def encode_driven(
    finding: Driven,
    vehicle: VehicleCard | None,
    judged_at: datetime,
    *,
    terminal: str = "",
    received_ms: int | None = None,
    correction: Correction = "",
) -> bytes:
    """The JSON of a driving finding; ``finding`` in it is exact (``Finding.from_json``).

    ``received_ms`` and ``terminal`` are of the deciding point. What no point decided but a clock,
    or what came out of late points, was received when it was judged; its terminal is the
    vehicle's. ``correction``: late points added or withdrew it.
    """
    vehicle = vehicle or UNKNOWN
    judged = judged_at.astimezone(UTC).isoformat()
    by_clock = (finding.rule, finding.phase) in _BY_CLOCK
    said = {
        "id": finding.id,
        "rule": finding.rule_id,
        "version": finding.version,
        "kind": finding.phase,
        "begun_id": finding.begun_id,
        "vehicle_id": finding.vehicle,
        "plate": vehicle.plate,
        "plate_colour": vehicle.plate_colour,
        "terminal": terminal or vehicle.phone,
        "outside": vehicle.outside,
        "place_id": 0,
        "place_name": "",
        "place_kind": "",
        "place_version": 0,
        "happened_at": _moment(finding.first.time_ms),
        "certain_at": _moment(finding.end_ms if by_clock else finding.deciding.time_ms),
        "ended_at": _moment(finding.end_ms) if finding.phase == "ended" else None,
        "received_at": judged if received_ms is None else _moment(received_ms),
        "judged_at": judged,
        "first_position": finding.first_key,
        "finding": finding.as_json(),
    }
    return _dump(said, correction)


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


def _point(evidence: Evidence) -> dict[str, object]:
    point = evidence.point
    return {
        "key": point.key,
        "time": _moment(point.time_ms),
        "lat": point.lat / 1e6,
        "lon": point.lon / 1e6,
        "speed_kmh": point.speed / 10,
        "depth_m": round(evidence.depth_m, 1),
        "inside": evidence.inside,
    }
