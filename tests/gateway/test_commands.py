"""Commands down: sent by the process that holds the terminal, answered once, never begun again."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bus_server import BusServer
from jiaoan.gateway.commands.command import BadCommand, read_command
from jiaoan.simulate import octets
from jiaoan.simulate.device import Device, Message, general
from jiaoan.simulate.octets import Command, Fix
from jiaoan.simulate.terminal import Terminal
from jiaoan.stores.bus import Bus

from .helpers import (
    MOMENT,
    NEWER,
    PHONE,
    UNAVAILABLE,
    MemoryBus,
    Rig,
    known,
    positions,
    quick,
    rig,
    run,
    until,
)

pytestmark = pytest.mark.socket


async def command(
    bus: Any,
    kind: str = "text",
    phone: str = PHONE,
    *,
    expires_at: datetime = MOMENT + timedelta(minutes=30),
    **arguments: object,
) -> str:
    """Publish one as the worker does; its id."""
    name = uuid.uuid4().hex
    said = {
        "id": name,
        "kind": kind,
        "arguments": arguments or {"text": "前方危货禁行，请驶离"},
        "expires_at": expires_at.isoformat(),
    }
    await bus.publish(f"down.{phone}", json.dumps(said).encode(), message_id=f"outbox-{name}")
    return name


def news(bus: MemoryBus, name: str = "") -> list[dict[str, Any]]:
    """What went up about a command, in order."""
    found = [json.loads(m.data) for m in bus.messages if m.subject == "findings.command"]
    return [one for one in found if not name or one["id"] == name]


def states(bus: MemoryBus, name: str) -> list[str]:
    return [one["state"] for one in news(bus, name)]


Reply = Callable[[Command], list[Message]]


class Cab(Device):
    """A terminal that notes what it is told and answers by rule."""

    def __init__(self, reply: Reply | None = None, version: str = "2013") -> None:
        super().__init__(version, "1234567", lambda: Fix(29.5, 113.3, 41, 90, MOMENT))
        self.asked: list[Command] = []
        self.reply = reply or ok

    async def enter(self, one: Rig, phone: str = PHONE, version: str = "2013") -> Terminal:
        self.version = self.areas.version = version
        return await one.log_in(one.terminal(phone, version, device=self))

    def answer(self, command: Command) -> list[Message]:
        self.asked.append(command)
        return self.reply(command)


def ok(asked: Command) -> list[Message]:
    return [general(asked, 0)]


def nothing(asked: Command) -> list[Message]:
    """A terminal that hears and does not answer."""
    return []


def beat(asked: Command) -> list[Message]:
    """One that lives, and does not answer either."""
    return [Message(octets.HEARTBEAT, b"")]


def refuse(asked: Command) -> list[Message]:
    return [general(asked, 3)]


def fast(**changes: Any) -> Any:
    return quick(**({"command_answer_s": 0.15} | changes))


@pytest.mark.parametrize(
    ("phone", "version", "body"),
    [(PHONE, "2013", b"\x0c"), (NEWER, "2019", b"\x0d\x02")],
)
def test_it_sends_a_text_and_tells_that_the_terminal_confirmed_it(
    tmp_path: Path, phone: str, version: str, body: bytes
) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast()) as one:
            cab = Cab()
            await cab.enter(one, phone, version)
            name = await command(bus, phone=phone)
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is confirmed")
            (asked,) = cab.asked
            assert asked.message_id == 0x8300
            assert asked.body == body + "前方危货禁行，请驶离".encode("gbk")
            assert [one["tries"] for one in news(bus, name)] == [1, 1]
            await until(lambda: len(one.gateway.commands) == 0, "it is forgotten")

    run(main())


def test_it_keeps_a_command_until_its_terminal_comes(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast()) as one:
            name = await command(bus)
            await until(lambda: len(one.gateway.commands) == 1, "it is known")
            await asyncio.sleep(0.2)
            assert states(bus, name) == []
            await Cab().enter(one)
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is confirmed")

    run(main())


def test_it_does_not_send_what_has_expired(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast()) as one:
            name = await command(bus, expires_at=MOMENT + timedelta(minutes=5))
            await until(lambda: len(one.gateway.commands) == 1, "it is known")
            one.clock.advance(timedelta(minutes=6))
            await until(lambda: len(one.gateway.commands) == 0, "it is forgotten")
            cab = Cab()
            terminal = await cab.enter(one)
            assert await terminal.heartbeat() == 0
            assert (cab.asked, states(bus, name)) == ([], [])
            assert one.gateway.metrics.commands["expired"] == 1

    run(main())


def test_it_repeats_the_same_octets_and_gives_up_after_three(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast(command_answer_s=0.05)) as one:
            cab = Cab(beat)
            await cab.enter(one)
            name = await command(bus)
            wanted = ["sent", "sent", "sent", "timed_out"]
            await until(lambda: states(bus, name) == wanted, "it gives up")
            assert len(set(cab.asked)) == 1
            assert len(cab.asked) == 3


def test_it_does_not_count_what_went_into_a_silent_link(tmp_path: Path) -> None:
    """In a tunnel: three sendings, no sign of life; then it comes out, over the same link."""

    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast(command_answer_s=0.05)) as one:
            cab = Cab(nothing)
            terminal = await cab.enter(one)
            name = await command(bus)
            await until(lambda: len(cab.asked) == 3, "it was sent three times")
            await asyncio.sleep(0.8)
            assert states(bus, name) == ["sent"] * 3  # not timed out
            assert len(one.gateway.commands) == 1
            cab.reply = ok
            assert await terminal.heartbeat() == 0
            await until(lambda: states(bus, name)[-1] == "answered", "it is sent anew")
            assert [one["tries"] for one in news(bus, name)] == [1, 2, 3, 4, 4]

    run(main())

    run(main())


def test_it_takes_an_answer_to_a_repetition(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast()) as one:
            cab = Cab(lambda asked: (ok if cab.asked[1:] else beat)(asked))
            await cab.enter(one)
            name = await command(bus)
            wanted = ["sent", "sent", "answered"]
            await until(lambda: states(bus, name) == wanted, "the second one is confirmed")

    run(main())


def test_it_tells_a_refusal_with_its_reason(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast()) as one:
            await Cab(refuse).enter(one)
            name = await command(bus, "locate")
            await until(lambda: states(bus, name) == ["sent", "refused"], "it is refused")
            assert news(bus, name)[-1]["reason"] == "unsupported"

    run(main())


def located(asked: Command) -> list[Message]:
    # A general "ok" first, as some terminals do: it is no answer to a roll call.
    fix = Fix(29.5, 113.3, 41, 90, MOMENT)
    body = asked.serial.to_bytes(2, "big") + octets.location(fix)
    return [general(asked, 0), Message(0x0201, body)]


def test_it_answers_a_roll_call_only_after_its_position_is_stored(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast(command_answer_s=5)) as one:
            cab = Cab(located)
            terminal = await cab.enter(one)
            bus.hold = asyncio.Event()
            bus.held = "positions."
            name = await command(bus, "locate")
            await until(lambda: one.gateway.publisher.depth == 1, "the position is queued")
            await asyncio.sleep(0.05)
            assert states(bus, name) == ["sent"]
            bus.hold.set()
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is answered")
            assert terminal.answers == []  # an answer is not answered
        (array,) = positions(bus.messages)
        assert (int(array[0]["lat"]), int(array[0]["speed"])) == (29_500_000, 410)

    run(main())


def test_it_reads_parameters_with_their_octets_beside_them(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast()) as one:
            cab = Cab()
            cab.parameters = {0x0055: (80).to_bytes(4, "big"), 0x0083: "湘F32718".encode("gbk")}
            cab.reply = super(Cab, cab).answer
            await cab.enter(one)
            every = await command(bus, "read", ids=[])
            some = await command(bus, "read", ids=[0x55])
            await until(lambda: len(news(bus)) == 4, "both are answered")
            assert {asked.message_id for asked in cab.asked} == {0x8104, 0x8106}
            assert news(bus, every)[-1]["result"] == {
                "parameters": {
                    "85": {"value": 80, "hex": "00000050"},
                    "131": {"value": "湘F32718", "hex": "湘F32718".encode("gbk").hex()},
                }
            }
            assert list(news(bus, some)[-1]["result"]["parameters"]) == ["85"]

    run(main())


def test_it_sets_parameters(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast()) as one:
            cab = Cab()
            await cab.enter(one)
            name = await command(bus, "set", parameters={"85": 90, "41": 10})
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is confirmed")
            assert cab.asked[0].body.hex() == "02" + "0000005504" + "0000005a" + (
                "0000002904" + "0000000a"
            )

    run(main())


def test_it_tells_what_cannot_be_sent_and_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast()) as one:
            await Cab().enter(one)
            await bus.publish(f"down.{PHONE}", b"{no json", message_id="x")
            bad = await command(bus, text="𠮷")
            empty = await command(bus, "set", parameters={})
            files = await command(bus, "attachment", alarm="00" * 16)
            good = await command(bus)
            await until(lambda: states(bus, good) == ["sent", "answered"], "the good one is sent")
            for name in (bad, empty, files):
                assert states(bus, name) == ["undeliverable"]
            assert "text" in news(bus, bad)[0]["reason"]
            assert one.gateway.metrics.commands["unreadable"] == 1

    run(main())


def test_it_goes_on_over_a_new_link_where_the_old_one_stopped(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast(command_answer_s=20)) as one:
            cab = Cab(nothing)
            first = await cab.enter(one)
            name = await command(bus)
            await until(lambda: len(cab.asked) == 1, "it was sent")
            await first.close(abruptly=True)
            again = Cab()
            await again.enter(one)
            await until(lambda: states(bus, name)[-1:] == ["answered"], "it is confirmed")
            assert [one["tries"] for one in news(bus, name)] == [1, 2, 2]

    run(main())


def test_it_never_sends_again_what_another_process_has_ended(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path / "a", fast()) as one:
            await Cab().enter(one)
            name = await command(bus)
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is confirmed")
        async with rig(bus, tmp_path / "b", fast()) as other:
            await until(lambda: len(other.gateway.commands) == 1, "the new process reads it too")
            cab = Cab()
            terminal = await cab.enter(other)
            await until(lambda: len(other.gateway.commands) == 0, "it is told that it has ended")
            assert await terminal.heartbeat() == 0
            assert cab.asked == []
            # The end may not have been told before the first process died: it is told again, under
            # the same message id.
            assert states(bus, name) == ["sent", "answered"]

    run(main())


def test_it_tells_an_end_that_was_kept_but_not_told(tmp_path: Path) -> None:
    """Killed between the claim and the telling: the next process tells it and sends nothing."""

    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path / "a", fast()) as one:
            await Cab().enter(one)
            name = await command(bus)
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is confirmed")
        bus.forget(lambda message: b'"answered"' in message.data)
        assert states(bus, name) == ["sent"]
        async with rig(bus, tmp_path / "b", fast()) as other:
            cab = Cab()
            await cab.enter(other)
            await until(lambda: states(bus, name) == ["sent", "answered"], "it is told")
            assert cab.asked == []

    run(main())


def test_it_waits_for_the_bus_and_sends_nothing_that_it_cannot_claim(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast()) as one:
            cab = Cab()
            await cab.enter(one)
            name = await command(bus)
            await until(lambda: states(bus, name) == ["sent", "answered"], "it works")
            second = await command(bus)
            bus.trouble = UNAVAILABLE
            await asyncio.sleep(0.3)
            sent_without_claim = len(cab.asked) > 1 and bus.tables["commands"].entries.get(second)
            assert len(cab.asked) == 1 or sent_without_claim
            bus.trouble = None
            await until(lambda: states(bus, second) == ["sent", "answered"], "it is sent later")

    run(main())


def test_it_leaves_answers_that_nobody_waits_for(tmp_path: Path) -> None:
    async def main() -> None:
        bus = await known(MemoryBus())
        async with rig(bus, tmp_path, fast()) as one:
            terminal = await one.live()
            await terminal.send_message(general(Command(0x8300, 77, b""), 0))
            await terminal.send_message(Message(0x0001, b"\x00"))
            assert await terminal.heartbeat() == 0
            assert one.gateway.metrics.commands["answers_nobody_waits_for"] == 2
            assert news(bus) == []

    run(main())


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"[]", "not a command"),
        (b"{}", "id"),
        (b'{"id": "x"}', "id"),
        (b'{"id": "%s", "kind": "jump"}' % (b"0" * 32), "expires_at"),
        (b'{"id": "%s", "expires_at": "2024-04-08T00:00:00"}' % (b"0" * 32), "expires_at"),
    ],
)
def test_it_names_what_is_wrong_with_a_command(data: bytes, field: str) -> None:
    with pytest.raises(BadCommand, match=field):
        read_command(f"down.{PHONE}", data)


def test_it_carries_a_command_over_the_real_bus(tmp_path: Path) -> None:
    async def main(server: BusServer) -> None:
        bus = await Bus.connect(server.url, name="test")
        await bus.prepare()
        await known(bus)
        async with rig(bus, tmp_path, fast()) as one:
            await Cab().enter(one)
            name = await command(bus)
            found: list[str] = []
            async for message in bus.read("findings.command", after=0):
                said = json.loads(message.data)
                found.append(said["state"])
                if said["id"] == name and len(found) == 2:
                    break
            assert found == ["sent", "answered"]
        await bus.close()

    with BusServer(tmp_path) as server:
        run(main(server))
