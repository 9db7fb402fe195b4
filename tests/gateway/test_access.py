"""Lists, bounds and take-overs: who may be here, how many, how fast, and one link for each."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from jiaoan.gateway import links as links_module
from jiaoan.gateway.access import Access, BadSettings, read_limits, read_lists
from jiaoan.gateway.flood import Bucket, Doors
from jiaoan.gateway.limits import Limits
from jiaoan.gateway.metrics import Metrics
from jiaoan.simulate.terminal import LinkLost, Refused

from .helpers import MOMENT, OTHER, PHONE, MemoryBus, known, quick, rig, run, until

HERE = (29.48, 113.27)
FILE = "gateway.toml"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "cannot be read"),
        ("[people]", "people"),
        ("addresses = 3", "must be a table"),
        ('[addresses]\nblock = "10.0.0.1"', "list of texts"),
        ("[addresses]\nblock = [10]", "list of texts"),
        ('[addresses]\ndeny = ["10.0.0.1"]', "allow and block"),
        ('[addresses]\nallow = ["10.0.0.999"]', "no address"),
        ("[terminals]\nblock = [13900000001]", "list of texts"),
    ],
)
def test_it_names_what_is_wrong_with_the_lists(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BadSettings, match=says):
        read_lists(tmp_path / FILE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[limits]\nidle = 3", "it knows"),
        ("[limits]\nidle_s = -1", "above 0"),
        ("[limits]\nidle_s = true", "above 0"),
        ('[limits]\nidle_s = "3"', "above 0"),
        ("[limits]\nconnections = 2.5", "whole number"),
    ],
)
def test_it_names_what_is_wrong_with_a_limit(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BadSettings, match=says):
        read_limits(tmp_path / FILE, Limits())


def test_it_reads_limits_over_their_defaults(tmp_path: Path) -> None:
    assert read_limits(tmp_path / FILE, Limits()) == Limits()
    (tmp_path / FILE).write_text("[limits]\nidle_s = 600\nconnections = 200\n")
    found = read_limits(tmp_path / FILE, Limits())
    assert (found.idle_s, found.connections, found.login_s) == (600.0, 200, Limits().login_s)


def test_it_lets_block_win_over_allow_and_knows_both_families(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        '[addresses]\nallow = ["10.0.0.0/8", "2001:db8::/32"]\nblock = ["10.9.0.0/16"]\n'
        '[terminals]\nblock = ["013900000001"]\n'
    )
    access = Access(tmp_path / FILE, Metrics())
    allowed = ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1%eth0"]
    refused = ["10.9.0.1", "::ffff:10.9.0.1", "192.0.2.1", "2001:db9::1", "?"]
    assert all(access.address(one) for one in allowed)
    assert not any(access.address(one) for one in refused)
    assert not access.terminal(PHONE)
    assert access.terminal(OTHER)


def test_it_keeps_the_lists_while_the_file_cannot_be_read(tmp_path: Path) -> None:
    path, metrics = tmp_path / FILE, Metrics()
    access = Access(path, metrics)
    path.write_text('[terminals]\nallow = ["13900000001"]\n')
    assert access.renew()
    assert not access.renew()
    path.write_text("[terminals\n")
    assert not access.renew()
    assert (metrics.bad_settings, access.terminal(OTHER)) == (1, False)
    path.unlink()
    assert access.renew()
    assert access.terminal(OTHER)


def test_it_fills_a_bucket_with_time_and_lets_it_go_into_debt() -> None:
    bucket = Bucket(10)
    assert bucket.take(10, 5, 100.0)
    assert not bucket.take(1, 5, 100.0)
    assert bucket.owed == 1
    assert bucket.take(1, 5, 100.4)
    assert not bucket.take(11, 5, 1000.0)
    assert bucket.owed == 1


def doors(folder: Path, **changes: float) -> Doors:
    metrics = Metrics()
    return Doors(Limits(**changes), metrics, Access(folder / FILE, metrics))  # type: ignore[arg-type]


def test_it_counts_the_frames_of_an_address_over_all_its_links(tmp_path: Path) -> None:
    """Two links of one address share its bound; another address has its own."""
    gate = doors(tmp_path, address_frames_per_s=100.0, address_frames_burst=50)
    assert gate.frames("10.0.0.1", 30, 1.0)
    assert not gate.frames("10.0.0.1", 30, 1.0)
    assert gate.owed_s("10.0.0.1") == pytest.approx(0.1)
    assert gate.frames("10.0.0.2", 30, 1.0)
    assert gate.owed_s("10.0.0.2") == 0
    assert gate.frames("10.0.0.1", 1, 1.2)  # the debt is paid, and ten more came back


def test_it_drops_datagrams_without_a_debt_but_counts_them_with_the_links(tmp_path: Path) -> None:
    gate = doors(tmp_path, address_frames_per_s=100.0, address_frames_burst=50)
    assert gate.spare("10.0.0.1", 50, 1.0)
    assert not gate.spare("10.0.0.1", 1_000, 1.0)
    assert gate.owed_s("10.0.0.1") == 0
    assert gate.spare("10.0.0.1", 10, 1.1)
    assert not gate.frames("10.0.0.1", 1, 1.1)


def test_it_remembers_a_bounded_number_of_addresses(tmp_path: Path) -> None:
    gate = doors(tmp_path, address_frames_burst=1)
    for number in range(10_001):
        gate.frames(f"10.{number // 256}.0.{number % 256}", 2, 1.0)
    assert gate.owed_s("10.0.0.0") == 0  # gave way
    assert gate.owed_s("10.0.0.1") > 0


@pytest.mark.socket
def test_it_puts_out_a_terminal_and_an_address_when_the_lists_change(tmp_path: Path) -> None:
    async def main() -> None:
        async with rig(await known(MemoryBus()), tmp_path) as one:
            first, second = await one.live(), await one.live(OTHER)
            (tmp_path / FILE).write_text(f'[terminals]\nblock = ["{PHONE}"]\n')
            await until(lambda: not first.connected, "the blocked one is put out")
            assert await second.heartbeat() == 0
            with pytest.raises(Refused):
                await one.live()
            (tmp_path / FILE).write_text('[addresses]\nblock = ["127.0.0.0/8"]\n')
            await until(lambda: not second.connected, "the address is put out")
            with pytest.raises(LinkLost):
                await one.live(OTHER)
            assert one.gateway.metrics.closed["terminal_blocked"] == 1
            assert one.gateway.metrics.closed["address_blocked"] >= 1
            assert one.gateway.metrics.refused["address_blocked"] == 1
            (tmp_path / FILE).unlink()
            await asyncio.sleep(0.7)
            assert await (await one.live()).heartbeat() == 0

    run(main())


@pytest.mark.socket
def test_it_bounds_links_and_new_links_of_one_address(tmp_path: Path) -> None:
    async def main() -> None:
        limits = quick(connections_per_address=2)
        async with rig(await known(MemoryBus()), tmp_path, limits) as one:
            first, _second = await one.live(), await one.live(OTHER)
            with pytest.raises(LinkLost):
                await one.live("13900000019")
            await first.close()
            await until(lambda: len(one.gateway.links) == 1, "there is room again")
            assert await (await one.live()).heartbeat() == 0
            assert one.gateway.metrics.refused["address_connections"] == 1
        limits = quick(connects_burst=2, connects_per_s=0.5)
        async with rig(await known(MemoryBus()), tmp_path, limits) as one:
            await one.live()
            await one.live(OTHER)
            with pytest.raises(LinkLost):
                await one.live()
            await asyncio.sleep(2.1)
            assert await (await one.live()).heartbeat() == 0
            assert one.gateway.metrics.refused["address_rate"] == 1

    run(main())


@pytest.mark.socket
def test_it_reads_a_flood_more_slowly_and_loses_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        limits = quick(frames_per_s=400.0, frames_burst=50)
        async with rig(bus, tmp_path, limits) as one:
            loop = asyncio.get_running_loop()
            calm = await one.live(OTHER)
            flooding = await one.live()
            begun = loop.time()
            frames = b"".join(flooding.frame(0x0002, b"")[1] for _ in range(2000))
            await flooding.send(frames)
            await until(lambda: one.gateway.metrics.held_back > 0, "it is held back")
            assert await calm.report(*HERE, 10, MOMENT) == 0  # the neighbour feels nothing
            for _ in range(1500):
                if one.gateway.metrics.frames >= 2003:
                    break
                await asyncio.sleep(0.01)
            assert one.gateway.metrics.frames >= 2003
            assert loop.time() - begun > 2
            assert flooding.connected

    run(main())


@pytest.mark.socket
def test_it_closes_an_older_link_in_another_process(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path / "a") as one, rig(bus, tmp_path / "b") as two:
            older = await one.live()
            stays = await one.live(OTHER)
            newer = await two.live()
            await until(lambda: not older.connected, "the older link is closed")
            assert await newer.report(*HERE, 10, MOMENT) == 0
            assert await stays.heartbeat() == 0
            assert one.gateway.metrics.taken_over == 1
            assert two.gateway.metrics.taken_over == 0
            await one.live()  # and back again
            await until(lambda: not newer.connected, "the newer one is closed in turn")

    run(main())


@pytest.mark.socket
def test_it_keeps_the_later_of_two_that_come_together(tmp_path: Path) -> None:
    """A note that was said before our own admission is older news; beyond the race it never is."""

    async def main() -> None:
        async with rig(await known(MemoryBus()), tmp_path) as one:
            link = await one.live()
            early = {"phone": PHONE, "at": 1, "by": "other", "peer": "x"}
            one.gateway.links.heard(links_module.ADMITTED, json.dumps(early).encode())
            assert await link.heartbeat() == 0
            before, links_module.RACE_S = links_module.RACE_S, 0.0
            try:
                one.gateway.links.heard(links_module.ADMITTED, json.dumps(early).encode())
            finally:
                links_module.RACE_S = before
            await until(lambda: not link.connected, "a settled link gives way, whatever the clock")

    run(main())
