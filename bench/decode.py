"""``bench/run decode``: octets of whole 0x0200 frames to decoded positions, against plain Python.

A fleet of both editions (two thirds 2013) with mileage, signal and satellites, about one frame in
five with an escape. Beside the compiled pass, batch by batch: the readable codec on the same
octets, ``FrameReader`` then ``decode_batch``. It ends with one ``Position`` for each frame, the
compiled pass with one row, which is what goes on the bus; making such rows out of positions would
cost the readable codec more, and is left out. Before anything is measured both must agree on every
frame, and on a stream in which one octet of every frame is changed.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bench.result import Impossible, Result, machine
from jiaoan.wire.jt808 import (
    BadFrame,
    ExtraItem,
    FrameReader,
    Header,
    Location,
    Version,
    build_frame,
    decode_batch,
)
from jiaoan.wire.jt808.jitted import decode_octets, warm

BATCHES = (1, 64, 1024, 65_536)
NAMED = 64
"""The batch whose figure is the result: the smallest for which the aim holds."""
FRAMES_A_LOOK = 4096
"""Small batches are decoded so often that a look has about so many frames."""
_MOMENT = datetime(2024, 4, 7, 22, 40, tzinfo=UTC)


def measure(runs: int) -> Result:
    """Frames a second; the ratio is that of the medians."""
    return measured(max(runs, 5), BATCHES)


def measured(runs: int, batches: tuple[int, ...]) -> Result:
    if not warm():
        raise Impossible("numba is not there, or is switched off by JIAOAN_NUMBA=0")
    frames = fleet(max(batches))
    checked = check(frames[:20_000])
    speeds: dict[tuple[int, str], list[float]] = {}
    for _ in range(runs):
        for size in batches:
            octets = b"".join(frames[:size])
            for name, decode in WAYS.items():
                seconds = _seconds(decode, octets, max(1, FRAMES_A_LOOK // size))
                speeds.setdefault((size, name), []).append(size / seconds)
    named = NAMED if NAMED in batches else batches[0]
    middle = {key: statistics.median(found) for key, found in speeds.items()}
    return Result(
        "decode",
        "frames/s",
        speeds[named, "compiled"],
        middle[named, "plain"],
        "the readable codec (FrameReader, decode_batch), same octets, by turns",
        notes={
            "batch": named,
            "yardstick_runs": [round(one) for one in speeds[named, "plain"]],
            "frames_checked_first": checked,
            "octets_a_frame": round(sum(map(len, frames)) / len(frames), 1),
            "growth": [
                {
                    "batch": size,
                    "compiled": round(middle[size, "compiled"]),
                    "plain": round(middle[size, "plain"]),
                    "ratio": round(middle[size, "compiled"] / middle[size, "plain"], 1),
                }
                for size in batches
            ],
            "machine": machine(),
        },
    )


def _plain(octets: bytes) -> None:
    found = FrameReader().receive(octets)
    decode_batch([one for one in found if not isinstance(one, BadFrame)])


def _compiled(octets: bytes) -> None:
    decode_octets(octets)


WAYS: dict[str, Callable[[bytes], None]] = {"compiled": _compiled, "plain": _plain}


def fleet(count: int) -> list[bytes]:
    """The same frames at every run."""
    chance = random.Random(808)
    return [_frame(chance, number) for number in range(count)]


def _frame(chance: random.Random, number: int) -> bytes:
    version = Version.V2019 if number % 3 == 0 else Version.V2013
    body = Location(
        alarm=0,
        status=0x0C0003,
        raw_latitude=29_200_000 + chance.randrange(600_000),
        raw_longitude=112_900_000 + chance.randrange(600_000),
        altitude=chance.randrange(20, 90),
        speed=chance.randrange(1_000),
        direction=chance.randrange(360),
        time=_MOMENT + timedelta(seconds=number % 86_400),
        extras=(
            ExtraItem(0x01, chance.randrange(5_000_000).to_bytes(4, "big")),
            ExtraItem(0x30, bytes([chance.randrange(32)])),
            ExtraItem(0x31, bytes([chance.randrange(24)])),
        ),
    )
    phone = str(13_900_000_000 + number % 10_000)
    return build_frame(Header.new(0x0200, version, phone, number & 0xFFFF), body.build())


def check(frames: list[bytes]) -> int:
    """Both agree, or nothing is measured; on how many frames."""
    chance = random.Random(809)
    broken = [bytearray(frame) for frame in frames]
    for frame in broken:
        frame[chance.randrange(1, len(frame) - 1)] ^= 1 << chance.randrange(8)
    for octets in (b"".join(frames), b"".join(broken)):
        found = FrameReader().receive(octets)
        good = [one for one in found if not isinstance(one, BadFrame)]
        batch = decode_octets(octets)
        if [one for one in batch.positions() if isinstance(one, BadFrame)] != [
            one for one in found if isinstance(one, BadFrame)
        ]:
            raise Impossible("the compiled pass and the readable codec do not refuse the same")
        if [
            one._replace(frame=0) for one in batch.positions() if not isinstance(one, BadFrame)
        ] != [one._replace(frame=0) for one in decode_batch(good)]:
            raise Impossible("the compiled pass and the readable codec do not agree")
    if not decode_octets(b"".join(frames)).rows["plain"].all():
        raise Impossible("the compiled pass left plain frames to the readable codec")
    return 2 * len(frames)


def _seconds(decode: Callable[[bytes], None], octets: bytes, times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        decode(octets)
    return (time.perf_counter() - started) / times
