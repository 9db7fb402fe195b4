"""Every read of uploads, through ``restrict``."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import QuerySet

from jiaoan.registry.models import Vehicle
from jiaoan.scope import restrict
from jiaoan.watch.models import Command, Upload
from jiaoan.watch.uploads.kinds import MediaEvent, UploadKind

_COMES_WITHIN = timedelta(hours=2)
"""A picture that was ordered comes with the answer, or as soon as the terminal has a network."""


def uploads(actor: object) -> QuerySet[Upload]:
    return restrict(Upload.objects.all(), actor, "alarm.view").select_related("vehicle", "fact")


def pictures_of(actor: object, command: Command) -> list[Upload]:
    """What came for a photo command: the media that its answer numbers; without numbers (808-2011)
    those of its channel that say they were ordered."""
    begun = command.sent_at or command.made_at
    found = uploads(actor).filter(
        vehicle=command.vehicle_id,
        kind=UploadKind.MEDIUM,
        received_at__gte=begun,
        received_at__lte=begun + _COMES_WITHIN,
    )
    numbers = (command.result or {}).get("media_ids")
    if numbers:
        found = found.filter(number__in=numbers)
    else:
        found = found.filter(
            media__event=MediaEvent.ORDERED.value,
            media__channel=command.arguments.get("channel"),
        )
    return list(found.order_by("received_at", "id"))


def media_of(actor: object, vehicle: Vehicle, most: int) -> list[Upload]:
    """The newest media of a vehicle."""
    return list(uploads(actor).filter(vehicle=vehicle, kind=UploadKind.MEDIUM)[:most])


def waybills_of(
    actor: object, vehicle: Vehicle, start: datetime, end: datetime
) -> QuerySet[Upload]:
    """Waybills that a vehicle's terminal sent in a time, oldest first."""
    found = uploads(actor).filter(vehicle=vehicle, kind=UploadKind.WAYBILL)
    return found.filter(received_at__gte=start, received_at__lte=end).order_by("received_at", "id")


def content_of(upload: Upload) -> bytes | None:
    """The octets as they came; ``None`` where the store has lost them."""
    if upload.octets is not None:
        return bytes(upload.octets)
    path = Path(settings.DATA_DIR) / "attachments" / upload.sha256[:2] / upload.sha256
    return path.read_bytes() if path.is_file() else None


def text_of(upload: Upload) -> str | None:
    """The content as text, where it is one: 808 leaves the form of a waybill to the platforms, so
    UTF-8 is tried and then GBK."""
    content = content_of(upload)
    if content is None:
        return None
    for coding in ("utf-8", "gb18030"):
        try:
            text = content.rstrip(b"\0").decode(coding)
        except UnicodeDecodeError:
            continue
        if all(letter.isprintable() or letter in "\r\n\t" for letter in text):
            return text
    return None
