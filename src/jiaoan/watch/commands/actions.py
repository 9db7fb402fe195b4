"""Every write of commands: asking for one, and what became of it."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import User
from jiaoan.registry.models import Vehicle
from jiaoan.registry.queries import live_terminals
from jiaoan.scope import Actor, require
from jiaoan.watch.commands import figures, policies
from jiaoan.watch.commands.kinds import CommandKind
from jiaoan.watch.commands.states import COMMAND, CommandState, CommandVerb
from jiaoan.watch.models import Alarm, Command, TerminalFile

_IDENTIFICATION = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[0-9a-f]{32}")

# ---------------------------------------------------------------- asking


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
    about = f":{arguments['medium']}" if kind is CommandKind.FETCH_MEDIUM else ""
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
    terminal = live_terminals(clock.today()).filter(vehicle=vehicle).order_by("-id").first()
    if terminal is None:
        raise Blocked(
            _("No terminal of this vehicle is on record today: telephone the carrier instead.")
        )
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
    _announce("watch.command_made", command, clock)
    return command


def _digest(arguments: Mapping[str, Json]) -> str:
    """Facts carry no words of people: the digest proves them when they are shown."""
    said = repr(sorted(arguments.items())).encode()
    return hashlib.sha256(said).hexdigest()


# ---------------------------------------------------------------- what became of it

_VERBS: Final = {
    "sent": CommandVerb.SEND,
    "answered": CommandVerb.ANSWER,
    "refused": CommandVerb.REFUSE,
    "timed_out": CommandVerb.TIME_OUT,
    "undeliverable": CommandVerb.FAIL,
}


@transaction.atomic
def apply_news(actor: Actor, clock: Clock, news: Mapping[str, Json]) -> bool:
    """Take one message of ``findings.command``; whether it changed anything.

    Repetitions and news that the state table does not allow change nothing. Raises ``LookupError``
    for a command that is not here and ``ValueError`` for what is no news.
    """
    require(actor, "command.note")
    try:
        key, verb = str(news["id"]), _VERBS[str(news["state"])]
        at = datetime.fromisoformat(str(news["at"]))
        tries, reason, result = int(str(news["tries"])), str(news["reason"]), news["result"]
    except KeyError as missing:
        raise ValueError(f"no news of a command: {missing} is missing or unknown") from missing
    command = Command.objects.filter(key=key).first()
    if command is None:
        raise LookupError(f"no command {key}")
    if verb is CommandVerb.SEND and command.tries >= tries:
        return False
    changes: dict[str, object] = {"tries": max(tries, command.tries), "reason": reason[:200]}
    if verb is CommandVerb.SEND:
        changes["sent_at"] = command.sent_at or at
    else:
        changes |= {"ended_at": at, "result": result}
    return _move(actor, clock, command, verb, changes, at)


def note_times(actor: Actor, clock: Clock) -> int:
    """What the clock alone says: not connected, expired, never answered. Returns how many."""
    require(actor, "command.note")
    now, count = clock.now(), 0
    unsent = [CommandState.QUEUED, CommandState.WAITING]
    found = Command.objects.filter(state=CommandState.QUEUED, made_at__lt=now - figures.CONNECTED)
    for command in found[:200]:
        count += _move(actor, clock, command, CommandVerb.WAIT, {}, now)
    for command in Command.objects.filter(state__in=unsent, expires_at__lt=now - figures.NEWS)[
        :200
    ]:
        count += _move(actor, clock, command, CommandVerb.EXPIRE, {"ended_at": now}, now)
    late = Command.objects.filter(state=CommandState.SENT, expires_at__lt=now - figures.NEWS)
    for command in late[:200]:
        count += _move(actor, clock, command, CommandVerb.TIME_OUT, {"ended_at": now}, now)
    return count


@transaction.atomic
def _move(
    actor: Actor,
    clock: Clock,
    command: Command,
    verb: CommandVerb,
    changes: Mapping[str, object],
    at: datetime,
) -> bool:
    """Take one row of the table against others who try the same; ``False`` where there is none."""
    if not COMMAND.allows(command.state, verb):
        return False
    row = COMMAND.row(command.state, verb)
    mine = Command.objects.filter(pk=command.pk, state=row.source, tries=command.tries)
    if not mine.update(state=row.target, **changes):
        return False
    record(row.fact, actor=actor, obj=command, clock=clock, happened_at=at)
    _announce(row.fact, command, clock)
    return True


@transaction.atomic
def take_file(actor: Actor, clock: Clock, news: Mapping[str, Json]) -> TerminalFile:
    """Take one message of ``findings.attachment``: a file that the gateway has stored whole.

    The same file of the same command is one row. Raises ``LookupError`` and ``ValueError``.
    """
    require(actor, "command.note")
    try:
        command = Command.objects.filter(key=str(news["command"])).first()
        values = {
            "identification": str(news["identification"])[:80],
            "kind": int(str(news["kind"])),
            "size": int(str(news["size"])),
            "received_at": datetime.fromisoformat(str(news["at"])),
        }
        name, sha256 = str(news["name"])[:100], str(news["sha256"])
    except KeyError as missing:
        raise ValueError(f"no news of a file: {missing} is missing") from missing
    if command is None:
        raise LookupError(f"no command {news['command']}")
    known = TerminalFile.objects.filter(command=command, name=name, sha256=sha256).first()
    if known is not None:
        return known
    fact = record(
        "watch.file_received",
        actor=actor,
        obj=command,
        clock=clock,
        happened_at=values["received_at"],  # type: ignore[arg-type]
        payload={"sha256": sha256, "size": values["size"]},  # type: ignore[dict-item]
    )
    made = TerminalFile.objects.create(
        command=command, name=name, sha256=sha256, fact=fact, **values
    )
    _announce("watch.file_received", command, clock)
    return made


def _announce(kind: str, command: Command, clock: Clock) -> None:
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
