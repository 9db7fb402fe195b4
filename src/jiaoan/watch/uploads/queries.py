"""Every read of uploads, through ``restrict``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from jiaoan.registry.models import Vehicle
from jiaoan.scope import restrict
from jiaoan.watch.commands.kinds import CommandKind
from jiaoan.watch.models import Command, Upload
from jiaoan.watch.uploads.decoding import printable, waybill_octets
from jiaoan.watch.uploads.kinds import MediaEvent, UploadKind
from jiaoan.wire.errors import BodyError

_COMES_WITHIN = timedelta(hours=2)
"""A picture that was ordered comes with the answer, or as soon as the terminal has a network."""


def uploads(actor: object) -> QuerySet[Upload]:
    return restrict(Upload.objects.all(), actor, "alarm.view").select_related("vehicle", "fact")


def _whole(found: QuerySet[Upload]) -> QuerySet[Upload]:
    """One row for each medium: 808-2011 sends a long one in messages of its own."""
    return found.filter(Q(media__part__isnull=True) | Q(media__part=1))


def pictures_of(actor: object, command: Command) -> list[Upload]:
    """What came for a command that asks for media, from its sending on."""
    begun = command.sent_at or command.made_at
    found = uploads(actor).filter(
        vehicle=command.vehicle_id,
        kind=UploadKind.MEDIUM,
        received_at__gte=begun,
        received_at__lte=begun + _COMES_WITHIN,
    )
    return list(_whole(found.filter(_asked(command))).order_by("received_at", "id"))


def _asked(command: Command) -> Q:
    """The media that an answer numbers; without numbers (808-2011) those of the camera that say
    they were ordered. Stored media are told by their own number, or by what was asked for."""
    said = command.arguments
    if command.kind == CommandKind.FETCH_MEDIUM:
        return Q(number=said.get("medium"))
    if command.kind == CommandKind.FETCH_MEDIA:
        asked = Q(media__type=said.get("type"), media__event=said.get("event"))
        return asked & Q(media__channel=said["channel"]) if said.get("channel") else asked
    numbers = (command.result or {}).get("media_ids")
    if numbers:
        return Q(number__in=numbers)
    return Q(media__event=MediaEvent.ORDERED.value, media__channel=said.get("channel"))


def media_of(actor: object, vehicle: Vehicle, most: int) -> list[Upload]:
    """The newest media of a vehicle."""
    return list(_whole(uploads(actor).filter(vehicle=vehicle, kind=UploadKind.MEDIUM))[:most])


def of_vehicle(actor: object, vehicle: Vehicle, kind: UploadKind | None = None) -> QuerySet[Upload]:
    """All that the terminals of a vehicle sent, and platforms told about it, newest first."""
    found = _whole(uploads(actor).filter(vehicle=vehicle))
    return found if kind is None else found.filter(kind=kind)


def kinds_of(actor: object, vehicle: Vehicle) -> dict[UploadKind, int]:
    """How many there are of each kind, those that have any."""
    counted = of_vehicle(actor, vehicle).order_by().values_list("kind").annotate(Count("pk"))
    found = dict(counted)
    return {kind: found[kind.value] for kind in UploadKind if kind.value in found}


def waybills_of(
    actor: object, vehicle: Vehicle, start: datetime, end: datetime
) -> QuerySet[Upload]:
    """Waybills that a vehicle's terminal sent in a time, oldest first."""
    found = uploads(actor).filter(vehicle=vehicle, kind=UploadKind.WAYBILL)
    return found.filter(received_at__gte=start, received_at__lte=end).order_by("received_at", "id")


def content_of(upload: Upload) -> bytes | None:
    """The octets as they came, those of all parts that are there; ``None`` where the store has lost
    them."""
    parts = [_octets_of(one) for one in _parts_of(upload)]
    return None if None in parts else b"".join(one for one in parts if one is not None)


def _parts_of(upload: Upload) -> Iterable[Upload]:
    """The parts of a medium in their order (808-2011); else the one itself. They belong to its
    vehicle, so whoever may see the one may see them."""
    if not upload.media or "part" not in upload.media:
        return [upload]
    found = Upload.objects.filter(
        vehicle=upload.vehicle_id,
        kind=upload.kind,
        number=upload.number,
        media__parts=upload.media["parts"],
        received_at__gte=upload.received_at - _COMES_WITHIN,
        received_at__lte=upload.received_at + _COMES_WITHIN,
    )
    parts = {int((one.media or {})["part"]): one for one in found.order_by("-received_at")}
    return [parts[number] for number in sorted(parts)]


def _octets_of(upload: Upload) -> bytes | None:
    if upload.octets is not None:
        return bytes(upload.octets)
    path = Path(settings.DATA_DIR) / "attachments" / upload.sha256[:2] / upload.sha256
    return path.read_bytes() if path.is_file() else None


def text_of(upload: Upload) -> str | None:
    """The content as text, where it is one: 808 leaves the form of a waybill to the platforms."""
    content = content_of(upload)
    try:
        return None if content is None else printable(waybill_octets(upload, content))
    except BodyError:
        return None
