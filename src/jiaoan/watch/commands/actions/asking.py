"""Asking for a command: the row, its fact, and the message that carries it down."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import User
from jiaoan.registry.models import Place, Terminal, Vehicle
from jiaoan.registry.queries import places
from jiaoan.scope import Actor, require
from jiaoan.watch.commands import areas, figures, policies, queries, told
from jiaoan.watch.commands.kinds import AreaAlarm, AreaShape, CommandKind
from jiaoan.watch.models import Alarm, Command

_IDENTIFICATION = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[0-9a-f]{32}")
_ABOUT: Final[Mapping[CommandKind, tuple[str, ...]]] = {
    CommandKind.FETCH_MEDIUM: ("medium",),
    CommandKind.SET_AREA: ("id",),
    CommandKind.DELETE_AREA: ("shape", "id"),
    CommandKind.ASK_AREAS: ("shape",),
}
"""Arguments that tell apart orders of one kind from one page."""
_ADD, _CHANGE = 1, 2


def send_text(
    actor: Actor,
    clock: Clock,
    vehicle: Vehicle,
    *,
    text: str,
    urgent: bool = False,
    alarm: Alarm | None = None,
    key: str = "",
) -> Command:
    """下发文字: shown and spoken in the cab. Raises ``FieldErrors`` (``text``) and ``Blocked``."""
    if problem := policies.problem_of_text(text):
        raise FieldErrors({"text": problem})
    arguments: dict[str, Json] = {
        "text": text.strip(),
        "urgent": urgent,
        "show": True,
        "speak": True,
    }
    return _ask(actor, clock, vehicle, CommandKind.TEXT, arguments, alarm=alarm, key=key)


def locate(actor: Actor, clock: Clock, vehicle: Vehicle, *, key: str = "") -> Command:
    """点名: the terminal says at once where it is."""
    return _ask(actor, clock, vehicle, CommandKind.LOCATE, {}, key=key)


def read_parameters(
    actor: Actor, clock: Clock, vehicle: Vehicle, *, numbers: Sequence[int] = (), key: str = ""
) -> Command:
    """查询终端参数; without numbers all of them."""
    return _ask(actor, clock, vehicle, CommandKind.READ, {"ids": list(numbers)}, key=key)


def set_parameters(
    actor: Actor, clock: Clock, vehicle: Vehicle, *, typed: Mapping[str, str], key: str = ""
) -> Command:
    """设置终端参数: only those of ``kinds.PARAMETERS``. Raises :class:`FieldErrors` by number."""
    parameters: dict[str, Json] = {**policies.checked_parameters(typed)}
    return _ask(actor, clock, vehicle, CommandKind.SET, {"parameters": parameters}, key=key)


def fetch_attachments(
    actor: Actor,
    clock: Clock,
    vehicle: Vehicle,
    *,
    identification: str,
    alarm: Alarm | None = None,
    key: str = "",
) -> Command:
    """报警附件上传: ``identification`` are the 16 octets of the terminal's alarm in hexadecimal."""
    if not _IDENTIFICATION.fullmatch(identification):
        raise FieldErrors({"identification": _("Write the 32 hexadecimal digits of the alarm.")})
    arguments: dict[str, Json] = {"alarm": identification}
    return _ask(actor, clock, vehicle, CommandKind.ATTACHMENT, arguments, alarm=alarm, key=key)


def take_pictures(
    actor: Actor,
    clock: Clock,
    vehicle: Vehicle,
    *,
    channel: str | int,
    count: str | int = 1,
    alarm: Alarm | None = None,
    key: str = "",
) -> Command:
    """立即拍摄: pictures of one camera, sent up at once. Raises :class:`FieldErrors` (``channel``,
    ``count``)."""
    arguments: dict[str, Json] = {**policies.checked_photo(str(channel), str(count))}
    return _ask(actor, clock, vehicle, CommandKind.PHOTO, arguments, alarm=alarm, key=key)


def search_media(
    actor: Actor, clock: Clock, vehicle: Vehicle, *, wanted: policies.StoredMedia, key: str = ""
) -> Command:
    """存储多媒体检索: which media the terminal has in its memory. Raises :class:`FieldErrors`."""
    arguments = policies.checked_media(wanted, clock.now())
    return _ask(actor, clock, vehicle, CommandKind.SEARCH, arguments, key=key)


def fetch_media(
    actor: Actor, clock: Clock, vehicle: Vehicle, *, wanted: policies.StoredMedia, key: str = ""
) -> Command:
    """存储多媒体上传: all media of its memory that fit are sent up. Raises :class:`FieldErrors`."""
    arguments = policies.checked_media(wanted, clock.now())
    return _ask(actor, clock, vehicle, CommandKind.FETCH_MEDIA, arguments, key=key)


def fetch_medium(
    actor: Actor, clock: Clock, vehicle: Vehicle, *, medium: str, key: str = ""
) -> Command:
    """单条存储多媒体上传: the medium of this number, as a search has told it. Raises
    :class:`FieldErrors` (``medium``)."""
    if not re.fullmatch(r"[0-9]{1,10}", medium) or int(medium) > 0xFFFFFFFF:
        raise FieldErrors({"medium": _("Search first: media are fetched by their number.")})
    arguments: dict[str, Json] = {"medium": int(medium)}
    return _ask(actor, clock, vehicle, CommandKind.FETCH_MEDIUM, arguments, key=key)


def track(
    actor: Actor, clock: Clock, vehicle: Vehicle, *, interval: str, minutes: str, key: str = ""
) -> Command:
    """临时跟踪: report every ``interval`` seconds for so many ``minutes``, then as before. Raises
    :class:`FieldErrors` (``interval``, ``minutes``)."""
    arguments = policies.checked_track(interval, minutes)
    return _ask(actor, clock, vehicle, CommandKind.TRACK, arguments, key=key)


def untrack(actor: Actor, clock: Clock, vehicle: Vehicle, *, key: str = "") -> Command:
    """停止跟踪: back to its own rhythm at once."""
    return _ask(actor, clock, vehicle, CommandKind.UNTRACK, {}, key=key)


def set_area(
    actor: Actor, clock: Clock, vehicle: Vehicle, *, wanted: policies.WantedArea, key: str = ""
) -> Command:
    """区域、路线下发: a place of the bureau, as its terminal can hold it. Raises
    :class:`FieldErrors` (``place``, ``alarm``, ``night``) for what does not fit."""
    require(actor, "command.send", vehicle)
    terminal = _terminal(clock, vehicle)
    place = _place(actor, clock, wanted.place)
    try:
        area = areas.area_of(place, vehicle, clock.today())
    except areas.DoesNotFit as wrong:
        raise FieldErrors({"place": wrong.sentence}) from wrong
    if wanted.alarm not in ("", *AreaAlarm.values):
        raise FieldErrors({"alarm": _("Choose one of the list.")})
    alarm = AreaAlarm(wanted.alarm) if wanted.alarm else areas.usual_alarm(place)
    if alarm is AreaAlarm.NONE and area.limit_kmh is None:
        raise FieldErrors(
            {"alarm": _("The place has no limit of speed for this vehicle: choose an alarm.")}
        )
    held = [
        one
        for one in told.areas(actor, vehicle, terminal.phone, clock.today())
        if one.number == place.pk
    ]
    if any(one.shape is not area.shape for one in held):
        raise FieldErrors(
            {"place": _("The terminal holds it in its former shape: take that away first.")}
        )
    speed: Json = None
    if area.limit_kmh is not None:
        speed = {
            "limit_kmh": area.limit_kmh,
            "seconds": figures.AREAS.overspeed_s,
            "night_kmh": policies.checked_night(wanted.night, area.limit_kmh),
        }
    elif wanted.night:
        policies.checked_night(wanted.night, None)
    arguments: dict[str, Json] = area.arguments() | {
        "id": place.pk,
        "version": place.version,
        "name": place.name,
        "setting": _CHANGE if any(one.confirmed for one in held) else _ADD,
        "alarms": [*alarm.told],
        "to_driver": wanted.to_driver,
        "speed": speed,
    }
    return _ask(actor, clock, vehicle, CommandKind.SET_AREA, arguments, key=key)


def delete_area(
    actor: Actor, clock: Clock, vehicle: Vehicle, *, shape: str, number: str, key: str = ""
) -> Command:
    """删除区域、路线: only one that was sent from here; others may be the carrier's own. Raises
    :class:`FieldErrors` (``area``)."""
    require(actor, "command.send", vehicle)
    terminal = _terminal(clock, vehicle)
    for one in told.areas(actor, vehicle, terminal.phone, clock.today()):
        if (one.shape.value, str(one.number)) == (shape, number):
            arguments: dict[str, Json] = {
                "shape": shape,
                "id": one.number,
                "name": one.name,
            }
            return _ask(actor, clock, vehicle, CommandKind.DELETE_AREA, arguments, key=key)
    raise FieldErrors({"area": _("The terminal holds no such area from here.")})


def ask_areas(
    actor: Actor, clock: Clock, vehicle: Vehicle, *, shape: str, key: str = ""
) -> Command:
    """查询区域、路线 (808-2019): all of one shape that the terminal holds. Raises
    :class:`FieldErrors` (``shape``) and ``Blocked``."""
    require(actor, "command.send", vehicle)
    if shape not in AreaShape.values:
        raise FieldErrors({"shape": _("Choose one of the list.")})
    if _terminal(clock, vehicle).protocol in policies.CANNOT_TELL_AREAS:
        raise Blocked(_("By the register its terminal is older than 2019: it cannot be asked."))
    arguments: dict[str, Json] = {"shape": shape}
    return _ask(actor, clock, vehicle, CommandKind.ASK_AREAS, arguments, key=key)


def _place(actor: Actor, clock: Clock, number: str) -> Place:
    wanted = int(number) if number.isdecimal() and len(number) < 10 else 0
    found = places(actor, clock.today()).filter(pk=wanted).first()
    if found is None:
        raise FieldErrors({"place": _("Choose a place that holds today.")})
    return found


def _terminal(clock: Clock, vehicle: Vehicle) -> Terminal:
    """The terminal that the vehicle has today; :class:`Blocked` where it has none."""
    terminal = queries.terminal_of(vehicle, clock.today())
    if terminal is None:
        raise Blocked(
            _("No terminal of this vehicle is on record today: telephone the carrier instead.")
        )
    return terminal


def _ask(
    actor: Actor,
    clock: Clock,
    vehicle: Vehicle,
    kind: CommandKind,
    arguments: Mapping[str, Json],
    *,
    alarm: Alarm | None = None,
    key: str = "",
) -> Command:
    """Write the command and the message that carries it down; the same key asks once, also when
    it is pressed twice at the same moment."""
    require(actor, "command.send", vehicle)
    if key and not _KEY.fullmatch(key):
        raise FieldErrors({"key": _("Open the page again and send once more.")})
    # Forms of one page may share a key: what is asked, and of whom, belongs to it.
    about = "".join(f":{arguments[name]}" for name in _ABOUT.get(kind, ()))
    name = _mixed(f"{key}:{kind.value}:{vehicle.pk}{about}") if key else uuid.uuid4().hex
    known = Command.objects.filter(key=name).first()
    if known is not None:
        return known
    try:
        return _write(actor, clock, vehicle, kind, arguments, alarm, name)
    except IntegrityError:
        known = Command.objects.filter(key=name).first()
        if known is None:
            raise
        return known


def _mixed(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@transaction.atomic
def _write(
    actor: Actor,
    clock: Clock,
    vehicle: Vehicle,
    kind: CommandKind,
    arguments: Mapping[str, Json],
    alarm: Alarm | None,
    key: str,
) -> Command:
    terminal = _terminal(clock, vehicle)
    now = clock.now()
    expires = now + figures.validity(kind)
    fact = record(
        "watch.command_made",
        actor=actor,
        obj=f"registry.vehicle:{vehicle.pk}",
        clock=clock,
        payload={
            "key": key,
            "kind": kind.value,
            "alarm": alarm.pk if alarm else None,
            "digest": _digest(arguments),
        },
    )
    command = Command.objects.create(
        key=key,
        vehicle=vehicle,
        terminal=terminal.phone,
        alarm=alarm,
        kind=kind,
        arguments=dict(arguments),
        by=actor if isinstance(actor, User) else None,
        made_at=now,
        expires_at=expires,
        fact=fact,
    )
    enqueue(
        f"down.{terminal.phone}",
        {
            "id": key,
            "kind": kind.value,
            "arguments": arguments,
            "expires_at": expires.isoformat(),
        },
        clock=clock,
    )
    announce("watch.command_made", command, clock)
    return command


def _digest(arguments: Mapping[str, Json]) -> str:
    """Facts carry no words of people: the digest proves them when they are shown."""
    said = repr(sorted(arguments.items())).encode()
    return hashlib.sha256(said).hexdigest()


def announce(kind: str, command: Command, clock: Clock) -> None:
    """Tell open pages; ids only."""
    enqueue(
        "events.alarm",
        {
            "kind": kind,
            "object": "watch.command",
            "id": command.pk,
            "vehicle": command.vehicle_id,
        },
        clock=clock,
    )
