"""The writes of uploads: what the gateway stored and tells on ``findings.upload``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.kernel.clock import Clock, local
from jiaoan.registry.models import Vehicle
from jiaoan.scope import Actor, require
from jiaoan.watch.models import Upload
from jiaoan.watch.uploads import figures
from jiaoan.watch.uploads.kinds import EVIDENCE, MESSAGES, UploadKind

_AT_ONCE = 500


@transaction.atomic
def take_upload(actor: Actor, clock: Clock, news: Mapping[str, Json]) -> Upload:
    """Keep one upload; evidence with a fact that proves it, and open pages are told.

    The same message of a terminal within a local day is one row: serials and media numbers begin
    anew. Raises ``LookupError`` for a vehicle that is not here, ``ValueError`` for what is no news.
    """
    require(actor, "command.note")
    try:
        message = int(str(news["message"]))
        terminal, serial, sha256 = str(news["terminal"]), str(news["serial"]), str(news["sha256"])
        received = datetime.fromisoformat(str(news["received_at"]))
        happened = news["happened_at"]
        happened_at = datetime.fromisoformat(str(happened)) if happened else None
        octets = bytes.fromhex(str(news["octets"])) if news["octets"] is not None else None
        size, media, number = int(str(news["size"])), news["media"], int(str(news["vehicle"]))
    except KeyError as missing:
        raise ValueError(f"no news of an upload: {missing} is missing") from missing
    vehicle = Vehicle.objects.filter(pk=number).first()
    if vehicle is None:
        raise LookupError(f"no vehicle {number}")
    kind = MESSAGES.get(message, UploadKind.OTHER)
    word = f"{message:04x}" if kind is UploadKind.OTHER else kind.value
    key = f"{terminal}-{word}-{serial}-{sha256}-{local(received):%Y%m%d}"
    known = Upload.objects.filter(key=key).first()
    if known is not None:
        return known
    fact = None
    if kind in EVIDENCE:
        fact = record(
            "watch.upload_received",
            actor=actor,
            obj=vehicle,
            clock=clock,
            happened_at=happened_at or received,
            reported_at=received,
            payload={"kind": kind.value, "sha256": sha256, "size": size},
        )
    made = Upload.objects.create(
        key=key,
        kind=kind,
        message=message,
        edition=str(news.get("edition") or "")[:4],
        vehicle=vehicle,
        terminal=terminal,
        number=int(str(media["id"])) if isinstance(media, Mapping) else None,
        media=media,
        octets=octets,
        size=size,
        sha256=sha256,
        happened_at=happened_at,
        received_at=received,
        fact=fact,
    )
    if fact is not None:
        enqueue(
            "events.alarm",
            {
                "kind": "watch.upload_received",
                "object": "watch.upload",
                "id": made.pk,
                "vehicle": vehicle.pk,
            },
            clock=clock,
        )
    return made


def forget_telemetry(actor: Actor, clock: Clock) -> int:
    """Remove telemetry whose time is over, some at a time; how many rows went. Evidence stays."""
    require(actor, "command.note")
    old = Upload.objects.filter(fact=None, received_at__lt=clock.now() - figures.telemetry_kept())
    chosen = list(old.order_by("received_at").values_list("pk", flat=True)[:_AT_ONCE])
    if chosen:
        Upload.objects.filter(pk__in=chosen).delete()
    return len(chosen)
