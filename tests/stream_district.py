"""A small synthetic district with vehicles that move: input of the stream's tests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bus_server import BusServer
from jiaoan.rules import fences as rule
from jiaoan.rules.driving import memory as driving
from jiaoan.rules.driving.judge import judge
from jiaoan.rules.driving.law import BY_ID
from jiaoan.rules.fences.surroundings import surroundings
from jiaoan.stores import positions
from jiaoan.stores.bus import Bus, BusUnavailable
from jiaoan.stores.positions import Positions
from jiaoan.stream.reference import References

NOW = 1_712_520_000_000  # 2024-04-08 04:00 local
WEST, MIDDLE = 113_200_000, 29_450_000


def square(west: float, south: float, size: float) -> dict[str, object]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def place(place_id: int, geometry: Mapping[str, object], **changes: object) -> dict[str, object]:
    value: dict[str, object] = {
        "place_id": place_id,
        "name": f"示意区 {place_id}",
        "kind": "district",
        "geometry": geometry,
        "buffer_m": 50,
        "consecutive": 2,
        "dwell_s": None,
        "vehicle_kinds": [],
        "valid_from": None,
        "valid_to": None,
        "version": 1,
    }
    return value | changes


DISTRICT = place(1, square(113.2, 29.4, 0.1))
PARK = place(2, square(113.24, 29.44, 0.02), kind="park", dwell_s=300)


def terminal(vehicle: int) -> dict[str, object]:
    return {
        "phone": f"1390000{vehicle:04d}",
        "auth_code": "x",
        "vehicle_id": vehicle,
        "plate": f"鄂BA{vehicle:04d}",
        "plate_colour": 2,
        "vehicle_kind": "hazmat",
        "outside": vehicle % 2 == 1,
        "enterprise": "示意运输",
        "protocol": "2019",
        "valid_from": None,
        "valid_to": None,
        "version": 1,
    }


def block(*rows: tuple[int, int, int], seconds: int = 0, received: int | None = None) -> Positions:
    """Rows of (vehicle, seconds, microdegrees east of the district's west edge)."""
    array = positions.empty(len(rows))
    for row, (vehicle, second, east) in zip(array, rows, strict=True):
        row["vehicle"], row["terminal"] = vehicle, f"1390000{vehicle:04d}"
        row["time_ms"] = NOW + (second + seconds) * 1000
        row["received_ms"] = row["time_ms"] + 700 if received is None else received
        row["lat"], row["lon"], row["status"] = MIDDLE, WEST + east, 3
    return array


def fleet(seed: int, vehicles: int, rounds: int, first: int = 0) -> list[tuple[int, Positions]]:
    """(partition, block) in sending order: wandering, noisy, with late and repeated reports."""
    dice = random.Random(seed)
    at = {vehicle: dice.randrange(-3000, 60_000) for vehicle in range(1, vehicles + 1)}
    sent: list[tuple[int, int, int]] = []
    blocks: list[tuple[int, Positions]] = []
    for number in range(rounds):
        by_partition: dict[int, list[tuple[int, int, int]]] = {}
        for vehicle in at:
            at[vehicle] += dice.choice([-9000, -700, -300, 300, 700, 9000])
            at[vehicle] = max(-20_000, min(120_000, at[vehicle]))
            rows = [(vehicle, (first + number) * 10, at[vehicle])]
            if sent and dice.random() < 0.2:
                rows.append(dice.choice(sent))
            sent += rows[:1]
            for row in rows:
                by_partition.setdefault(positions.partition_of(row[0]), []).append(row)
        blocks += [(key, pace(block(*rows))) for key, rows in sorted(by_partition.items())]
    return blocks


def pace(array: Positions) -> Positions:
    """Speeds that change every hundred seconds: sometimes too fast, sometimes standing."""
    stretch = (array["time_ms"] - NOW) // 100_000 + array["vehicle"]
    array["speed"] = np.choose(stretch % 3, [0, 550, 1050])
    return array


async def publish_references(bus: Bus, values: Iterable[tuple[str, Mapping[str, object]]]) -> None:
    for subject, value in values:
        await insist(bus, subject, json.dumps(value).encode(), f"{subject}:{value['version']}")


def standing(vehicles: int, *, driving: bool) -> list[tuple[str, dict[str, object]]]:
    """References of the district, the park and so many vehicles; driving rules on or off."""
    places = [(f"ref.place.{each['place_id']}", each) for each in (DISTRICT, PARK)]
    cards = [terminal(vehicle) for vehicle in range(1, vehicles + 1)]
    rules: dict[str, object] = {"version": 1, "settings": [], "off": [] if driving else [*BY_ID]}
    return [
        ("ref.rules.driving", rules),
        *((f"ref.terminal.{card['phone']}", card) for card in cards),
        *places,
    ]


async def insist(bus: Bus, subject: str, data: bytes, message_id: str) -> int:
    """Publish as the gateway does: the same again until it is acknowledged."""
    while True:
        try:
            return await bus.publish(subject, data, message_id=message_id)
        except BusUnavailable:
            await asyncio.sleep(0.01)


async def send(bus: Bus, partition: int, array: Positions, message_id: str) -> int:
    data = positions.pack(array, [b"\x02\x00"] * len(array))
    return await insist(bus, positions.subject_of(partition), data, message_id)


async def expected(bus: Bus, blocks: Iterable[tuple[int, Positions]]) -> list[str]:
    """Sorted ids of what the rules find in these blocks: the undisturbed run, in one process."""
    references = References(bus)
    following = asyncio.create_task(references.follow())
    await references.loaded()
    following.cancel()
    memory: dict[int, rule.Vehicle] = {}
    driven = driving.Memory()
    found: list[str] = []
    for _, array in blocks:
        told = judge(driven, array, references.book(), surroundings=around(references, array))
        driven.take(told.changes)
        found += [each.id for each in told.findings]
        outcome = rule.judge(
            references.fences,
            memory,
            array,
            key_of=positions.key_of,
            kinds=references.book(),
        )
        memory.update(outcome.vehicles)
        found += [each.id for each in outcome.findings]
    return sorted(found)


def around(references: References, array: Positions) -> Positions:
    found = rule.look_up(references.fences, array)
    return surroundings(references.fences, found, array, references.book().kind_at)


@dataclass
class StreamProcess:
    """The real stream process over a bus server."""

    url: str
    data: Path
    name: str = "stream"
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.data / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "jiaoan.stream.main",
                    "--bus", self.url, "--data", str(self.data), "--name", self.name,
                ],
                stderr=log,
            )  # fmt: skip

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(8)

    def log(self) -> str:
        return (self.data / f"{self.name}.log").read_text()


@contextlib.asynccontextmanager
async def running(
    server: BusServer, data: Path, vehicles: int = 8, *, driven: bool = False
) -> AsyncIterator[tuple[Bus, StreamProcess]]:
    """A bus with the standing references and a stream process over it."""
    bus = await Bus.connect(server.url, name="test")
    await bus.prepare()
    await publish_references(bus, standing(vehicles, driving=driven))
    stream = StreamProcess(server.url, data)
    stream.start()
    try:
        yield bus, stream
    finally:
        stream.kill()
        await bus.close()


async def take(bus: Bus, count: int, *, after: int = 0) -> list[dict[str, object]]:
    """The next ``count`` findings behind a sequence, waiting at most a minute."""
    found: list[dict[str, object]] = []
    if not count:
        return found
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(60):
            async for message in bus.read("findings.*", after=after):
                found.append(json.loads(message.data))
                if len(found) == count:
                    return found
    raise TimeoutError(f"{len(found)} of {count} findings came")


async def all_findings(bus: Bus) -> list[dict[str, object]]:
    last = await bus.latest("findings.*")
    return await take(bus, last.sequence if last else 0)
