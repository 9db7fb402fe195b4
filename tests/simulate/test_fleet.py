"""A misbehaving fleet against a real gateway: nothing that it was promised is missing."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gateway.helpers import (
    MOMENT,
    PHONE,
    MemoryBus,
    known,
    positions,
    put,
    rig,
    run,
    terminal_value,
)
from jiaoan.kernel.clock import FixedClock
from jiaoan.simulate.config import FleetConfig, parse
from jiaoan.simulate.fleet import run_fleet

pytestmark = pytest.mark.socket
ALL_FAULTS = {
    "noise": 0.1,
    "bad_checksum": 0.1,
    "shared_flag": 0.1,
    "repeat": 0.1,
    "late": 0.1,
    "half_frame": 0.05,
    "lost_link": 0.03,
    "offline_s": [0.05, 0.2],
}


def fleet(port: int, count: int = 4, **changes: Any) -> dict[str, Any]:
    vehicle = {
        "plate": "湘F32718",
        "plate_colour": 2,
        "route": [[29.48, 113.27], [29.49, 113.28]],
        "speed_kmh": 60,
        "interval_s": 0.02,
    }
    vehicles = [
        vehicle
        | {
            "phone": f"1390000001{number}",
            "version": "2019" if number % 2 else "2013",
            "auth_code": None if number % 2 else f"code-1390000001{number}",
        }
        for number in range(count)
    ]
    return {"host": "127.0.0.1", "port": port, "vehicles": vehicles} | changes


async def register(bus: MemoryBus, count: int = 4) -> MemoryBus:
    for number in range(count):
        phone = f"1390000001{number}"
        await put(bus, f"ref.terminal.{phone}", terminal_value(phone, 100 + number))
    return bus


async def drive(config: FleetConfig, seconds: float) -> Counter[str]:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    return await run_fleet(config, FixedClock(MOMENT), stop)


def test_it_reports_with_all_faults_and_what_was_answered_is_stored(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await register(MemoryBus())
        async with rig(bus, tmp_path) as one:
            config = parse(fleet(one.port, misbehave=ALL_FAULTS, seed=7))
            counts = await drive(config, 5)
            metrics = one.gateway.metrics
            for fault in ("noise", "bad_checksum", "repeat", "late", "lost_link", "half_frame"):
                assert counts[fault] > 0, fault
            assert counts["backfilled"] > 0
            # A bad checksum is answered with "bad message" where its header can be believed.
            assert 0 < metrics.answers["bad_message"] <= counts["bad_checksum"]
            assert metrics.bad_frames["bad_checksum"] >= counts["bad_checksum"] / 2
            assert metrics.taken_over + metrics.closed["by_terminal"] > 0
        rows = [row for array in positions(bus.messages) for row in array]
        assert {int(row["vehicle"]) for row in rows} == {100, 101, 102, 103}
        assert {int(row["source"]) for row in rows} == {0, 2}
        assert len(rows) >= counts["answered_ok"] > 100

    run(main())


def test_it_behaves_when_it_is_told_to(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await register(MemoryBus())
        async with rig(bus, tmp_path) as one:
            counts = await drive(parse(fleet(one.port)), 1.0)
            assert one.gateway.metrics.bad_frames == {}
        rows = [row for array in positions(bus.messages) for row in array]
        assert counts["log_ins"] == 4
        # The last report of each may still be on its way when the fleet is stopped.
        assert counts["answered_ok"] <= len(rows) <= counts["reports"] <= len(rows) + 8
        for vehicle in range(100, 104):
            own = [row for row in rows if row["vehicle"] == vehicle]
            travelled = [int(row["mileage"]) for row in own]
            assert travelled == sorted(travelled)
            assert {int(row["speed"]) // 100 for row in own} <= {5, 6}

    run(main())


def test_it_drives_on_where_it_stopped_and_tells_of_the_time_without_a_link(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        bus = await register(MemoryBus(), 1)
        async with rig(bus, tmp_path) as one:
            plan = fleet(one.port, 1)
            plan["vehicles"][0] |= {
                "away_s": 900, "rush_kmh": 90, "rush_every_s": 300, "rush_s": 60,
            }  # fmt: skip
            driven: dict[str, float] = {}
            stop = asyncio.Event()
            asyncio.get_running_loop().call_later(1.0, stop.set)
            await run_fleet(parse(plan), FixedClock(MOMENT), stop, None, driven)
            rows = [row for array in positions(bus.messages) for row in array]
            before = [row for row in rows if row["source"] == 2]
            assert len(before) == 30
            spans = {(int(b["time_ms"]) - int(a["time_ms"])) for a, b in pairwise(before)}
            assert spans == {30_000}
            fast = [int(row["speed"]) > 800 for row in before]
            # The rush is the last minute of five: two of the ten reports of each.
            assert fast == ([False] * 8 + [True] * 2) * 3
            travelled = [int(row["mileage"]) for row in rows]
            assert travelled == sorted(travelled)
            # Started again: it goes on, and what was told is not told again.
            stop = asyncio.Event()
            asyncio.get_running_loop().call_later(1.0, stop.set)
            await run_fleet(parse(plan), FixedClock(MOMENT), stop, None, driven)
            again = [row for array in positions(bus.messages) for row in array][len(rows) :]
            assert {int(row["source"]) for row in again} == {0}
            assert min(int(row["mileage"]) for row in again) >= max(travelled)

    run(main())


def test_it_keeps_its_reports_while_the_platform_is_away(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await register(MemoryBus())
        async with rig(bus, tmp_path) as first:
            port = first.port
        stop = asyncio.Event()
        counts: Counter[str] = Counter()
        config = parse(fleet(port, 1))
        driving = asyncio.create_task(run_fleet(config, FixedClock(MOMENT), stop, counts))
        await asyncio.sleep(0.5)
        assert counts["log_in_linklost"] == 1
        assert counts["log_ins"] == 0
        assert counts["reports"] > 10
        async with rig(bus, tmp_path, port=port):
            for _ in range(400):
                if counts["backfilled"]:
                    break
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            stop.set()
            await driving
        rows = [row for array in positions(bus.messages) for row in array]
        assert sum(int(row["source"]) == 2 for row in rows) == counts["backfilled"] > 10

    run(main())


def test_it_says_who_drives_what_is_carried_and_what_the_cameras_saw(tmp_path: Path) -> None:
    """Terminals of all three editions; one of 2011 sends what it kept without a batch."""

    async def main() -> None:
        bus = await register(MemoryBus())
        async with rig(bus, tmp_path) as one:
            value = fleet(one.port, 3, misbehave={"lost_link": 0.05, "offline_s": [0.05, 0.1]})
            value["vehicles"][0]["version"] = "2011"
            for vehicle in value["vehicles"]:
                vehicle |= {"driver": "张三", "waybill": "汽油 30 吨" * 200, "alarms": 0.3}
            stop, counts = asyncio.Event(), Counter[str]()
            driving = asyncio.create_task(run_fleet(parse(value), FixedClock(MOMENT), stop, counts))
            messages, bad = one.gateway.metrics.messages, one.gateway.metrics.bad_frames
            async with asyncio.timeout(30):
                while counts["backfilled"] < 30 or not counts["alarms"]:
                    await asyncio.sleep(0.02)
            stop.set()
            await driving
        # A link that is lost may cut the frame that was on its way.
        assert set(bad) <= {"cut"}
        # A card and a waybill of three parts after each log-in; the last may be on its way.
        assert counts["log_ins"] - 3 <= messages["0x0702"] <= counts["log_ins"]
        assert messages["0x0701"] >= 3 * (counts["log_ins"] - 3) > 0
        rows = [row for array in positions(bus.messages) for row in array]
        assert {int(row["vehicle"]) for row in rows} == {100, 101, 102}
        assert {int(row["source"]) for row in rows if row["vehicle"] == 100} == {0}
        assert 2 in {int(row["source"]) for row in rows if row["vehicle"] != 100}

    run(main())


def test_it_runs_as_a_command(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path) as one:
            value = fleet(1, 1)
            value["vehicles"][0] |= {"phone": PHONE, "auth_code": f"code-{PHONE}"}
            path = tmp_path / "fleet.json"
            path.write_text(json.dumps(value), "utf-8")
            process = await asyncio.create_subprocess_exec(
                *(
                    sys.executable,
                    "-m",
                    "jiaoan.simulate",
                    str(path),
                    "--port",
                    str(one.port),
                    "--seconds",
                    "1",
                ),
                stdout=subprocess.PIPE,
            )
            out, _ = await process.communicate()
            assert process.returncode == 0
            assert json.loads(out)["answered_ok"] > 10

    run(main())
