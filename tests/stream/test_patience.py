"""A bus that is not there is waited for; a wrong configuration is not."""

from __future__ import annotations

import asyncio

import pytest

from jiaoan.stores.bus import BusUnavailable, NotDurable
from jiaoan.stream import patience
from jiaoan.stream.patience import Stopped, patient


class Bus:
    """Gives no answer so many times, and then one."""

    def __init__(self, outages: int, error: type[BusUnavailable] = BusUnavailable) -> None:
        self.outages, self.error, self.asked = outages, error, 0

    async def ask(self) -> str:
        self.asked += 1
        if self.asked > self.outages:
            return "answer"
        raise self.error("the link to the bus is lost")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "RETRY_S", 0.001)


def test_it_asks_until_it_is_answered_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    bus = Bus(outages=5)
    assert asyncio.run(patient(bus.ask)) == "answer"
    assert bus.asked == 6
    assert [record.message for record in caplog.records] == [
        "waiting for the bus: the link to the bus is lost"
    ]


def test_it_ends_when_the_process_is_to_end() -> None:
    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, stop.set)
        with pytest.raises(Stopped):
            await patient(Bus(outages=10**6).ask, stop)

    asyncio.run(main())


def test_it_does_not_wait_for_a_server_that_may_lose_what_it_acknowledges() -> None:
    bus = Bus(outages=5, error=NotDurable)
    with pytest.raises(NotDurable):
        asyncio.run(patient(bus.ask))
    assert bus.asked == 1
