"""What a terminal was told and has confirmed: the areas that it holds from here 已下发区域."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jiaoan.registry.models import Place, Vehicle
from jiaoan.registry.queries import places
from jiaoan.watch.commands import queries
from jiaoan.watch.commands.kinds import AreaShape, CommandKind
from jiaoan.watch.commands.states import CommandState
from jiaoan.watch.models import Command

_UNDONE = (CommandState.REFUSED, CommandState.FAILED, CommandState.EXPIRED)
"""Orders that changed nothing in the terminal, as far as anybody knows."""


@dataclass(frozen=True)
class Told:
    """One area that the terminal holds, or may hold.

    ``confirmed`` is the order that the terminal confirmed last and that holds; ``pending`` a newer
    one of which nobody knows whether it does. ``place`` is ``None`` where it holds no longer.
    """

    shape: AreaShape
    number: int
    confirmed: Command | None
    pending: Command | None
    place: Place | None = None

    @property
    def last(self) -> Command:
        order = self.pending or self.confirmed
        assert order is not None, "an area is held because of an order"
        return order

    @property
    def name(self) -> str:
        """As the terminal has it."""
        return str((self.confirmed or self.last).arguments["name"])

    @property
    def changed(self) -> bool:
        """The place is another than the one that was sent."""
        order = self.confirmed or self.last
        if self.place is None:
            return False
        return order.kind == CommandKind.SET_AREA and (
            self.place.version != order.arguments["version"]
        )


def areas(actor: object, vehicle: Vehicle, phone: str, day: date) -> list[Told]:
    """All areas that the terminal with this phone holds or may hold, the oldest first; with their
    places, where they hold on ``day``."""
    orders = queries.of_vehicle(actor, vehicle).filter(
        terminal=phone, kind__in=(CommandKind.SET_AREA, CommandKind.DELETE_AREA)
    )
    held: dict[tuple[str, int], list[Command]] = {}
    for order in orders.exclude(state__in=_UNDONE).order_by("id"):
        name = (str(order.arguments["shape"]), int(order.arguments["id"]))
        held.setdefault(name, []).append(order)
    wanted = places(actor, day).filter(pk__in=[number for _shape, number in held])
    known = {place.pk: place for place in wanted}
    found = []
    for (shape, number), said in held.items():
        confirmed, pending = _state(said)
        if confirmed or pending:
            place = known.get(number)
            found.append(Told(AreaShape(shape), number, confirmed, pending, place))
    return found


def _state(orders: list[Command]) -> tuple[Command | None, Command | None]:
    confirmed = pending = None
    for order in orders:
        if order.status is not CommandState.ANSWERED:
            pending = order
        elif order.kind == CommandKind.SET_AREA:
            confirmed, pending = order, None
        else:
            confirmed = pending = None
    return confirmed, pending


def last_answers(actor: object, vehicle: Vehicle, phone: str) -> list[Command]:
    """The newest answer to a question for each shape."""
    found: dict[str, Command] = {}
    asked = queries.of_vehicle(actor, vehicle).filter(
        terminal=phone, kind=CommandKind.ASK_AREAS, state=CommandState.ANSWERED
    )
    for one in asked[:50]:
        found.setdefault(str(one.arguments["shape"]), one)
    return [found[shape] for shape in AreaShape.values if shape in found]
