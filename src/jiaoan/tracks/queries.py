"""Every read of tracks: a vehicle's day, a region in a time, within what scope allows.

Files know nothing of scope, so each question begins with the vehicles that :func:`restrict` lets
the person watch, and asks the files for those alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from django.conf import settings
from django.db.models import QuerySet

from jiaoan.kernel.clock import Clock, at_local, local
from jiaoan.registry.models import PlaceKind, Vehicle
from jiaoan.registry.profiles import profile_by_day
from jiaoan.registry.queries import vehicles_on_map
from jiaoan.registry.reference import places
from jiaoan.rules.driving.book import Book
from jiaoan.rules.driving.law import BY_ID
from jiaoan.rules.driving.settings import Settings
from jiaoan.rules.shapes import Outline
from jiaoan.scope import Refused, reach
from jiaoan.stores import region, tracks, unsealed
from jiaoan.stores.region import Passage, Stay
from jiaoan.stores.tracks import Columns
from jiaoan.stores.unsealed import Missing
from jiaoan.stream.atlas import Atlas
from jiaoan.tracks.driven import BEFORE, Driven, driven
from jiaoan.tracks.reading import Reading, read
from jiaoan.watch.places import atlas
from jiaoan.watch.rules.queries import standing
from jiaoan.watch.rules.standing import Standing

VERB: Final = "map.view"
FIRST_DAY: Final = date(2000, 1, 1)
"""Nothing is asked before it: no terminal of these protocols is older."""
LONGEST: Final = timedelta(days=7)
"""Of a region in a time: a longer question is asked in parts."""


@dataclass(frozen=True)
class Store:
    """Where tracks are: the data directory, and the bus that holds the last half minute."""

    data: Path
    bus: str


@dataclass(frozen=True)
class Day:
    """One local day of a vehicle, up to now. ``track``: all that it said, as stored."""

    vehicle: Vehicle
    day: date
    start: datetime
    end: datetime
    figures: Settings
    track: Columns
    reading: Reading
    driven: Sequence[Driven]
    missing: Missing


def vehicle_of(actor: object, pk: int) -> Vehicle:
    """A vehicle the actor may watch; ``DoesNotExist`` or :class:`Refused` otherwise."""
    found = vehicles_on_map(actor).select_related("enterprise__organisation")
    vehicle = found.filter(pk=pk).first()
    if vehicle is None:
        raise Refused(actor, VERB, Vehicle.objects.get(pk=pk))
    return vehicle


def day_of(store: Store, vehicle: Vehicle, day: date, clock: Clock) -> Day:
    """The day's track with what it says; ``vehicle`` is one that :func:`vehicle_of` answered."""
    start = at_local(day)
    end = max(start, min(start + timedelta(days=1), clock.now()))
    fresh = unsealed.ask(store.bus, store.data / "tracks", vehicle.pk)
    said = tracks.said(store.data, vehicle.pk, start - BEFORE, end, fresh.rows)
    good = region.placed(said) & tracks.true_times(said)
    usable = {name: each[good] for name, each in said.items()}
    held = standing()
    stretches = driven(usable, book_of(vehicle, held), limiting().grounds, start, end)
    moments = np.where(tracks.true_times(said), said["time_ms"], said["received_ms"])
    today = moments.astype(np.int64) >= tracks.in_ms(start)
    track = {name: each[today] for name, each in said.items()}
    figures = held.on(day)
    reading = read(track, figures, start, end)
    return Day(vehicle, day, start, end, figures, track, reading, stretches, fresh.missing)


def book_of(vehicle: Vehicle, held: Standing) -> Book:
    """What the stream judges the vehicle by, at any moment."""
    off = frozenset(BY_ID[name] for name in held.off)
    return Book({vehicle.pk: profile_by_day(vehicle)}, held.settings(), off=off)


def limiting() -> Atlas:
    """The road sections and places that limit speed, or once did: rules know no scope."""
    return atlas(value for _subject, value in places(whole=True) if _limits(value))


def _limits(value: Mapping[str, object]) -> bool:
    before = value.get("before")
    return bool(
        value.get("kind") == PlaceKind.ROAD
        or value.get("limits_kmh")
        or (isinstance(before, list) and any(map(_limits, before)))
    )


@dataclass(frozen=True)
class Visit:
    """A stay with the vehicle it is of."""

    vehicle: Vehicle
    stay: Stay


@dataclass(frozen=True)
class Passing:
    """A way through the area that no report inside tells, with the vehicle it is of."""

    vehicle: Vehicle
    passage: Passage


@dataclass(frozen=True)
class Region:
    """Who was in the area by its reports, and who only by inference 推断经过; ``missing`` says
    whether the newest reports are in.
    """

    visits: Sequence[Visit]
    passings: Sequence[Passing]
    close: timedelta
    missing: Missing

    @property
    def vehicles(self) -> int:
        return len({visit.vehicle.pk for visit in self.visits})


class TooLong(ValueError):
    """A question about more time than :data:`LONGEST`, or about none."""


class BoxRefused(ValueError):
    """A text that is no box; ``empty``: four numbers, but without an area."""

    def __init__(self, *, empty: bool) -> None:
        self.empty = empty
        said = "west must be below east, south below north" if empty else "west,south,east,north"
        super().__init__(f"a box is four numbers in degrees: {said}")


def box_of(text: str) -> dict[str, object]:
    """GeoJSON of ``west,south,east,north`` in degrees. Raises :class:`BoxRefused`."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise BoxRefused(empty=False) from None
    if not (west < east and south < north):
        raise BoxRefused(empty=True)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def region_of(
    store: Store, actor: object, area: Outline, start: datetime, end: datetime, clock: Clock
) -> Region:
    """The stays and inferred ways of the vehicles that ``actor`` may watch, by time.

    Raises :class:`TooLong`.
    """
    if not timedelta(0) < end - start <= LONGEST:
        raise TooLong
    mine = vehicles_on_map(actor)
    everything = reach(actor, VERB).everything
    allowed = None if everything else frozenset(mine.values_list("pk", flat=True))
    fresh = unsealed.ask(store.bus, store.data / "tracks")
    silence = timedelta(seconds=standing().on(local(start).date()).gap_s)
    close = timedelta(seconds=settings.TRACKS_CLOSE_S)
    found = region.seen(
        store.data, area, start, end, vehicles=allowed, now=clock.now(), unsealed=fresh.rows,
        silence=silence, close=close,
    )  # fmt: skip
    wanted = {stay.vehicle for stay in found.stays} | {way.vehicle for way in found.passages}
    known = _named(mine, wanted)
    visits = [Visit(known[stay.vehicle], stay) for stay in found.stays if stay.vehicle in known]
    visits.sort(key=lambda visit: (visit.stay.first, visit.vehicle.pk))
    passings = [Passing(known[way.vehicle], way) for way in found.passages if way.vehicle in known]
    passings.sort(key=lambda passing: (passing.passage.before, passing.vehicle.pk))
    return Region(visits, passings, close, fresh.missing)


def _named(mine: QuerySet[Vehicle], wanted: Collection[int]) -> Mapping[int, Vehicle]:
    """Vehicles by number, in parts: a database takes only so many numbers in one question."""
    numbers, found = sorted(wanted), dict[int, Vehicle]()
    for at in range(0, len(numbers), 500):
        some = mine.filter(pk__in=numbers[at : at + 500])
        found |= {each.pk: each for each in some.select_related("enterprise__organisation")}
    return found
