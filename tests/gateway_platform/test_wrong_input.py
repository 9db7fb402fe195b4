"""What strangers and bad senders do to a real socket: each costs itself, and people see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jiaoan.gateway.platform.superior import Superior
from jiaoan.wire.jt809 import Cipher, Edition, Header, Message, build_frame
from jiaoan.wire.jt809.exchange import Period
from jiaoan.wire.jt809.framing import checksum, escape, unescape
from jiaoan.wire.jt809.links import Empty, Login2011, Login2019, Verify
from jiaoan.wire.jt809.location import Carried
from jiaoan.wire.jt809.messages import Content, Raw

from .helpers import CIPHER, CODE, MOMENT, PLATES, Both, location, run, seconds_of, settings, until

pytestmark = pytest.mark.socket
_CIPHER = Cipher(*CIPHER.values())
_PLATE = PLATES[7]


class Caller:
    """A subordinate made by hand, which can say anything on its main link."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._serial = reader, writer, 0

    @classmethod
    async def at(cls, port: int) -> Caller:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def frame(self, message_id: int, body: bytes) -> bytes:
        self._serial += 1
        head = Header(0, self._serial, message_id, CODE, time=MOMENT, timed=True)
        return build_frame(head, body)

    def say(self, *octets: bytes) -> None:
        self._writer.write(b"".join(octets))

    async def hear(self, message_id: int) -> bytes:
        """The body of the next frame with this id."""
        while True:
            async with asyncio.timeout(30):
                raw = await self._reader.readuntil(b"]")
            content, _ = unescape(raw.strip(b"[]"))
            if int.from_bytes(content[8:10], "big") == message_id:
                return _CIPHER.apply(content[30:-2], int.from_bytes(content[18:22], "big"))

    async def log_in(self, password: str = "secret12") -> bytes:
        login = Login2019(8, password, CODE, "127.0.0.1", 1)
        self.say(self.frame(0x1001, login.build()))
        return await self.hear(0x1002)

    async def is_answered(self) -> None:
        """A keep-alive is answered: all before it was read, and the link lives."""
        self.say(self.frame(0x1005, b""))
        await self.hear(0x1006)

    async def ended(self) -> bytes:
        async with asyncio.timeout(30):
            return await self._reader.read()

    def close(self) -> None:
        self._writer.close()

    def business(self, sub_type: int, content: Content, plate: str = _PLATE) -> bytes:
        message = Message.of(sub_type, content, plate, 2)
        return self.frame(message.message_id, message.build(Edition.V2019))

    def position(self, second: int) -> bytes:
        return self.business(0x1202, Carried(0, location(second).build()))


def others(both: Both) -> list[dict[str, Any]]:
    return [one for one in both.upper.told() if one["kind"] == "other"]


def with_caller(folder: Path, **limits: Any) -> Callable[[Any], None]:
    """Run a check with both ends: the superior of 2019 and a caller that is logged in."""

    def carry_out(check: Any) -> None:
        async def main() -> None:
            async with Both(folder, "2019", **limits) as both:
                superior = await both.start_superior()
                caller = await Caller.at(both.port)
                assert (await caller.log_in())[0] == 0
                await check(both, superior, caller)
                caller.close()

        run(main())

    return carry_out


def bent(frame: bytes, at: int) -> bytes:
    """One octet of the content is another; flags and escapes stay what they are."""
    return frame[:at] + bytes([frame[at] ^ 1]) + frame[at + 1 :]


def with_length(frame: bytes, length: int) -> bytes:
    """A sound frame that says another length."""
    content = length.to_bytes(4, "big") + frame[5:-3]
    return b"[" + escape(content + checksum(content).to_bytes(2, "big")) + b"]"


def wrong_frames(caller: Caller) -> dict[str, bytes]:
    """By the fault that is told."""
    plain = Message.of(0x1202, Carried(0, location(1).build()), _PLATE, 2)
    body = plain.build(Edition.V2019)
    head = Header(0, 9, 0x1200, CODE, time=MOMENT, timed=True)
    other = Cipher(11, 13, 17)
    wrong_key = build_frame(replace(head, encrypted=True, key=7), body, other)
    inner = body[:24] + (len(body)).to_bytes(4, "big") + body[28:]
    sound = caller.frame(0x1005, b"")
    return {
        "bad_checksum": bent(sound, 20),
        "length_mismatch": with_length(sound, 500),
        "inner_length_overrun": build_frame(head, inner),
        "too_short": b"[\x00\x01\x02]",
        "cut": b"[" + sound[1:20],
        "noise": b"GET / HTTP/1.1\r\n",
        "wrong key": wrong_key,
    }


def test_a_bad_frame_costs_itself_and_is_shown_with_its_octets(tmp_path: Path) -> None:
    async def check(both: Both, superior: Superior, caller: Caller) -> None:
        frames = wrong_frames(caller)
        for second, octets in enumerate(frames.values()):
            caller.say(caller.position(second), octets)
            await caller.is_answered()
        assert seconds_of(both.upper, 7) == list(range(len(frames)))
        found = others(both)
        assert {one["why"] for one in found} == {"unreadable"}
        faults = [one["detail"].partition(":")[0] for one in found]
        assert faults[:-1] == list(frames)[:-1]
        # What a wrong key makes of a body is accident: it is refused, whatever it looks like.
        assert len(faults) == len(frames)
        for one, octets in zip(found, frames.values(), strict=True):
            assert bytes.fromhex(one["octets"]) == octets.strip(b"[]")
            assert one["access_code"] == CODE

    with_caller(tmp_path)(check)


@pytest.mark.parametrize("size", [1, 7, 30])
def test_a_frame_comes_in_any_pieces(tmp_path: Path, size: int) -> None:
    async def check(both: Both, superior: Superior, caller: Caller) -> None:
        octets = caller.position(0)
        for at in range(0, len(octets), size):
            caller.say(octets[at : at + size])
            await asyncio.sleep(0)
        await caller.is_answered()
        assert seconds_of(both.upper, 7) == [0]
        assert others(both) == []

    with_caller(tmp_path)(check)


def test_unknown_messages_are_shown_and_the_link_goes_on(tmp_path: Path) -> None:
    async def check(both: Both, superior: Superior, caller: Caller) -> None:
        caller.say(
            caller.business(0x12FF, Raw(b"strange")),
            caller.frame(0x5501, Message.of(0x5501, Raw(b"x"), _PLATE, 2).build(Edition.V2019)),
            caller.frame(0x9001, Verify(7).build()),
            caller.position(0),
        )
        await caller.is_answered()
        assert seconds_of(both.upper, 7) == [0]
        found = others(both)
        assert [one["message"] for one in found] == [0x12FF, 0x5501, 0x9001]
        assert {one["why"] for one in found} == {"no_procedure"}
        assert bytes.fromhex(found[0]["octets"]).endswith(b"\x12\xff\0\0\0\x07strange")
        assert (found[0]["plate"], found[0]["plate_colour"]) == (_PLATE, 2)

    with_caller(tmp_path)(check)


def test_ten_thousand_unknown_messages_are_some_and_a_count(tmp_path: Path) -> None:
    async def check(both: Both, superior: Superior, caller: Caller) -> None:
        caller.say(*(caller.business(0x12FF, Raw(b"again")) for _ in range(10_000)))
        caller.say(caller.position(0))
        await caller.is_answered()
        assert seconds_of(both.upper, 7) == [0]
        assert superior.metrics.messages["0x12ff"] == 10_000
        assert len(others(both)) == 20

        def counted() -> list[int]:
            return [one["more"] for one in both.upper.told() if one["kind"] == "others_more"]

        # While the flood is read it may be told more than once.
        await until(lambda: 9980 in counted(), "the count")
        assert counted() == sorted(counted())
        # A kind of its own is told beside the flood of another.
        caller.say(caller.business(0x12FE, Raw(b"other")))
        await caller.is_answered()
        assert others(both)[-1]["message"] == 0x12FE

    with_caller(tmp_path, count_s=0.2)(check)


def test_a_second_main_link_with_the_right_login_takes_the_place_of_the_first(
    tmp_path: Path,
) -> None:
    async def check(both: Both, superior: Superior, caller: Caller) -> None:
        second = await Caller.at(both.port)
        assert (await second.log_in())[0] == 0
        assert await caller.ended() == b""
        assert superior.metrics.ended["taken_over"] == 1
        second.say(second.position(3))
        await second.is_answered()
        assert seconds_of(both.upper, 7) == [3]
        second.close()

    with_caller(tmp_path)(check)


def test_a_second_main_link_with_a_wrong_login_is_shown_and_changes_nothing(
    tmp_path: Path,
) -> None:
    async def check(both: Both, superior: Superior, caller: Caller) -> None:
        for _ in range(25):
            second = await Caller.at(both.port)
            assert (await second.log_in("guess"))[0] == 4
            assert await second.ended() == b""
        await caller.is_answered()
        await until(lambda: len(others(both)) == 20, "twenty are told, the rest is counted")
        assert superior.metrics.callers_refused["wrong_password"] == 25
        (one, *_) = others(both)
        assert (one["why"], one["reason"], one["host"]) == (
            "turned_away", "wrong_password", "127.0.0.1",
        )  # fmt: skip
        assert (one["platform"], one["access_code"]) == ("示意运输平台", CODE)

    with_caller(tmp_path)(check)


def test_a_login_from_a_foreign_address_is_refused_and_shown(tmp_path: Path) -> None:
    async def main() -> None:
        async with Both(tmp_path) as both:
            side = settings("2019", 0).superior
            assert side is not None
            (known,) = side.subordinates
            entry = replace(known.entry, hosts=frozenset({"192.0.2.7"}))
            far = replace(side, subordinates=(replace(known, entry=entry),))
            both.superior = Superior(far, both.upper, tmp_path, both.clock, both.limits)
            caller = await Caller.at(await both.superior.start())
            assert (await caller.log_in())[0] == 1
            assert await caller.ended() == b""
            await until(lambda: len(others(both)) == 1, "it is told")
            assert others(both)[0]["reason"] == "wrong_address"
            assert not both.superior.seats[CODE].pair.main.live
            caller.close()

    run(main())


def test_strangers_are_shown_whatever_they_say(tmp_path: Path) -> None:
    """An access code that nobody has, a login that cannot be read, noise, half a frame."""

    async def main() -> None:
        async with Both(tmp_path) as both:
            superior = await both.start_superior()
            login = Login2011(1, "x", "127.0.0.1", 1).build()
            unknown = build_frame(Header(0, 1, 0x1001, 42), login)
            head = Header(0, 1, 0x1001, CODE, time=MOMENT, timed=True)
            garbled = build_frame(head, b"\1\2\3")
            said = (unknown, garbled, b"\x16\x03\x01]", garbled[:30], b"[]", b"][", b"]" * 99)
            for octets in said:
                caller = await Caller.at(both.port)
                caller.say(octets)
                await caller.ended()
                caller.close()
            await until(lambda: len(others(both)) == len(said), "all are told")
            reasons = [one["reason"] for one in others(both)]
            assert reasons == ["unknown_access_code", "unreadable"] + ["noise"] * 5
            assert others(both)[1]["detail"].startswith("too_short")
            assert [bytes.fromhex(one["octets"]) for one in others(both)] == list(said)
            assert superior.metrics.callers_refused.total() == len(said)

    run(main())


def test_a_subordinates_requests_for_positions_are_answered_and_shown(tmp_path: Path) -> None:
    async def check(both: Both, superior: Superior, caller: Caller) -> None:
        period, backwards = Period(MOMENT, MOMENT), Period(MOMENT, None)
        asked = (
            (0x1207, period, _PLATE, 3), (0x1207, period, "沪A00000", 1),
            (0x1207, backwards, _PLATE, 2), (0x1208, Empty(), _PLATE, 1),
            (0x1209, period, _PLATE, 4), (0x1209, period, "沪A00000", 2),
            (0x1209, backwards, _PLATE, 3),
        )  # fmt: skip
        for sub_type, content, plate, result in asked:
            caller.say(caller.business(sub_type, content, plate))
            body = await caller.hear(0x9200)
            assert int.from_bytes(body[22:24], "big") == sub_type | 0x8000
            assert body[28:30] == sub_type.to_bytes(2, "big")
            assert body[-1] == result
        assert [one["result"] for one in others(both)] == [one[3] for one in asked]
        assert {one["why"] for one in others(both)} == {"answered"}

    with_caller(tmp_path)(check)
