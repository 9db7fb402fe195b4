"""Objects of commands for the matrix: a vehicle with a terminal, a command, a file that it sent."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path

from django.conf import settings

from jiaoan.kernel.clock import clock_from_environment
from jiaoan.registry.models import Terminal, Vehicle
from jiaoan.scope import SystemActor
from jiaoan.watch.commands import actions
from jiaoan.watch.models import Command, TerminalFile, Upload
from jiaoan.watch.uploads.actions import take_upload
from portal.matrix import World

WORKER = SystemActor("test-worker", frozenset({"command.note", "command.send"}))
NOW = clock_from_environment()
FILE = b"\xff\xd8 a picture of the cab"


def vehicle_with_terminal(world: World) -> Vehicle:
    vehicle = world.vehicle()
    Terminal.objects.get_or_create(
        phone="13900000001", defaults={"auth_code": "code", "vehicle": vehicle}
    )
    return vehicle


def command_of(world: World) -> Command:
    vehicle = vehicle_with_terminal(world)
    known = Command.objects.filter(vehicle=vehicle).first()
    return known or actions.fetch_attachments(WORKER, NOW, vehicle, identification="0" * 32)


def file_of(world: World) -> TerminalFile:
    """A stored file, also on disk."""
    digest = hashlib.sha256(FILE).hexdigest()
    path = Path(settings.DATA_DIR) / "attachments" / digest[:2] / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(FILE)
    return actions.take_file(WORKER, NOW, file_news(command_of(world)))


def file_news(command: Command) -> dict[str, str | int]:
    """What the gateway tells of a file."""
    return {
        "command": command.key,
        "terminal": command.terminal,
        "identification": "0" * 32,
        "name": "00_65_6501_0_a.jpg",
        "kind": 0,
        "size": len(FILE),
        "sha256": hashlib.sha256(FILE).hexdigest(),
        "at": NOW.now().isoformat(),
    }


def upload_news(vehicle: Vehicle, octets: bytes = FILE, **changes: object) -> dict[str, object]:
    """What the gateway tells of a waybill, or with ``message`` and ``media`` of a picture."""
    return {
        "message": 0x0701,
        "terminal": "13900000001",
        "vehicle": vehicle.pk,
        "serial": 5,
        "received_at": NOW.now().isoformat(),
        "happened_at": None,
        "size": len(octets),
        "sha256": hashlib.sha256(octets).hexdigest(),
        "octets": octets.hex(),
        "media": None,
        **changes,
    }


def upload_of(world: World, octets: bytes = FILE, **changes: object) -> Upload:
    said = upload_news(vehicle_with_terminal(world), octets, **changes)
    return take_upload(WORKER, NOW, said)  # type: ignore[arg-type]


def news(command: Command, state: str, **changes: object) -> dict[str, object]:
    """What the gateway tells of a command."""
    return {
        "id": command.key,
        "state": state,
        "at": NOW.now().isoformat(),
        "tries": 1,
        "reason": "",
        "result": None,
        **changes,
    }


def fresh_key() -> str:
    return uuid.uuid4().hex
