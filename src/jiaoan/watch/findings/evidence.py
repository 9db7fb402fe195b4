"""Gathering the evidence of a finding: its record, the track around it, what was known then.

The form is described in :mod:`~.explaining`, which reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.utils.translation import gettext as _

from jiaoan.journal.models import Outgoing
from jiaoan.kernel.clock import at_local, local
from jiaoan.registry import reference
from jiaoan.registry.history import published
from jiaoan.registry.models import Place
from jiaoan.registry.profiles import profile_by_day
from jiaoan.registry.queries import vehicles_on_map
from jiaoan.registry.reference import place_subject, place_value
from jiaoan.rules.driving.book import Book, Profile
from jiaoan.rules.driving.columns import SURROUNDINGS
from jiaoan.rules.driving.findings import Finding as Driving
from jiaoan.rules.driving.findings import NotFinding
from jiaoan.rules.driving.law import ON_ARRIVAL, Rule
from jiaoan.rules.driving.settings import DEFAULTS, Settings
from jiaoan.rules.driving.settle import in_order, window_ms
from jiaoan.rules.fences.grounds import Grounds
from jiaoan.stores.positions import DriverCard, Positions
from jiaoan.stream.backtrack import arrived, cards, sealed
from jiaoan.watch.findings.explaining import COLUMNS, FORM, VERSION, as_json
from jiaoan.watch.models import Finding
from jiaoan.watch.places import atlas
from jiaoan.watch.rules.actions import SUBJECT

_BEFORE: Final = timedelta(days=2)
_PAIR_MS: Final = 3_600_000  # beside the time for which two vehicles were together


class NoEvidence(LookupError):
    """Why the evidence of a finding cannot be put together, as a sentence."""


@dataclass(frozen=True)
class Fresh:
    """What the bus holds and no file does yet."""

    rows: Positions | None = None
    cards: Sequence[DriverCard] = ()


def gather(
    data: Path, finding: Finding, fresh: Fresh | None = None, *, actor: object = None
) -> dict[str, Any]:
    """Everything that the finding rests on. Raises :class:`NoEvidence`.

    ``actor``, who asks, must reach the other vehicle too where two are told of.
    """
    fresh = fresh or Fresh()
    if "finding" in finding.record:
        return _driving(data, finding, fresh, actor)
    return _fence(data, finding, fresh.rows)


def _driving(data: Path, finding: Finding, fresh: Fresh, actor: object) -> dict[str, Any]:
    try:
        begun = Driving.from_json(finding.record["finding"])
        end = finding.end and Driving.from_json(finding.end["finding"])
    except NotFinding as error:
        raise NoEvidence(str(error)) from error
    book, off = figures()
    arrived_ms = round(finding.received_at.timestamp() * 1000)
    moment = arrived_ms if begun.rule in ON_ARRIVAL else begun.start_ms
    profile = _profile(finding, begun.kind, moment)
    known = as_json(profile, book, off)
    if begun.rule in ON_ARRIVAL:
        track = _arrived(data, finding, begun, fresh.rows)
        return {**_head(finding, track), "surroundings": _nothing(track), "place": None, **known}
    first, last = window_ms(begun)
    last = max(last, window_ms(end)[1]) if end else last
    if begun.rule is Rule.TOGETHER:
        first, last = begun.start_ms - _PAIR_MS, begun.end_ms + _PAIR_MS
    track = _track(data, finding.vehicle_id, first, last, fresh.rows)
    places = _places()
    head = _head(finding, track)
    if begun.rule is Rule.TOGETHER:
        other = int(begun.values["other"])
        if actor is None or not vehicles_on_map(actor).filter(pk=other).exists():
            raise NoEvidence(_("The other vehicle's track is not within your reach."))
        there = _track(data, other, first, last, fresh.rows)
        head["other"] = {
            "positions": _rows(there),
            "surroundings": places.around(there, Profile(begun.kind)),
        }
    else:
        head["cards"] = _cards(data, finding.vehicle_id, last, fresh, begun, end)
    return {**head, "surroundings": places.around(track, profile), "place": None,
            **known}  # fmt: skip


def _cards(
    data: Path, vehicle: int, last: int, fresh: Fresh, *told: Driving | dict[str, Any] | None
) -> list[list[int]]:
    found = cards(data / "tracks", vehicle, last, fresh.cards)
    drivers = {each.driver for each in told if isinstance(each, Driving)} - {0}
    if not drivers <= {each.driver for each in found}:
        raise NoEvidence(_("A driver card was part of it, and no file holds it."))
    return [[each.driver, each.time_ms, int(each.qualified)] for each in found]


def _fence(data: Path, finding: Finding, unsealed: Positions | None) -> dict[str, Any]:
    told = finding.record
    began = int(str(told["first_position"]).split("-")[1])
    first = began - round(_BEFORE.total_seconds() * 1000)
    end = finding.end or told
    last = round(datetime.fromisoformat(str(end["happened_at"])).timestamp() * 1000) + 1
    track = _track(data, finding.vehicle_id, first, last, unsealed)
    book, off = figures()
    profile = profile_by_day(finding.vehicle).at(last - 1)
    return {
        **_head(finding, track),
        "surroundings": _nothing(track),
        "place": _place(int(told["place_id"]), int(told["place_version"])),
        **as_json(profile, book, off),
    }


def _head(finding: Finding, track: Positions) -> dict[str, Any]:
    return {
        "form": FORM,
        "version": VERSION,
        "told": finding.record,
        "ended": finding.end,
        "positions": _rows(track),
        "cards": [],
    }


def _rows(track: Positions) -> dict[str, Any]:
    columns = [track[name].tolist() for name in COLUMNS]
    at = COLUMNS.index("terminal")
    columns[at] = [each.decode("ascii", "replace") for each in columns[at]]
    return {
        "columns": list(COLUMNS), "rows": [list(row) for row in zip(*columns, strict=True)],
    }  # fmt: skip


def _nothing(track: Positions) -> list[list[int]]:
    return [[0] * len(SURROUNDINGS.names or ())] * len(track)


def _track(
    data: Path, vehicle: int, first: int, last: int, unsealed: Positions | None
) -> Positions:
    """The reports from ``first`` up to before ``last`` (UTC ms). Raises :class:`NoEvidence`."""
    track = sealed(data / "tracks", vehicle, first, last - 1)
    if unsealed is not None:
        inside = (unsealed["time_ms"] >= first) & (unsealed["time_ms"] < last)
        track = np.concatenate([track, unsealed[inside & (unsealed["vehicle"] == vehicle)]])
    track, _around, _cards = in_order(track)
    if not len(track):
        raise NoEvidence(_("No track of these days is kept, or it is not written yet."))
    return track


def _arrived(data: Path, finding: Finding, told: Driving, unsealed: Positions | None) -> Positions:
    """What came in on the day of receipt, up to the report that was told."""
    day = local(finding.received_at).date()
    first, last = (round(each.timestamp() * 1000) for each in (at_local(day), finding.received_at))
    track = arrived(data / "tracks", finding.vehicle_id, first, last, told.first.time_ms)
    if unsealed is not None:
        inside = (unsealed["received_ms"] >= first) & (unsealed["received_ms"] <= last)
        fresh = unsealed[inside & (unsealed["vehicle"] == finding.vehicle_id)]
        track = np.concatenate([track, fresh])
    if not len(track):
        raise NoEvidence(_("No track of these days is kept, or it is not written yet."))
    return track


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _profile(finding: Finding, kind: str, time_ms: int) -> Profile:
    """The vehicle as it was by the day, of the kind that the finding was made for.

    Where the register says another kind of that moment (it was told before it knew), this kind
    holds with the figures of today.
    """
    known = profile_by_day(finding.vehicle)
    if known.at(time_ms).kind == kind:
        return known
    return replace(known, kind=kind, former=())


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


@dataclass(frozen=True)
class _Places:
    """The places of the register, each in the versions it had."""

    grounds: Grounds

    def around(self, track: Positions, profile: Profile) -> list[list[int]]:
        """What the places of the time say about each report (``columns.SURROUNDINGS``), by time.

        ``track`` is that of one vehicle.
        """
        book = Book({int(vehicle): profile for vehicle in track["vehicle"][:1]})
        return [list(row) for row in self.grounds.around(track, book).tolist()]


def _places() -> _Places:
    return _Places(atlas(value for _subject, value in reference.places(whole=True)).grounds)


def _place(number: int, version: int) -> dict[str, Any]:
    """The place as it was published in that version. Raises :class:`NoEvidence`."""
    now = Place.objects.filter(pk=number).prefetch_related("bound").first()
    if now is not None and now.version == version:
        return dict(place_value(now))
    subject = place_subject(now) if now else f"ref.place.{number}"
    for each in published(subject):
        if each.version == version:
            return dict(each.value)
    raise NoEvidence(
        _("Version %(n)d of the place was not kept; it was changed since.") % {"n": version}
    )
