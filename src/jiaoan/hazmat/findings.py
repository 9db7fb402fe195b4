"""Findings of the stream as values, checked field by field before anything is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from jiaoan.rules.hazmat import Point
from jiaoan.rules.hazmat_record import BadRecord, read_point


class BadFinding(ValueError):
    """A message that is no finding: the text names the field. It is parked, not guessed at."""


@dataclass(frozen=True)
class Finding:
    """One result of a fence rule 电子围栏 (``fence.enter``, ``fence.leave``, ``fence.stay``).

    ``correction``: late positions added or withdrew it.
    """

    id: str
    rule: str
    version: str
    vehicle_id: int
    outside: bool
    place_id: int
    place_name: str
    place_kind: str
    place_version: int
    happened_at: datetime
    received_at: datetime
    judged_at: datetime
    buffer_m: float
    consecutive: int
    confirmed_by: str
    points: tuple[Point, ...]
    correction: Literal["", "added", "withdrawn"] = ""


def parse(data: bytes) -> Finding:
    """The message ``data`` of ``findings.NN`` as a value. Raises :class:`BadFinding`."""
    try:
        body = json.loads(data)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadFinding(f"no JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadFinding("no JSON object")
    try:
        return _finding(body)
    except (KeyError, TypeError, ValueError, BadRecord) as error:
        raise BadFinding(f"{type(error).__name__}: {error}") from error


def _finding(body: Mapping[str, object]) -> Finding:
    inputs = body["inputs"]
    if not isinstance(inputs, Mapping):
        raise BadFinding("inputs is no object")
    points = inputs["points"]
    if not isinstance(points, list):
        raise BadFinding("inputs.points is no list")
    return Finding(
        id=_id(body["id"]),
        rule=str(body["rule"]),
        version=str(body["version"]),
        vehicle_id=_whole(body["vehicle_id"]),
        outside=body["outside"] is True,
        place_id=_whole(body["place_id"]),
        place_name=str(body["place_name"]),
        place_kind=str(body["place_kind"]),
        place_version=_whole(body["place_version"]),
        happened_at=_moment(body["happened_at"]),
        received_at=_moment(body["received_at"]),
        judged_at=_moment(body["judged_at"]),
        buffer_m=float(str(inputs["buffer_m"])),
        consecutive=_whole(inputs["consecutive"]),
        confirmed_by=str(inputs.get("confirmed_by", "")),
        points=tuple(read_point(point) for point in points),
        correction=_correction(body.get("correction")),
    )


def _correction(value: object) -> Literal["", "added", "withdrawn"]:
    if value in (None, ""):
        return ""
    if value == "added":
        return "added"
    if value == "withdrawn":
        return "withdrawn"
    raise BadFinding(f"correction: must be added or withdrawn, not {value!r}")


def _id(value: object) -> str:
    text = str(value)
    if len(text) != 32 or not set(text) <= set("0123456789abcdef"):
        raise BadFinding(f"id {text[:40]!r} has not 32 hexadecimal digits")
    return text


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadFinding(f"{value!r} is no whole number")
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise BadFinding(f"{value} has no time zone")
    return moment
