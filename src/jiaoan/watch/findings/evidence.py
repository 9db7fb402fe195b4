"""Gathering the evidence of a finding: its record, the track around it, what was known then.

The form is described in :mod:`~.explaining`, which reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.utils.translation import gettext as _

from jiaoan.journal.models import Outgoing
from jiaoan.registry.models import Place, Terminal
from jiaoan.registry.reference import place_subject, place_value, terminal_value
from jiaoan.rules import fences
from jiaoan.rules.driving.book import Book, Profile
from jiaoan.rules.driving.findings import Finding as Driving
from jiaoan.rules.driving.findings import NotFinding
from jiaoan.rules.driving.law import Rule
from jiaoan.rules.driving.settings import DEFAULTS, Settings
from jiaoan.rules.driving.settle import window_ms
from jiaoan.rules.fences.surroundings import surroundings
from jiaoan.stores import tracks
from jiaoan.stores.positions import Positions, empty
from jiaoan.stream.reference import STANDING
from jiaoan.watch.findings.explaining import COLUMNS, FORM, VERSION, as_json, fence_of
from jiaoan.watch.models import Finding
from jiaoan.watch.rules.actions import SUBJECT

_BEFORE: Final = timedelta(days=2)


class NoEvidence(LookupError):
    """Why the evidence of a finding cannot be put together, as a sentence."""


def gather(data: Path, finding: Finding, unsealed: Positions | None = None) -> dict[str, Any]:
    """Everything that the finding rests on. ``unsealed`` are reports that no track holds yet.

    Raises :class:`NoEvidence`.
    """
    if "finding" in finding.record:
        return _driving(data, finding, unsealed)
    return _fence(data, finding, unsealed)


def _driving(data: Path, finding: Finding, unsealed: Positions | None) -> dict[str, Any]:
    try:
        begun = Driving.from_json(finding.record["finding"])
        end = finding.end and Driving.from_json(finding.end["finding"])
    except NotFinding as error:
        raise NoEvidence(str(error)) from error
    if begun.rule is Rule.TOGETHER:
        raise NoEvidence(_("A pair of vehicles is not recomputed from the track of one."))
    if begun.rule is Rule.CLONED:
        raise NoEvidence(_("Tracks name no terminals, which this rule compares."))
    if begun.driver or (end and end.driver):
        raise NoEvidence(_("A driver card was part of it, and cards are not kept with the track."))
    if begun.first.time_ms <= 0:
        raise NoEvidence(_("The report had no usable time and stands in no track."))
    first, last = window_ms(begun)
    last = max(last, window_ms(end)[1]) if end else last
    track = _track(data, finding.vehicle_id, first, last, unsealed)
    book, off = figures()
    return {
        **_head(finding, track),
        "surroundings": around_of(track, finding.vehicle.kind),
        "place": None,
        **as_json(_profile(finding, begun.kind), book, off),
    }


def _fence(data: Path, finding: Finding, unsealed: Positions | None) -> dict[str, Any]:
    told = finding.record
    began = int(str(told["first_position"]).split("-")[1])
    first = began - round(_BEFORE.total_seconds() * 1000)
    last = round(finding.happened_at.timestamp() * 1000) + 1
    track = _track(data, finding.vehicle_id, first, last, unsealed)
    book, off = figures()
    return {
        **_head(finding, track),
        "surroundings": [[0, 0, 0]] * len(track),
        "place": _place(int(told["place_id"]), int(told["place_version"])),
        **as_json(_profile(finding, finding.vehicle.kind), book, off),
    }


def _head(finding: Finding, track: Positions) -> dict[str, Any]:
    columns = [track[name].tolist() for name in COLUMNS]
    return {
        "form": FORM,
        "version": VERSION,
        "told": finding.record,
        "ended": finding.end,
        "positions": {
            "columns": list(COLUMNS),
            "rows": [list(row) for row in zip(*columns, strict=True)],
        },
        "cards": [],
    }


def _track(
    data: Path, vehicle: int, first: int, last: int, unsealed: Positions | None
) -> Positions:
    """The reports from ``first`` up to before ``last`` (UTC ms). Raises :class:`NoEvidence`."""
    found = tracks.columns(data, vehicle, _moment(first), _moment(last))
    track = empty(len(found["time_ms"]))
    track["vehicle"] = vehicle
    for name in COLUMNS:
        track[name] = found[name]
    if unsealed is not None:
        inside = (unsealed["time_ms"] >= first) & (unsealed["time_ms"] < last)
        track = np.concatenate([track, unsealed[inside & (unsealed["vehicle"] == vehicle)]])
    if not len(track):
        raise NoEvidence(_("No track of these days is kept, or it is not written yet."))
    return track


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _profile(finding: Finding, kind: str) -> Profile:
    """The vehicle as its reference says it, of the kind that the finding was made for."""
    terminal = Terminal.objects.filter(vehicle=finding.vehicle_id).select_related(
        "vehicle__enterprise__organisation"
    ).last()  # fmt: skip
    said = terminal_value(terminal).get("profile") if terminal else None
    known = dict(said) if isinstance(said, dict) else {}
    known["school_hours"] = tuple(tuple(one) for one in known.get("school_hours") or ())
    return Profile(kind=kind, **known)


def figures() -> tuple[Book, frozenset[str]]:
    """The figures and switches that were published last; the shipped ones where none were."""
    last = Outgoing.objects.filter(topic=SUBJECT).last()
    said: dict[str, Any] = last.payload if last else {}
    settings = [
        Settings(**{**one, "valid_from": _moment_day(one["valid_from"])})
        for one in said.get("settings", [])
    ]
    return Book({}, settings or DEFAULTS), frozenset(said.get("off", []))


def _moment_day(text: str) -> Any:
    return datetime.fromisoformat(text).date()


def around_of(track: Positions, kind: str) -> list[list[int]]:
    """What the places of today say about each report (``rules.driving.columns.SURROUNDINGS``)."""
    places = fences.Fences(fence_of(place_value(place)) for place in _areas())
    found = fences.look_up(places, track)
    around = surroundings(places, found, track, lambda _vehicle: kind)
    return [list(row) for row in around.tolist()]


def _areas() -> Sequence[Place]:
    """Places that say something about positions in them."""
    return [
        place
        for place in Place.objects.prefetch_related("bound")
        if place.shape != "line" and (place.limits_kmh or place.kind in STANDING)
    ]


def _place(number: int, version: int) -> dict[str, Any]:
    """The place as it was published in that version. Raises :class:`NoEvidence`."""
    now = Place.objects.filter(pk=number).prefetch_related("bound").first()
    if now is not None and now.version == version:
        return dict(place_value(now))
    subject = place_subject(now) if now else f"ref.place.{number}"
    for row in Outgoing.objects.filter(topic=subject).order_by("-id")[:200]:
        if row.payload.get("version") == version:
            return dict(row.payload)
    raise NoEvidence(
        _("Version %(n)d of the place was not kept; it was changed since.") % {"n": version}
    )
