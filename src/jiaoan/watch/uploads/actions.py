"""The writes of uploads: what the gateway stored and tells on ``findings.upload``, and papers of
vehicles that subordinate platforms tell."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock, local
from jiaoan.registry.models import Vehicle
from jiaoan.scope import Actor, require
from jiaoan.watch.models import Upload
from jiaoan.watch.supervision.items import vehicle_of
from jiaoan.watch.supervision.messages import Papers, PapersAsked, VehicleAnswer
from jiaoan.watch.uploads import figures, papers
from jiaoan.watch.uploads.kinds import ANSWERS, EVIDENCE, MESSAGES, PAPERS, UploadKind

_AT_ONCE = 500
_LONGEST_WAYBILL = 8192
"""Octets of a waybill that go to another platform."""


@dataclass(frozen=True)
class _Come:
    """One upload as it is kept, whoever sent it."""

    sender: str
    kind: UploadKind
    message: int
    edition: str
    serial: str
    octets: bytes | None
    size: int
    sha256: str
    happened_at: datetime | None
    received_at: datetime
    terminal: str = ""
    platform: str = ""
    media: Mapping[str, Json] | None = None

    @property
    def key(self) -> str:
        """The same message of a sender within a local day is one row: serials and media numbers
        begin anew."""
        other = self.kind in (UploadKind.OTHER, UploadKind.UNKNOWN)
        word = f"{self.message:04x}" if other else self.kind.value
        day = f"{local(self.received_at):%Y%m%d}"
        return f"{self.sender}-{word}-{self.serial}-{self.sha256}-{day}"


@transaction.atomic
def take_upload(actor: Actor, clock: Clock, news: Mapping[str, Json]) -> Upload:
    """Keep one upload; evidence with a fact that proves it, and open pages are told.

    The same message comes again without a second row. Raises ``LookupError`` for a vehicle that is
    not here, ``ValueError`` for what is no news.
    """
    require(actor, "command.note")
    if "more" in news:
        return _count(news)
    try:
        message, terminal, media = int(str(news["message"])), str(news["terminal"]), news["media"]
        happened, octets = news["happened_at"], news["octets"]
        come = _Come(
            terminal,
            UploadKind.UNKNOWN if news.get("unknown") else MESSAGES.get(message, UploadKind.OTHER),
            message,
            str(news.get("edition") or "")[:4],
            str(news["serial"]),
            bytes.fromhex(str(octets)) if octets is not None else None,
            int(str(news["size"])),
            str(news["sha256"]),
            datetime.fromisoformat(str(happened)) if happened else None,
            datetime.fromisoformat(str(news["received_at"])),
            terminal=terminal,
            media=media if isinstance(media, Mapping) else None,
        )
        number = int(str(news["vehicle"]))
    except KeyError as missing:
        raise ValueError(f"no news of an upload: {missing} is missing") from missing
    return _keep(actor, clock, _vehicle(number), come)


def _vehicle(number: int) -> Vehicle:
    vehicle = Vehicle.objects.filter(pk=number).first()
    if vehicle is None:
        raise LookupError(f"no vehicle {number}")
    return vehicle


def _count(news: Mapping[str, Json]) -> Upload:
    """How many unknown messages of a terminal and day a gateway process has not kept so far: one
    row, whose number only rises, so that news that come again or late change nothing."""
    try:
        terminal, run, day = str(news["terminal"]), str(news["run"]), str(news["day"])
        number, more = int(str(news["vehicle"])), int(str(news["more"]))
        received = datetime.fromisoformat(str(news["received_at"]))
    except KeyError as missing:
        raise ValueError(f"no count of unknown messages: {missing} is missing") from missing
    made, _ = Upload.objects.get_or_create(
        key=f"{terminal}-{UploadKind.UNKNOWN.value}-{run}-{day}"[:130],
        defaults={
            "kind": UploadKind.UNKNOWN,
            "message": 0,
            "vehicle": _vehicle(number),
            "terminal": terminal,
            "size": 0,
            "received_at": received,
        },
    )
    if more > made.more:
        made.more, made.received_at = more, received
        made.save(update_fields=["more", "received_at"])
    return made


@transaction.atomic
def take_papers(actor: Actor, clock: Clock, told: Papers) -> Upload:
    """Keep the driver or the waybill that a subordinate platform tells of a vehicle.

    ``LookupError`` for a vehicle that is not registered here: parked for a person.
    """
    require(actor, "command.note")
    vehicle = vehicle_of(told.plate, told.plate_colour)
    if vehicle is None:
        raise LookupError(f"no vehicle {told.plate} of colour {told.plate_colour}")
    come = _Come(
        # Serials of a link begin anew, and two vehicles may carry the same goods.
        f"{told.access_code}-{vehicle.pk}",
        PAPERS[told.message],
        told.message,
        told.edition,
        str(told.serial),
        told.octets,
        len(told.octets),
        hashlib.sha256(told.octets).hexdigest(),
        None,
        told.received_at,
        platform=told.platform[:80],
    )
    return _keep(actor, clock, vehicle, come)


@transaction.atomic
def take_answer(actor: Actor, clock: Clock, vehicle: Vehicle, told: VehicleAnswer) -> Upload:
    """Keep the picture or the record that a subordinate platform sent for an order of ours."""
    require(actor, "alarm.open")
    octets = told.octets or b""
    kind = ANSWERS[told.message]
    media: dict[str, Json] | None = None
    if kind is UploadKind.MEDIUM:
        # 0x1502 counts its formats from 1 (JPEG); 808 from 0.
        media = {
            "id": told.serial, "type": 0, "format": max((told.format or 1) - 1, 0), "event": 0,
            "channel": told.lens or 0,
        }  # fmt: skip
    come = _Come(
        f"{told.access_code}-{vehicle.pk}",
        kind,
        told.message,
        "",
        str(told.serial),
        octets,
        len(octets),
        hashlib.sha256(octets).hexdigest(),
        None,
        told.received_at,
        platform=told.platform[:80],
        media=media,
    )
    return _keep(actor, clock, vehicle, come)


@transaction.atomic
def tell_papers(actor: Actor, clock: Clock, asked: PapersAsked) -> dict[str, Json]:
    """A superior asks for the driver or the waybill of a vehicle (0x920A, 0x920B): what its
    terminals said last goes up at once (0x120A, 0x120B), with empty fields where nothing is known.

    What has no room in the protocol is cut. ``LookupError`` for a vehicle that is not registered
    here: parked for a person.
    """
    require(actor, "command.note")
    vehicle = vehicle_of(asked.plate, asked.plate_colour)
    if vehicle is None:
        raise LookupError(f"no vehicle {asked.plate} of colour {asked.plate_colour}")
    kind = PAPERS[asked.message & 0x7FFF]
    last = papers.last_of(vehicle, kind)
    record(
        "watch.papers_told",
        actor=actor,
        obj=vehicle,
        clock=clock,
        payload={
            "kind": kind.value,
            "access_code": asked.access_code,
            "upload": last.pk if last else None,
        },
    )
    order: dict[str, Json] = {
        "order": f"papers-{asked.serial}",
        "role": "subordinate",
        "plate": vehicle.plate,
        "plate_colour": int(vehicle.plate_colour),
        "serial": asked.serial,
    }
    said = _driver(last) if kind is UploadKind.CARD else _waybill(last)
    enqueue(f"platform.down.{asked.access_code}", order | said, clock=clock)
    return order | said


def _driver(last: Upload | None) -> dict[str, Json]:
    driver = papers.driver_of(last)
    return {
        "kind": "driver_told",
        "name": _cut(driver.name, 16),
        "identity": _cut(driver.identity, 20),
        "certificate": _cut(driver.certificate, 40),
        "issuer": _cut(driver.issuer, 200),
        "valid_until": driver.valid_until.isoformat() if driver.valid_until else None,
    }


def _waybill(last: Upload | None) -> dict[str, Json]:
    return {"kind": "waybill_told", "text": _cut(papers.waybill_of(last), _LONGEST_WAYBILL)}


def _cut(text: str, octets: int) -> str:
    """So much of it as fits in GBK; letters that GBK lacks are left out."""
    return text.encode("gbk", "ignore")[:octets].decode("gbk", "ignore")


def _keep(actor: Actor, clock: Clock, vehicle: Vehicle, come: _Come) -> Upload:
    known = Upload.objects.filter(key=come.key).first()
    if known is not None:
        return known
    media = come.media
    made = Upload.objects.create(
        key=come.key,
        kind=come.kind,
        message=come.message,
        edition=come.edition,
        vehicle=vehicle,
        terminal=come.terminal,
        platform=come.platform,
        number=int(str(media["id"])) if media is not None else None,
        media=media,
        octets=come.octets,
        size=come.size,
        sha256=come.sha256,
        happened_at=come.happened_at,
        received_at=come.received_at,
        fact=_fact(actor, clock, vehicle, come) if come.kind in EVIDENCE else None,
    )
    if made.fact is not None:
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


def _fact(actor: Actor, clock: Clock, vehicle: Vehicle, come: _Come) -> Fact:
    return record(
        "watch.upload_received",
        actor=actor,
        obj=vehicle,
        clock=clock,
        happened_at=come.happened_at or come.received_at,
        reported_at=come.received_at,
        payload={"kind": come.kind.value, "sha256": come.sha256, "size": come.size},
    )


def forget_telemetry(actor: Actor, clock: Clock) -> int:
    """Remove telemetry whose time is over, some at a time; how many rows went. Evidence stays."""
    require(actor, "command.note")
    old = Upload.objects.filter(fact=None, received_at__lt=clock.now() - figures.telemetry_kept())
    chosen = list(old.order_by("received_at").values_list("pk", flat=True)[:_AT_ONCE])
    if chosen:
        Upload.objects.filter(pk__in=chosen).delete()
    return len(chosen)
