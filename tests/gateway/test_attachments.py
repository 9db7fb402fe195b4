"""Files of alarms over real sockets: whole or not at all, and told only when they are stored."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jiaoan.gateway.attachments.store import Incoming, Store
from jiaoan.simulate import octets
from jiaoan.simulate.device import Device
from jiaoan.simulate.octets import Answer, AnswerReader, Command
from jiaoan.wire.jt808 import (
    AlarmSign,
    FileAnswer,
    FileInfo,
    FileList,
    FileSent,
    UploadOrder,
    build_block,
)
from jiaoan.wire.jt808.attachments import FileEntry

from .helpers import (
    MOMENT,
    OTHER,
    PHONE,
    UNAVAILABLE,
    MemoryBus,
    Rig,
    known,
    quick,
    rig,
    run,
    until,
)
from .test_commands import Cab, command, states

pytestmark = pytest.mark.socket
SIGN = bytes.fromhex("3132333435363724040806400000" + "0200")
PICTURE = random.Random(1).randbytes(150_000)
NAME = "00_65_6501_0_abc.jpg"
BLOCK = 65_536


def told(bus: MemoryBus) -> list[dict[str, Any]]:
    found = [m for m in bus.messages if m.subject == "findings.attachment"]
    return [json.loads(one.data) for one in found]


def blocks(name: str, data: bytes) -> list[bytes]:
    return [build_block(name, at, data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)]


class FileLink:
    """The terminal's second link: frames, blocks, and what is answered."""

    def __init__(self, phone: str = PHONE) -> None:
        self.phone, self.serial = phone, 0
        self.closed = False
        self._found: asyncio.Queue[Answer | Command | None] = asyncio.Queue()

    async def open(self, port: int) -> FileLink:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._task = asyncio.create_task(self._listen())
        return self

    async def _listen(self) -> None:
        reader = AnswerReader()
        try:
            while data := await self._reader.read(4096):
                for one in reader.receive(data):
                    self._found.put_nowait(one)
        except OSError:
            pass
        self.closed = True
        self._found.put_nowait(None)

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    def frame(self, message_id: int, body: bytes) -> bytes:
        self.serial += 1
        return octets.frame("2013", self.phone, self.serial, message_id, body)

    async def next(self) -> Answer | Command | None:
        async with asyncio.timeout(20):
            return await self._found.get()

    async def ask(self, message_id: int, body: bytes) -> int:
        """The result of the general answer."""
        self.send(self.frame(message_id, body))
        answer = await self.next()
        assert isinstance(answer, Answer)
        return answer.result

    async def announce(self, number: str, *files: tuple[str, int]) -> int:
        entries = tuple(FileEntry(name, size) for name, size in files)
        body = FileList("1234567", AlarmSign.parse(SIGN), number, 0, entries)
        return await self.ask(0x1210, body.build())

    async def begin(self, name: str, size: int) -> int:
        return await self.ask(0x1211, FileInfo(name, 0, size).build())

    async def end(self, name: str, size: int) -> FileAnswer | int:
        self.send(self.frame(0x1212, FileSent(name, 0, size).build()))
        found = await self.next()
        if isinstance(found, Command):
            assert found.message_id == 0x9212
            return FileAnswer.parse(found.body)
        assert isinstance(found, Answer)
        return found.result

    def cut(self) -> None:
        self._writer.transport.abort()
        self._task.cancel()


class Yard:
    """A gateway with its attachment port, and a terminal that was asked for files."""

    def __init__(self, one: Rig, bus: MemoryBus, folder: Path) -> None:
        self.one, self.bus, self.folder = one, bus, folder
        self.cab = Cab()
        self.number = ""
        self.port = 0

    async def ask(self, phone: str = PHONE) -> None:
        await self.cab.enter(self.one, phone)
        self.number = await command(self.bus, "attachment", phone, alarm=SIGN.hex())
        await until(lambda: states(self.bus, self.number) == ["sent", "answered"], "it is asked")
        order = UploadOrder.parse(self.cab.asked[0].body)
        assert (order.server, order.alarm_number) == ("127.0.0.1", self.number)
        assert order.alarm_sign.build() == SIGN
        self.port = order.tcp_port

    async def link(self, phone: str = PHONE) -> FileLink:
        return await FileLink(phone).open(self.port)

    def stored(self) -> list[Path]:
        return sorted(one for one in self.folder.rglob("*") if one.is_file())


@asynccontextmanager
async def yard(tmp_path: Path, bus: MemoryBus | None = None, **limits: Any) -> AsyncIterator[Yard]:
    folder = tmp_path / "attachments"
    made = await known(bus or MemoryBus())
    async with rig(made, tmp_path, quick(**limits), files=folder) as one:
        yield Yard(one, made, folder)


def place(folder: Path, data: bytes) -> Path:
    digest = hashlib.sha256(data).hexdigest()
    return folder / digest[:2] / digest


def test_it_stores_a_file_by_its_hash_and_tells_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with yard(tmp_path) as here:
            await here.ask()
            link = await here.link()
            assert await link.announce(here.number, (NAME, len(PICTURE))) == 0
            assert await link.begin(NAME, len(PICTURE)) == 0
            for block in reversed(blocks(NAME, PICTURE)):  # in any order
                link.send(block)
            done = await link.end(NAME, len(PICTURE))
            assert isinstance(done, FileAnswer)
            assert (done.file_name, done.result, done.missing) == (NAME, 0, ())
            (news,) = told(here.bus)
            assert news["command"] == here.number
            assert news["identification"] == SIGN.hex()
            assert (news["name"], news["size"], news["kind"]) == (NAME, len(PICTURE), 0)
            assert news["sha256"] == hashlib.sha256(PICTURE).hexdigest()
            assert here.stored() == [place(here.folder, PICTURE)]
            assert place(here.folder, PICTURE).read_bytes() == PICTURE

    run(main())


def test_it_asks_for_what_is_missing(tmp_path: Path) -> None:
    async def main() -> None:
        async with yard(tmp_path) as here:
            await here.ask()
            link = await here.link()
            await link.announce(here.number, (NAME, len(PICTURE)))
            await link.begin(NAME, len(PICTURE))
            first, second, third = blocks(NAME, PICTURE)
            link.send(first + third)
            lacks = await link.end(NAME, len(PICTURE))
            assert isinstance(lacks, FileAnswer)
            assert lacks.result == 1
            assert [(gap.offset, gap.length) for gap in lacks.missing] == [(BLOCK, BLOCK)]
            assert told(here.bus) == []
            assert here.stored()[0].parent.name == "incoming"
            link.send(second)
            done = await link.end(NAME, len(PICTURE))
            assert isinstance(done, FileAnswer)
            assert done.result == 0
            assert len(told(here.bus)) == 1

    run(main())


def test_it_goes_on_over_a_new_link_after_a_cut(tmp_path: Path) -> None:
    async def main() -> None:
        async with yard(tmp_path) as here:
            await here.ask()
            link = await here.link()
            await link.announce(here.number, (NAME, len(PICTURE)))
            await link.begin(NAME, len(PICTURE))
            first, second, third = blocks(NAME, PICTURE)
            link.send(first + second[:1000])  # cut in the middle of a block
            metrics = here.one.gateway.metrics
            came = BLOCK + 1000 - 62
            await until(lambda: metrics.attachment_octets == came, "they came")
            link.cut()
            again = await here.link()
            await again.announce(here.number, (NAME, len(PICTURE)))
            await again.begin(NAME, len(PICTURE))
            lacks = await again.end(NAME, len(PICTURE))
            assert isinstance(lacks, FileAnswer)
            assert [(gap.offset, gap.length) for gap in lacks.missing] == [
                (came, len(PICTURE) - came)
            ]
            again.send(second + third)
            done = await again.end(NAME, len(PICTURE))
            assert isinstance(done, FileAnswer)
            assert done.result == 0
            assert here.stored() == [place(here.folder, PICTURE)]

    run(main())


def test_it_says_done_only_after_the_bus_knows(tmp_path: Path) -> None:
    async def main() -> None:
        async with yard(tmp_path) as here:
            await here.ask()
            link = await here.link()
            await link.announce(here.number, (NAME, 5))
            await link.begin(NAME, 5)
            link.send(build_block(NAME, 0, b"abcde"))
            here.bus.trouble = UNAVAILABLE
            asking = asyncio.create_task(link.end(NAME, 5))
            await until(lambda: place(here.folder, b"abcde").exists(), "it is on disk")
            await asyncio.sleep(0.2)
            assert not asking.done()
            here.bus.trouble = None
            done = await asking
            assert isinstance(done, FileAnswer)
            assert done.result == 0
            assert len(told(here.bus)) == 1

    run(main())


def test_it_takes_files_only_under_a_number_that_it_gave_to_this_terminal(tmp_path: Path) -> None:
    async def main() -> None:
        async with yard(tmp_path) as here:
            await here.ask()
            for phone, number in ((OTHER, here.number), (PHONE, "0" * 32), (PHONE, "")):
                link = await here.link(phone)
                assert await link.announce(number, (NAME, 5)) == 1
                assert await link.next() is None  # and closed
            bold = await here.link()
            assert await bold.begin(NAME, 5) == 1
            assert await bold.next() is None
            assert here.stored() == []
            assert here.one.gateway.metrics.attachments["refused"] == 4

    run(main())


def test_it_never_takes_a_name_for_a_path(tmp_path: Path) -> None:
    async def main() -> None:
        async with yard(tmp_path) as here:
            await here.ask()
            link = await here.link()
            evil = "../../../etc/cron.d/x"
            await link.announce(here.number, (evil, 4))
            await link.begin(evil, 4)
            link.send(build_block(evil, 0, b"evil"))
            done = await link.end(evil, 4)
            assert isinstance(done, FileAnswer)
            assert done.result == 0
            assert here.stored() == [place(here.folder, b"evil")]
            assert told(here.bus)[0]["name"] == evil  # kept as it came, as words

    run(main())


def test_it_refuses_wrong_sizes_and_what_was_not_announced(tmp_path: Path) -> None:
    async def main() -> None:
        async with yard(tmp_path, file_octets=1000) as here:
            await here.ask()
            link = await here.link()
            await link.announce(here.number, (NAME, 5), ("b.jpg", 2000))
            assert await link.begin("other.jpg", 5) == 2
            assert await link.begin("b.jpg", 2000) == 1  # more than there is room for
            assert await link.begin(NAME, 5) == 0
            link.send(build_block(NAME, 3, b"beyond"))
            link.send(build_block("none.jpg", 0, b"x"))
            link.send(build_block(NAME, 0, b"abcde"))
            assert await link.end(NAME, 6) == 2
            done = await link.end(NAME, 5)
            assert isinstance(done, FileAnswer)
            assert done.result == 0
            counts = here.one.gateway.metrics.attachments
            assert (counts["blocks_beyond_the_end"], counts["blocks_of_no_file"]) == (1, 1)
            assert place(here.folder, b"abcde").read_bytes() == b"abcde"
            assert await link.end("b.jpg", 2000) == 2

    run(main())


def test_it_matches_names_that_a_block_has_no_room_for(tmp_path: Path) -> None:
    async def main() -> None:
        async with yard(tmp_path) as here:
            await here.ask()
            link = await here.link()
            long = "00_65_6501_0_" + here.number + "_channel_one.jpg"
            await link.announce(here.number, (long, 5))
            await link.begin(long, 5)
            link.send(build_block(long[:50], 0, b"abcde"))
            done = await link.end(long, 5)
            assert isinstance(done, FileAnswer)
            assert (done.file_name, done.result) == (long, 0)

    run(main())


@pytest.mark.parametrize("when", ["block", "end"])
def test_it_says_nothing_is_stored_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    async def main() -> None:
        async with yard(tmp_path) as here:
            await here.ask()
            link = await here.link()
            await link.announce(here.number, (NAME, 5))
            await link.begin(NAME, 5)
            with monkeypatch.context() as patch:
                patch.setattr(os, "pwrite" if when == "block" else "fsync", full)
                link.send(build_block(NAME, 0, b"abcde"))
                answer = await link.end(NAME, 5)
                if when == "block":
                    assert isinstance(answer, FileAnswer)
                    assert answer.result == 1
                else:
                    assert answer == 1
            assert told(here.bus) == []
            assert here.one.gateway.metrics.attachments["disk"] == 1
            link.send(build_block(NAME, 0, b"abcde"))
            done = await link.end(NAME, 5)
            assert isinstance(done, FileAnswer)
            assert done.result == 0

    run(main())


def test_it_bounds_links_time_and_octets(tmp_path: Path) -> None:
    async def main() -> None:
        async with yard(tmp_path, attachment_links=1, login_s=0.3, files_octets=10) as here:
            await here.ask()
            first = await here.link()
            await asyncio.sleep(0.05)
            second = await here.link()
            assert await second.next() is None
            assert await first.next() is None  # said nothing in time
            link = await here.link()
            await link.announce(here.number, ("a", 6), ("b", 6))
            assert await link.begin("a", 6) == 0
            assert await link.begin("b", 6) == 1
            counts = here.one.gateway.metrics.attachments
            assert (counts["links_refused"], counts["links_idle"], counts["no_room"]) == (1, 1, 1)

    run(main())


def test_it_bounds_the_files_of_one_command(tmp_path: Path) -> None:
    async def main() -> None:
        async with yard(tmp_path, files_of_command=2) as here:
            await here.ask()
            for number in range(3):  # over as many links and lists as it likes
                link = await here.link()
                name = f"{number}.jpg"
                assert await link.announce(here.number, (name, 1)) == 0
                assert await link.begin(name, 1) == (0 if number < 2 else 1)
                link.send(build_block(name, 0, b"%d" % number))
                done = await link.end(name, 1)
                assert isinstance(done, FileAnswer) == (number < 2)
            assert len(told(here.bus)) == 2
            many = await here.link()
            assert await many.announce(here.number, *((f"m{n}", 1) for n in range(5))) == 1
            assert await many.next() is None

    run(main())


def test_it_gives_up_files_with_their_command(tmp_path: Path) -> None:
    async def main() -> None:
        async with yard(tmp_path) as here:
            await here.ask()
            link = await here.link()
            await link.announce(here.number, (NAME, 5))
            await link.begin(NAME, 5)
            assert len(here.stored()) == 1
            here.one.clock.advance(timedelta(hours=1))
            await until(lambda: here.stored() == [], "it is given up")
            again = await here.link()
            assert await again.announce(here.number, (NAME, 5)) == 1

    run(main())


def test_it_survives_noise_and_frames_that_are_not_for_it(tmp_path: Path) -> None:
    async def main() -> None:
        async with yard(tmp_path) as here:
            await here.ask()
            link = await here.link()
            link.send(b"AT+CSQ\r\n" + b"\x7e" + b"\x55" * 40 + b"\x7e")
            assert await link.ask(0x0002, b"") == 0
            assert await link.announce(here.number, (NAME, 5)) == 0
            assert await link.ask(0x0200, b"") == 2
            await link.begin(NAME, 5)
            await asyncio.sleep(0)
            whole = build_block(NAME, 0, b"abcde")
            for octet in whole:  # one octet at a time
                link.send(bytes([octet]))
                await asyncio.sleep(0)
            done = await link.end(NAME, 5)
            assert isinstance(done, FileAnswer)
            assert done.result == 0

    run(main())


def test_it_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """A seal finds out when octets are not on disk, whatever was counted."""
    store = Store(tmp_path)
    incoming = store.begin(10)
    incoming.write(0, b"0123456789")
    os.truncate(incoming.path, 4)
    with pytest.raises(OSError, match="4 octets are on disk"):
        store.finish(incoming)
    assert [one.name for one in tmp_path.iterdir()] == ["incoming"]
    incoming.drop()
    old = Incoming(tmp_path / "incoming" / "old.part", 3)
    os.utime(old.path, (0, 0))
    store.begin(3)
    assert store.clear_abandoned() == 1


def test_it_takes_the_files_of_a_terminal_that_was_written_apart(tmp_path: Path) -> None:
    """The simulator's device and encoder, from the alarm in its report to the file in the store."""

    async def main() -> None:
        async with yard(tmp_path) as here:
            moment = octets.Fix(29.5, 113.3, 41, 90, MOMENT)
            device = Device("2013", "1234567", lambda: moment)
            terminal = await here.one.log_in(here.one.terminal(device=device))
            fix = device.alarm(0x65, 1, (PICTURE, b"second"))
            assert (await terminal.ask(octets.LOCATION, octets.location(fix))).result == 0
            (sign,) = device._alarms
            name = await command(here.bus, "attachment", alarm=sign.hex())
            await until(lambda: len(terminal.uploaded) == 2, "both files are there")
            assert {one["sha256"] for one in told(here.bus)} == {
                hashlib.sha256(data).hexdigest() for data in (PICTURE, b"second")
            }
            assert {one["command"] for one in told(here.bus)} == {name}
            assert place(here.folder, PICTURE).read_bytes() == PICTURE

    run(main())
