"""A finding as it goes up the bus: one JSON object with everything the verdict rests on."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from jiaoan.rules.fences import VERSION, Evidence, Finding
from jiaoan.stream.reference import PlaceCard, VehicleCard

UNKNOWN = VehicleCard(phone="", plate="", plate_colour=9, kind="", outside=False)


def subject_of(partition: int) -> str:
    return f"findings.{partition:02d}"


def encode(
    finding: Finding, vehicle: VehicleCard | None, place: PlaceCard | None, judged_at: datetime
) -> bytes:
    """The finding's JSON in UTF-8; times are ISO-8601 in UTC with offset.

    A vehicle without reference has an empty plate and colour 9 (other, JT/T 415): it is told
    all the same, because a vehicle nobody knows is the one to look at.
    """
    vehicle = vehicle or UNKNOWN
    return json.dumps(
        {
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
            },
            "law": finding.fence.law,
            "first_position": finding.first_key,
        },
        ensure_ascii=False,
    ).encode()


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
