"""Orders about vehicles between platforms 车辆监管: taken from superiors, carried out and answered;
given to subordinates and their answers kept. What is said on the links goes by the outbox."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, record
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import User
from jiaoan.registry.models import Vehicle
from jiaoan.scope import Actor, SystemActor, require
from jiaoan.watch.commands import actions as commands
from jiaoan.watch.commands.states import CommandState
from jiaoan.watch.models import Command, Post, Upload
from jiaoan.watch.posts import actions, policies
from jiaoan.watch.posts.kinds import BY_HAND, KIND_OF, NO_VEHICLE, ORDERS, OURS
from jiaoan.watch.posts.states import POST, Addressee, PostKind, PostState, PostVerb
from jiaoan.watch.supervision import items
from jiaoan.watch.supervision.messages import VehicleAnswer, VehicleOrder
from jiaoan.watch.supervision.states import Direction
from jiaoan.watch.uploads import actions as uploads
from jiaoan.watch.uploads.kinds import MediaEvent, UploadKind
from jiaoan.watch.uploads.queries import content_of

SUPERIOR: Final = SystemActor("superior", frozenset({"command.send"}))
"""Whose commands to terminals are those that a superior platform orders."""
_DELIVERED, _NOT_DELIVERED = 0, 1
_TAKEN, _LATER, _OFF_LINE, _NO_PICTURE = 1, 2, 3, 5
_ANSWER: Final = 0x8000
MOST_PHOTO = 400_000
"""Octets of a picture that fit through the bus to the link."""
_COMES_WITHIN = timedelta(hours=2)


@transaction.atomic
def receive(actor: Actor, clock: Clock, order: VehicleOrder) -> Post:
    """A superior orders something of a vehicle: open an item once, and do at once what needs
    nobody: a text and a photograph go to the terminal, static data up from the register."""
    require(actor, "alarm.open")
    kind, day = KIND_OF[order.message], order.received_at.date().isoformat()
    name = f"{order.access_code}:{kind}:{order.number:08x}:{order.serial}:{day}"
    key = f"{name}:{order.plate}:{order.plate_colour}"[:120]
    known = Post.objects.filter(key=key).first()
    if known is not None:
        return known
    vehicle = items.vehicle_of(order.plate, order.plate_colour)
    fact = record(
        "watch.order_received",
        actor=actor,
        obj=vehicle or f"platform:{order.access_code}",
        clock=clock,
        happened_at=order.received_at,
        reported_at=order.received_at,
        payload={"kind": kind.value, "access_code": order.access_code},
    )
    item = Post.objects.create(
        key=key,
        kind=kind,
        platform=order.platform[:80],
        access_code=order.access_code,
        object_type=Addressee.THIS_PLATFORM,
        object_id="",
        number=order.number,
        text=str(order.arguments.get("text", "")),
        arguments=dict(order.arguments),
        plate=order.plate[:21],
        plate_colour=order.plate_colour,
        vehicle=vehicle,
        request_serial=order.serial,
        received_at=order.received_at,
        opened_at=clock.now(),
        deadline=order.received_at + actions.default_span(),
        deadline_told=False,
        fact=fact,
    )
    items.announce("watch.order_received", item, clock)
    _begin(actor, clock, item)
    return item


def _begin(actor: Actor, clock: Clock, item: Post) -> None:
    kind, vehicle = PostKind(item.kind), item.vehicle
    if vehicle is None:
        if kind in NO_VEHICLE:
            _end(actor, clock, item, result=NO_VEHICLE[kind])
        return
    if kind is PostKind.STATIC:
        _end(actor, clock, item, answer=static_of(vehicle))
        return
    try:
        with transaction.atomic():
            item.command = _command(clock, item, vehicle)
    except (Blocked, FieldErrors):
        # No terminal, or words that it cannot show: a person telephones, and answers.
        return
    if item.command is not None:
        item.save(update_fields=["command"])


def _command(clock: Clock, item: Post, vehicle: Vehicle) -> Command | None:
    said = item.arguments
    if item.kind == PostKind.TEXT:
        urgent = bool(said.get("urgent"))
        return commands.send_text(SUPERIOR, clock, vehicle, text=item.text, urgent=urgent)
    if item.kind == PostKind.PHOTO:
        return commands.take_pictures(SUPERIOR, clock, vehicle, channel=str(said.get("lens")))
    return None


def static_of(vehicle: Vehicle) -> str:
    """0x1601: what the register knows, as ``KEY:=value;``; what it does not know is left out."""
    known = {
        "VIN": vehicle.plate,
        "VEHICLE_COLOR": str(int(vehicle.plate_colour)),
        "RTPN": vehicle.transport_certificate,
        "OWERS_NAME": vehicle.owner_name,
        "OWERS_TEL": vehicle.carrier_phone,
    }
    clean = {name: value.replace(";", " ") for name, value in known.items() if value}
    return "".join(f"{name}:={value};" for name, value in clean.items())


@transaction.atomic
def command_ended(actor: Actor, clock: Clock, command: Command) -> Post | None:
    """A command that went out for an order came to its end: that answers the order, except a
    picture that is still on its way. ``None`` where nothing waits for it."""
    require(actor, "alarm.open")
    item = Post.objects.filter(command=command, state=PostState.OPEN).first()
    if item is None:
        return None
    answered = command.status is CommandState.ANSWERED
    if item.kind == PostKind.TEXT:
        return _end(actor, clock, item, result=_DELIVERED if answered else _NOT_DELIVERED)
    if answered:
        return None
    away = command.status is CommandState.EXPIRED
    return _end(actor, clock, item, result=_OFF_LINE if away else _NO_PICTURE)


@transaction.atomic
def picture_came(actor: Actor, clock: Clock, upload: Upload) -> Post | None:
    """A terminal sent an ordered picture: it goes up to the superior that ordered it (0x1502)."""
    require(actor, "alarm.open")
    media = upload.media or {}
    ordered = media.get("event") == MediaEvent.ORDERED and not upload.platform
    if not ordered or not upload.is_picture or not _is_whole(upload):
        return None
    waiting = Post.objects.filter(
        direction=Direction.RECEIVED,
        kind=PostKind.PHOTO,
        vehicle=upload.vehicle_id,
        state=PostState.OPEN,
        command__made_at__lte=upload.received_at,
        command__made_at__gte=upload.received_at - _COMES_WITHIN,
        arguments__lens=media.get("channel"),
    )
    item = waiting.order_by("id").first()
    if item is None:
        return None
    fits = 0 < len(content_of(upload) or b"") <= MOST_PHOTO
    return _end(actor, clock, item, result=_TAKEN if fits else _NO_PICTURE, papers=upload)


def _is_whole(upload: Upload) -> bool:
    """808-2011 sends a long picture in messages of its own: all of them must be there."""
    media = upload.media or {}
    if "part" not in media:
        return True
    parts = Upload.objects.filter(
        vehicle=upload.vehicle_id, kind=upload.kind, number=upload.number,
        media__parts=media["parts"], received_at__gte=upload.received_at - _COMES_WITHIN,
    )  # fmt: skip
    return len({(one.media or {})["part"] for one in parts}) == int(media["parts"])


@transaction.atomic
def answer(actor: User, clock: Clock, item: Post, *, result: str) -> Post:
    """A person says how an order of a superior went; a record of the recorder, and static data of a
    vehicle that is not here, are answered as "nothing" (``result`` empty).

    Raises :class:`FieldErrors` (``text``), :class:`Blocked`, ``TransitionRefused``.
    """
    require(actor, "alarm.handle", item)
    if item.direction != Direction.RECEIVED:
        raise Blocked(_("This is our own order: the subordinate platform answers it."))
    choices = BY_HAND.get(PostKind(item.kind))
    if choices is None:
        return _end(actor, clock, item, by=actor)
    if not result.isdecimal() or int(result) not in choices:
        raise FieldErrors({"text": _("Choose how it went.")})
    return _end(actor, clock, item, result=int(result), by=actor)


def _end(
    actor: Actor,
    clock: Clock,
    item: Post,
    *,
    result: int | None = None,
    answer: str = "",
    papers: Upload | None = None,
    by: User | None = None,
) -> Post:
    """The one answer to a superior's order, and the message that carries it up."""
    row, now = POST.row(item.state, PostVerb.ANSWER), clock.now()
    items.claim(
        item, row.source, state=row.target, result=result, answer=answer, papers=papers, by=by,
        answered_at=now,
    )  # fmt: skip
    payload: dict[str, Json] = {"late": now > item.deadline, "result": result}
    record(row.fact, actor=actor, obj=item, clock=clock, payload=payload)
    items.order(item, item.access_code, _answer(item), clock)
    items.announce(row.fact, item, clock)
    return item


def _answer(item: Post) -> dict[str, Json]:
    said: dict[str, Json] = {
        "role": items.ROLE[Direction.RECEIVED],
        "kind": "vehicle_answer",
        "message": ORDERS[PostKind(item.kind)] & ~_ANSWER,
        "plate": item.plate,
        "plate_colour": item.plate_colour,
        "number": item.number,
        "serial": item.request_serial,
        "result": item.result,
    }
    if item.kind == PostKind.STATIC:
        return said | {"text": item.answer}
    if item.kind == PostKind.RECORDER:
        return said | {"command": item.arguments.get("command", 0), "octets": ""}
    return said | _picture(item) if item.kind == PostKind.PHOTO else said


def _picture(item: Post) -> dict[str, Json]:
    taken = item.papers if item.result == _TAKEN else None
    media = (taken.media or {}) if taken is not None else {}
    content = (content_of(taken) or b"") if taken is not None else b""
    place = media.get("place")
    return {
        "lens": item.arguments.get("lens", 0),
        "size": item.arguments.get("size", 0),
        "format": media.get("format", 0) + 1 if content else 0,
        "octets": content.hex(),
        "place": place if isinstance(place, dict) and place.get("fixed") else None,
    }


# ---------------------------------------------------------------- ours


@transaction.atomic
def give(
    actor: User, clock: Clock, vehicle: Vehicle, wanted: policies.WantedOrder, *, key: str = ""
) -> Post:
    """Order something of a vehicle at the subordinate platform that has it; the same ``key`` orders
    once. One of a kind at a time: 2011 does not say which order is answered.

    Raises :class:`FieldErrors` (``platform``, ``kind``, or a field of the order).
    """
    require(actor, "alarm.handle", vehicle)
    name = f"{key}:{wanted.kind}:{vehicle.pk}" if key else ""
    known = actions.known(name)
    if known is not None:
        return known
    if not wanted.access_code:
        raise FieldErrors({"platform": actions.NO_PLATFORM})
    if wanted.kind not in OURS:
        raise FieldErrors({"kind": _("Choose what is asked for.")})
    arguments = policies.checked_order(wanted)
    actions.refuse_second(wanted.access_code, wanted.kind, vehicle, clock)
    payload: dict[str, Json] = {
        "kind": "vehicle_order",
        "message": ORDERS[wanted.kind],
        "plate": vehicle.plate,
        "plate_colour": int(vehicle.plate_colour),
        "arguments": arguments,
    }
    said = actions.Wanted(
        wanted.platform, wanted.access_code, str(arguments.get("text", "")), kind=wanted.kind
    )
    return actions.say(actor, clock, said, payload, name, vehicle, arguments)


@transaction.atomic
def receive_answer(actor: Actor, clock: Clock, answered: VehicleAnswer) -> Post | None:
    """A subordinate answers an order of ours; a picture or a record is kept with its vehicle.

    2019 names the frame, a text of 2011 its number; else the newest that waits is meant. ``None``
    where it is answered already; ``LookupError`` where nothing of ours is meant: parked for a
    person.
    """
    require(actor, "alarm.open")
    kind = KIND_OF[answered.message | _ANSWER]
    vehicle = items.vehicle_of(answered.plate, answered.plate_colour)
    if vehicle is None:
        raise LookupError(f"no vehicle {answered.plate} of colour {answered.plate_colour}")
    mine = actions.ours(answered.access_code, kind).filter(vehicle=vehicle)
    named = actions.named(mine, answered.source_serial)
    if named is None and answered.number is not None:
        named = mine.filter(number=answered.number).first()
    item = named or mine.filter(state=PostState.OPEN).order_by("-id").first()
    if item is None:
        raise LookupError(f"{answered.access_code} answers no {kind} of ours")
    kept = uploads.take_answer(actor, clock, vehicle, answered) if answered.octets else None
    if kind is PostKind.PHOTO and answered.result == _LATER:
        # The picture itself comes in a second answer, and ends it.
        return None
    return actions.end(
        actor, clock, item, answered.received_at, result=answered.result, papers=kept,
        answer=answered.text,
    )  # fmt: skip


def of_upload(fact: Fact) -> Upload | None:
    """The upload that a fact proves; no page, so nothing to restrict."""
    return Upload.objects.filter(fact=fact, kind=UploadKind.MEDIUM).first()
