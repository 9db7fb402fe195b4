"""What a question about tracks says in its address: vehicle, day, area, time; refused in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, QueryDict
from django.utils.translation import gettext as _

from jiaoan.kernel.clock import LOCAL, at_local, local
from jiaoan.portal.asked import clock
from jiaoan.registry.models import Place, Vehicle
from jiaoan.registry.queries import places
from jiaoan.rules.shapes import Outline, OutlineRefused, outline
from jiaoan.tracks.queries import FIRST_DAY, LONGEST, BoxRefused, Store, box_of, vehicle_of


def store() -> Store:
    return Store(settings.DATA_DIR, settings.BUS_URL)


def vehicle(request: HttpRequest, pk: int) -> Vehicle:
    """A vehicle the person may watch; one outside the scope is refused and written down."""
    try:
        return vehicle_of(request.user, pk)
    except Vehicle.DoesNotExist:
        raise Http404 from None


def day(request: HttpRequest) -> tuple[date, str]:
    """``?day=2024-06-05`` and a sentence when it is none; without it, today."""
    today = clock(request).today()
    said = request.GET.get("day", "")
    if not said:
        return today, ""
    try:
        asked = date.fromisoformat(said)
    except ValueError:
        return today, _("The day must be written as 2024-06-05.")
    if not FIRST_DAY <= asked <= today:
        return today, _("That day lies in the future or before any record; here is today.")
    return asked, ""


@dataclass
class RegionAsked:
    """The region question as typed, and as understood where it was."""

    place: str = ""
    box: str = ""
    start: str = ""
    end: str = ""
    area: Outline | None = None
    geometry: dict[str, object] = field(default_factory=dict)
    name: str = ""
    begins: datetime | None = None
    until: datetime | None = None
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """The question again, for the links of its exports."""
        said = QueryDict(mutable=True)
        for name in ("place", "box", "start", "end"):
            said[name] = getattr(self, name)
        return said.urlencode()


def region(request: HttpRequest) -> RegionAsked:
    """``place`` or ``box`` (west,south,east,north), ``start`` and ``end`` (local minutes)."""
    said = request.GET
    asked = RegionAsked(
        said.get("place", "")[:20],
        said.get("box", "")[:100],
        said.get("start", "")[:20],
        said.get("end", "")[:20],
    )
    if not (asked.place or asked.box or asked.start or asked.end):
        now = local(clock(request).now())
        asked.end, asked.start = _typed(now), _typed(now - timedelta(hours=1))
        return asked
    _read_area(request, asked)
    _read_time(asked)
    return asked


def _typed(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"


def _read_area(request: HttpRequest, asked: RegionAsked) -> None:
    try:
        if asked.box:
            asked.geometry, asked.name = box_of(asked.box), _("drawn box")
        elif asked.place.isdecimal():
            asked.geometry, asked.name = _place(request, int(asked.place))
        else:
            asked.errors["place"] = _("Choose a place, or draw a box on the map.")
            return
        asked.area = outline(asked.geometry)
    except BoxRefused as refused:
        asked.errors["place"] = (
            _("The box has no area: west must be below east, south below north.")
            if refused.empty
            else _("A box is four numbers: west, south, east, north, in degrees.")
        )
    except OutlineRefused as refused:
        asked.errors["place"] = str(refused)


def _place(request: HttpRequest, pk: int) -> tuple[dict[str, object], str]:
    """Raises :class:`OutlineRefused` for a place unknown, or one that is a line."""
    found: Place | None = places(request.user, clock(request).today()).filter(pk=pk).first()
    if found is None:
        raise OutlineRefused(_("There is no such place today."))
    ground = found.ground()
    if ground.get("type") not in ("Polygon", "MultiPolygon"):
        raise OutlineRefused(_("This place is a line: nothing can be inside of it."))
    return ground, found.name


def _read_time(asked: RegionAsked) -> None:
    for name in ("start", "end"):
        try:
            moment = datetime.fromisoformat(getattr(asked, name)).replace(tzinfo=LOCAL)
        except ValueError:
            asked.errors[name] = _("The time must be written as 2024-06-05 14:30.")
            continue
        if moment < at_local(FIRST_DAY):
            asked.errors[name] = _("That time lies before any record.")
        elif name == "start":
            asked.begins = moment
        else:
            asked.until = moment
    if asked.begins and asked.until:
        if asked.until <= asked.begins:
            asked.errors["end"] = _("The end must lie behind the beginning.")
        elif asked.until - asked.begins > LONGEST:
            asked.errors["end"] = _("At most %(days)d days at once: ask in parts.") % {
                "days": LONGEST.days
            }
