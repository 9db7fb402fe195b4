"""Who may open what: one table a room, walked by ``test_matrix.py``.

Add a module ``matrix/<room>.py`` with ``ROWS``: one :class:`Row` for each address **and** method.
A row says who is let in; the walk tries the anonymous, a person without any role, every role that
is named, and people of the same role elsewhere. A method that no row declares must answer 405, so
a write nobody thought of is found. Objects are made by ``kwargs`` and ``data`` in a :class:`World`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from jiaoan.kernel.clock import FixedClock
from jiaoan.org.actions import add_organisation, add_person
from jiaoan.org.models import Organisation, OrganisationKind, User
from jiaoan.registry.models import Enterprise, Vehicle, VehicleKind
from jiaoan.scope import SystemActor

PASSWORD = "Zx9-quiet"
_SETTER = SystemActor("matrix", frozenset({"org.manage", "registry.manage"}))
_HOMES = {
    "safety_clerk": "section",
    "section_head": "section",
    "leader": "bureau",
    "administrator": "bureau",
    "enterprise": "firm",
    "outside_carrier": "carrier",
}


class World:
    """A bureau with two sections, two firms and two outside carriers, made as far as asked for.

    ``home`` organisations own the objects under test, ``elsewhere`` ones must not reach them.
    """

    def __init__(self) -> None:
        self.clock = FixedClock(datetime(2024, 6, 5, 6, 20, tzinfo=UTC))
        self._places: dict[str, Organisation] = {}
        self._people: dict[tuple[str, str], User] = {}

    def place(self, name: str) -> Organisation:
        """``bureau``, ``section``, ``firm``, ``carrier``, or one of them with ``other_``."""
        if name not in self._places:
            kinds = {
                "bureau": OrganisationKind.BUREAU,
                "section": OrganisationKind.SECTION,
                "firm": OrganisationKind.ENTERPRISE,
                "carrier": OrganisationKind.OUTSIDE_CARRIER,
            }
            plain = name.removeprefix("other_")
            parent = None if name == "bureau" else self.place("bureau")
            self._places[name] = add_organisation(
                _SETTER, self.clock, name=name, kind=kinds[plain], parent=parent
            )
        return self._places[name]

    def person(self, role: str, *, elsewhere: bool = False) -> User:
        """Somebody with ``role`` at home, or at the other organisation of the same kind."""
        home = _HOMES[role]
        at = f"other_{home}" if elsewhere and home != "bureau" else home
        if (role, at) not in self._people:
            self._people[role, at] = add_person(
                _SETTER,
                self.clock,
                username=f"{role}_{at}",
                password=PASSWORD,
                display_name=role,
                organisation=self.place(at),
                role=role,
            )
        return self._people[role, at]

    def nobody(self) -> User:
        """A person who can log in and holds no role."""
        user, _made = User.objects.get_or_create(username="nobody")
        return user

    def enterprise(self, place: str = "firm") -> Enterprise:
        organisation = self.place(place)
        firm, _made = Enterprise.objects.get_or_create(
            organisation=organisation,
            defaults={"credit_code": f"9143060000000{organisation.pk:05d}", "hazmat": True},
        )
        return firm

    def vehicle(self, plate: str = "湘F32718", place: str = "firm") -> Vehicle:
        found, _made = Vehicle.objects.get_or_create(
            plate=plate,
            plate_colour=2,
            defaults={"kind": VehicleKind.HAZMAT, "enterprise": self.enterprise(place)},
        )
        return found


Kwargs = Callable[[World], Mapping[str, object]]


def nothing(_world: World) -> Mapping[str, object]:
    return {}


@dataclass(frozen=True)
class Row:
    """One address and method. Statuses are exact; a refusal of a write may leave no trace.

    ``name``       name of the address (with its namespace)
    ``allowed``    roles (at home) that get ``status``
    ``denied``     roles that get 403 although they hold other verbs
    ``elsewhere``  roles that, at the other organisation, get ``elsewhere_status``
    ``public``     the anonymous get ``status`` too
    """

    name: str
    method: str = "GET"
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    status: int = 200
    elsewhere_status: int = 403
    nobody_status: int = 403
    public: bool = False
    kwargs: Kwargs = nothing
    data: Kwargs = nothing
    query: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.name}"


def all_rows() -> list[Row]:
    """The rows of every module of this folder."""
    rows: list[Row] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda one: one.name):
        found: Iterable[Row] = importlib.import_module(f"{__name__}.{module.name}").ROWS
        rows.extend(found)
    return rows
