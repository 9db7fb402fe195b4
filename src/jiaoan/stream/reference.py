"""What the stream knows of terminals, places and rules: reference snapshots from the bus.

``ref.vehicle.ID`` a vehicle (also one that only another platform forwards), ``ref.terminal.PHONE``
the same and its terminal, ``ref.place.ID`` a place, ``ref.rules.driving`` the figures of the
driving rules and which of them are switched off. Of a vehicle the last word holds.

One wrong reference never stops the others: it is logged with its reason, and a vehicle or place
keeps the last form that was right.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Literal, get_args

from jiaoan.rules.driving.book import Book, Former, Profile, Profiles, Service
from jiaoan.rules.driving.law import BY_ID, Rule
from jiaoan.rules.driving.settings import DEFAULTS, Settings
from jiaoan.rules.fences import Fence, Fences, Role, road_of
from jiaoan.rules.hours import Hours
from jiaoan.rules.shapes import Line, Outline, drawn
from jiaoan.stores.bus import Bus, Message
from jiaoan.stream.atlas import Atlas, Past, before_of, since_of
from jiaoan.stream.patience import patient

logger = logging.getLogger("jiaoan.stream")

# Kinds of places in which a hazmat vehicle may stand as long as it likes 停车场、装卸点.
STANDING: Final = frozenset({"park", "plant"})


@dataclass(frozen=True)
class VehicleCard:
    """What a finding says of a vehicle, and what the driving rules need; ``phone`` "" = none known,
    ``registered``: a ``ref.vehicle.*`` names it, so it stays when its terminal goes.
    """

    phone: str
    plate: str
    plate_colour: int
    kind: str
    outside: bool
    profile: Profile = field(default_factory=Profile)
    registered: bool = False


@dataclass(frozen=True)
class PlaceCard:
    """A place as findings name it.

    ``mark`` tells whether it is the same ground for the same vehicles, ``drawn`` whether its
    geometry is.
    """

    name: str
    kind: str
    mark: str
    drawn: str
    fence: Fence


class References:
    """Live tables of vehicles, places and figures.

    ``fences`` is replaced whole when a place changes, and with it ``atlas``, which knows what the
    places were before; :meth:`book` when a figure does, and when vehicles do in what they changed.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._applied = 0
        self._progress = asyncio.Condition()
        self._vehicle_of_phone: dict[str, int] = {}
        self._loaded_to: int | None = None
        self._built = False
        self.vehicles: dict[int, VehicleCard] = {}
        self.places: dict[int, PlaceCard] = {}
        self.fences = Fences([])
        self._since: dict[int, int] = {}
        self._before: dict[int, Past] = {}
        self.atlas = Atlas({}, {}, {}, self.fences, self.place_of)
        self._book = Book(Profiles())
        self._touched: set[int] = set()  # vehicles that the book does not know as they are
        self._lock = threading.Lock()  # settlements ask for the book in threads of their own

    def book(self) -> Book:
        """Who each vehicle is and which figures hold, for the driving rules.

        What was handed out never changes: the next one does, at the cost of what changed.
        """
        if self._touched:
            with self._lock:
                touched, self._touched = self._touched, set()
                self._book = self._book.changed(self._profiles_of(touched))
        return self._book

    def _profiles_of(self, vehicles: Iterable[int]) -> dict[int, Profile | None]:
        """Those that are other ones than the book says."""
        found: dict[int, Profile | None] = {}
        for vehicle in vehicles:
            card, known = self.vehicles.get(vehicle), self._book.profiles.get(vehicle)
            profile = card.profile if card else None
            if profile != known:
                found[vehicle] = profile
        return found

    def know(self, vehicle: int, card: VehicleCard | None) -> None:
        """What is known of a vehicle from now on; ``None`` = nothing."""
        if card is None:
            self.vehicles.pop(vehicle, None)
        else:
            self.vehicles[vehicle] = card
        with self._lock:
            self._touched.add(vehicle)

    def marks(self) -> dict[int, str]:
        """Place → mark of its ground and vehicles."""
        return {place: card.mark for place, card in self.places.items()}

    async def follow(self) -> None:
        """Apply references for ever, from the first one kept."""
        last = await patient(lambda: self._bus.latest("ref.>"))
        self._loaded_to = last.sequence if last else 0
        if not self._loaded_to:
            await self._advance(0)
        async for message in self._bus.read("ref.>", after=0, batch=500):
            changed = self.apply(message)
            # The first load builds the fences once, at its end (whose very message may have been
            # replaced by a newer one meanwhile).
            if message.sequence >= self._loaded_to and (changed or not self._built):
                self.rebuild()
            await self._advance(message.sequence)

    async def _advance(self, sequence: int) -> None:
        async with self._progress:
            self._applied = sequence
            self._progress.notify_all()

    async def loaded(self) -> None:
        """Wait until everything that was kept when :meth:`follow` began is applied."""
        async with self._progress:
            await self._progress.wait_for(
                lambda: self._loaded_to is not None and self._applied >= self._loaded_to
            )

    async def catch_up(self) -> None:
        """Wait, at most a second, for what is on the bus now: a vehicle came that is not known."""
        last = await self._bus.latest("ref.>")
        wanted = last.sequence if last else 0
        try:
            async with asyncio.timeout(1), self._progress:
                await self._progress.wait_for(lambda: self._applied >= wanted)
        except TimeoutError:
            logger.warning("references are behind: %d of %d", self._applied, wanted)

    def rebuild(self) -> None:
        self._built = True
        self.fences = Fences((card.fence for card in self.places.values()), before=self.fences)
        self.atlas = Atlas(
            dict(self.places), dict(self._since), dict(self._before), self.fences, self.place_of
        )

    def apply(self, message: Message) -> bool:
        """Take one reference over; true when places changed."""
        try:
            said = json.loads(message.data)
            kind, name = message.subject.split(".", 2)[1:]
            if kind == "terminal":
                self._terminal(name, said)
            elif kind == "vehicle":
                self._vehicle(int(name), said)
            elif kind == "place":
                return self._place(int(name), message, said)
            elif (kind, name) == ("rules", "driving"):
                self._rules(said)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            logger.error("%s is not used: %s", message.subject, _reason(error))
        return False

    def _rules(self, said: Mapping[str, object]) -> None:
        """Figures and switches of the driving rules, all or none of them."""
        figures: tuple[Settings, ...] = ()
        if not said.get("deleted"):
            figures = tuple(
                _settings(_object(each, "settings")) for each in _list(said, "settings")
            )
        off = frozenset(_rule(each) for each in _list(said, "off"))
        with self._lock:  # figures that do not follow each other are refused here
            self._book = Book(self._book.profiles, figures or DEFAULTS, off=off)

    def _terminal(self, phone: str, said: Mapping[str, object]) -> None:
        vehicle = 0 if said.get("deleted") else _number(said, "vehicle_id")
        card = None if said.get("deleted") else _card(said)
        before = self._vehicle_of_phone.pop(phone, None)
        if before is not None and self.vehicles[before].phone == phone:
            self._forget(before, replace(self.vehicles[before], phone=""))
        if card is not None:
            known = self.vehicles.get(vehicle)
            registered = known is not None and known.registered
            self.know(vehicle, replace(card, phone=phone, registered=registered))
            self._vehicle_of_phone[phone] = vehicle

    def _vehicle(self, vehicle: int, said: Mapping[str, object]) -> None:
        known = self.vehicles.get(vehicle)
        if said.get("deleted"):
            if known is not None:
                self._forget(vehicle, replace(known, registered=False))
        else:
            phone = known.phone if known else ""
            self.know(vehicle, replace(_card(said), phone=phone, registered=True))

    def _forget(self, vehicle: int, card: VehicleCard) -> None:
        """Keep what is left of the card: neither terminal nor register = nothing."""
        self.know(vehicle, card if card.phone or card.registered else None)

    def _place(self, place_id: int, message: Message, said: Mapping[str, object]) -> bool:
        if said.get("deleted"):
            self._since[place_id] = since_of(said, message.stored_at)
            self._before[place_id] = before_of(said)
            return self.places.pop(place_id, None) is not None
        since, before = since_of(said), before_of(said)
        self.places[place_id] = self.place_of(said, self.places.get(place_id))
        self._since[place_id], self._before[place_id] = since, before
        return True

    @staticmethod
    def place_of(said: Mapping[str, object], known: PlaceCard | None = None) -> PlaceCard:
        """A place as it was published (``ref.place.*``); what is wrong in it is a ``ValueError``.

        Where ``known`` has the same geometry it is taken from there: the grid keeps what it has.
        """
        place_id = _number(said, "place_id")
        buffer_m = float(str(said["buffer_m"]))
        consecutive = _number(said, "consecutive")
        if buffer_m < 0 or consecutive < 1:
            raise ValueError("buffer_m: must not be negative; consecutive: must be 1 or more")
        ground = {name: said.get(name) for name in ("shape", "geometry", "size_m")}
        form = _mark(ground)
        fence = Fence(
            place_id=place_id,
            version=_number(said, "version"),
            outline=_outline(form, ground, known),
            buffer_m=buffer_m,
            consecutive=consecutive,
            dwell_s=None if said.get("dwell_s") is None else _number(said, "dwell_s"),
            vehicle_kinds=frozenset(map(str, _list(said, "vehicle_kinds"))),
            valid_from=_day(said.get("valid_from")),
            valid_to=_day(said.get("valid_to")),
            role=Role(str(said.get("role") or Role.AREA)),
            hours=tuple(Hours.parse(_object(one)) for one in _list(said, "hours")),
            bound=frozenset(int(str(one)) for one in _list(said, "bound")),
            direction=_direction(said.get("direction")),
            limits_kmh={
                kind: float(str(limit))
                for kind, limit in _object(said.get("limits_kmh") or {}).items()
            },
            may_stand=str(said["kind"]) in STANDING,
            law=str(said.get("law") or ""),
            road=road_of(said),
        )
        mark = _mark([ground, sorted(fence.vehicle_kinds), sorted(fence.bound)])
        return PlaceCard(str(said["name"]), str(said["kind"]), mark, form, fence)


def _outline(form: str, ground: Mapping[str, object], known: PlaceCard | None) -> Outline | Line:
    if known is not None and known.drawn == form:
        return known.fence.outline
    size = ground["size_m"]
    return drawn(
        str(ground["shape"] or "polygon"),
        _object(ground["geometry"], "geometry"),
        None if size is None else float(str(size)),
    )


def _settings(said: Mapping[str, object]) -> Settings:
    """Figures from a day on: what is not said is the default."""
    known = Settings.__dataclass_fields__
    if unknown := said.keys() - known.keys():
        raise ValueError(f"settings: no figure is called {', '.join(sorted(unknown))}")
    figures = {name: _number(said, name) for name in said if name != "valid_from"}
    try:
        first = date.fromisoformat(str(said["valid_from"]))
    except ValueError:
        raise ValueError(
            f"settings: valid_from must be a day, not {said['valid_from']!r}"
        ) from None
    return Settings(valid_from=first, **figures)


def _rule(value: object) -> Rule:
    rule = BY_ID.get(str(value))
    if rule is None:
        raise ValueError(f"off: no driving rule is called {value!r}")
    return rule


def _card(said: Mapping[str, object]) -> VehicleCard:
    """A vehicle as ``ref.vehicle.*`` and ``ref.terminal.*`` say it; older ones have no profile."""
    profile = dated_profile(said)
    return VehicleCard(
        phone="",
        plate=str(said["plate"]),
        plate_colour=_number(said, "plate_colour"),
        kind=profile.kind,
        outside=bool(said.get("outside")),
        profile=profile,
    )


def dated_profile(said: Mapping[str, object]) -> Profile:
    """What a vehicle is, and what it was before (``since``, ``before``: the latest first).

    A profile before that is wrong is logged and left out: the one before it holds on. So is one
    that held for no moment, because the clock of the register was set back.
    """
    former: list[Former] = []
    until = since_of(said)
    for each in _list(said, "before"):
        try:
            earlier = _object(each, "before")
            since, profile = since_of(earlier), _profile(earlier)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            logger.error("a profile of a vehicle before is not used: %s", _reason(error))
            continue
        if since < until:
            former.append(Former(until, profile))
            until = since
    return replace(_profile(said), former=tuple(reversed(former)))


def _profile(said: Mapping[str, object]) -> Profile:
    kind = str(said.get("vehicle_kind") or "")
    return profile_of(kind, _object(said.get("profile") or {}, "profile"))


def profile_of(kind: str, said: Mapping[str, object]) -> Profile:
    """What is known of a vehicle beyond its kind; ``{}`` = nothing."""
    service = str(said.get("service") or "")
    if service not in get_args(Service):
        raise ValueError(f"profile.service: {service!r} is no service")
    return Profile(
        kind=kind,
        limit=_figure(said, "limit", 0),
        terminal_limit=_figure(said, "terminal_limit", 0),
        service=service,  # type: ignore[arg-type]  # one of them, as was just asked
        one_way_km=None if said.get("one_way_km") is None else _number(said, "one_way_km"),
        school_hours=tuple(_period(each) for each in _list(said, "school_hours")),
        school_days=_figure(said, "school_days", Profile.school_days),
    )


def _figure(said: Mapping[str, object], name: str, default: int) -> int:
    return default if said.get(name) is None else _number(said, name)


def _period(value: object) -> tuple[int, int]:
    match value:
        case [int(begin), int(end)]:
            return begin, end
    raise ValueError(f"profile.school_hours: must be two minutes of day, not {value!r}")


def _mark(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


def _object(value: object, name: str = "hours") -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name}: must be an object")
    return value


def _list(said: Mapping[str, object], name: str) -> list[object]:
    value = said.get(name) or []
    if not isinstance(value, list):
        raise ValueError(f"{name}: must be a list")
    return value


def _direction(value: object) -> Literal["", "right", "left"]:
    if value == "right":
        return "right"
    return "left" if value == "left" else ""


def _reason(error: Exception) -> str:
    return f"field {error} is missing" if isinstance(error, KeyError) else str(error)


def _number(said: Mapping[str, object], name: str) -> int:
    value = said[name]
    if not isinstance(value, int):
        raise ValueError(f"{name}: must be a whole number, not {value!r}")
    return value


def _day(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
