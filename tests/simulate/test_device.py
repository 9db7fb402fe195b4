"""A modern terminal: what it says is read by ``wire``, what ``wire`` says is done by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jiaoan.simulate import bodies, octets
from jiaoan.simulate.bodies import Driver
from jiaoan.simulate.device import Device
from jiaoan.simulate.octets import Command, Fix
from jiaoan.simulate.terminal import Terminal
from jiaoan.wire.jt808 import (
    AlarmSign,
    Assembler,
    AttachmentReader,
    Authenticate,
    Chunk,
    Dialect,
    DriverCard,
    DriverCard2011,
    Edition,
    Extents,
    FileAnswer,
    FileInfo,
    FileList,
    FileSent,
    Form,
    Frame,
    FrameReader,
    Gap,
    Header,
    Location,
    LocationAnswer,
    MessageId,
    Parameter,
    ParametersAnswer,
    PlatformAnswer,
    Profile,
    Register,
    SetParameters,
    TerminalAnswer,
    TextMessage,
    UploadOrder,
    Version,
    Waybill,
    build_frame,
    parse_body,
    split_message,
)
from jiaoan.wire.jt808.commands import Track
from jiaoan.wire.jt808.login import Attributes
from jiaoan.wire.jt808.media import MediaNotice, MediaUpload, Shoot, ShootAnswer
from jiaoan.wire.jt808.packages import resends
from jiaoan.wire.jt808.parameters import AskTheseParameters
from jiaoan.wire.jt808.safety import Adas, Dsm, read_alarm

MOMENT = datetime(2024, 4, 7, 22, 40, 0, tzinfo=UTC)
FIX = Fix(29.37, 113.12, 52.3, 90, MOMENT)
EDITIONS = list(Edition)
PHONE = "13900000001"
DRIVER = Driver("张三", "4306001", "岳阳市交通运输局", "20271231", "430602199001011234")


def device(edition: Edition) -> Device:
    return Device(str(edition), "T000001", lambda: FIX, DRIVER)


def read(edition: Edition, message_id: int, body: bytes) -> Any:
    """What a strict reader makes of a simulated message, through its frames."""
    terminal = Terminal("", 0, PHONE, str(edition))
    _, frames = terminal.frames(message_id, body)
    found = [one for data in frames for one in FrameReader(strict=True).receive(data)]
    whole: Frame | None = None
    assembler = Assembler(strict=True)
    for one in found:
        assert isinstance(one, Frame)
        whole = assembler.receive(one, 0).whole if one.header.package else one
    assert whole is not None
    return parse_body(whole, Profile(whole.header, edition), strict=True)


def command(edition: Edition, message_id: int, body: Any, serial: int = 9) -> Command:
    """A message of the platform as the terminal's own reader sees it."""
    version = Version.V2019 if edition is Edition.V2019 else Version.V2013
    header = Header.new(message_id, version, PHONE, serial)
    found: list[Any] = []
    reader = octets.AnswerReader()
    for data in split_message(header, body.build(Form(edition)), most=60):
        found += reader.receive(data)
    (one,) = found
    assert isinstance(one, Command)
    assert reader.bad == 0
    return one


@pytest.mark.parametrize("edition", EDITIONS)
def test_it_logs_in_as_its_edition_says(edition: Edition) -> None:
    one = read(edition, 0x0100, octets.register(str(edition), "湘F32718", 2, "T000001"))
    assert one == Register(0, 0, "70111", "SIM-808", "T000001", 2, "湘F32718", edition)
    said = read(edition, 0x0102, octets.authenticate(str(edition), "abc"))
    assert isinstance(said, Authenticate)
    assert said.auth_code == "abc"


@pytest.mark.parametrize("edition", EDITIONS)
def test_it_says_who_drives_and_what_is_carried(edition: Edition) -> None:
    (message,) = device(edition).card(MOMENT)
    card = read(edition, *message)
    if edition is Edition.V2011:
        assert card == DriverCard2011("张三", DRIVER.identity, DRIVER.certificate, DRIVER.issuer)
    else:
        assert isinstance(card, DriverCard)
        assert (card.card_status, card.time, card.read_result) == (1, MOMENT, 0)
        assert card.card is not None
        assert (card.card.driver_name, card.card.valid_until) == ("张三", "20271231")
        assert card.card.driver_identity == (DRIVER.identity if edition is Edition.V2019 else None)
    out = bodies.driver(str(edition), DRIVER, MOMENT, card_in=False)
    if edition is not Edition.V2011:
        assert read(edition, 0x0702, out) == DriverCard(2, MOMENT)
    content = "汽油 30 吨".encode("gbk") * 300
    assert read(edition, 0x0701, bodies.waybill(content)) == Waybill(content)


@pytest.mark.parametrize(("kind", "table"), [(0x64, Adas), (0x65, Dsm)])
def test_it_reports_active_safety(kind: int, table: type[Adas] | type[Dsm]) -> None:
    one = device(Edition.V2013)
    fix = one.alarm(kind, 2, (b"jpeg",))
    report = read(Edition.V2013, 0x0200, octets.location(fix))
    assert isinstance(report, Location)
    (item,) = [each for each in report.extras if each.id == kind]
    found = read_alarm(item.id, item.octets)
    assert found is not None
    alarm, dialect = found
    assert isinstance(alarm, table)
    assert dialect is Dialect.JIANGSU
    assert (alarm.alarm_type, alarm.place.raw_latitude) == (2, 29_370_000)
    assert alarm.place.alarm_sign == AlarmSign("T000001", MOMENT, 0, 1)


@pytest.mark.parametrize("edition", EDITIONS)
def test_it_sends_pictures_in_parts(edition: Edition) -> None:
    order = command(edition, 0x8801, Shoot(1, 2, 0, 0, 1, 5, 0, 0, 0, 0))
    answer, *messages = device(edition).answer(order)
    assert read(edition, *answer) == ShootAnswer(9, 0, (1, 2))
    notice, upload = (read(edition, *one) for one in messages[:2])
    assert notice == MediaNotice(1, 0, 0, 0, 1)
    assert isinstance(upload, MediaUpload)
    assert len(upload.data) > 1023
    assert upload.data[:2] == b"\xff\xd8"
    assert (upload.location is None) is (edition is Edition.V2011)


@pytest.mark.parametrize("edition", EDITIONS)
def test_it_does_what_it_is_told(edition: Edition) -> None:
    one = device(edition)

    def said(message_id: int, body: Any) -> list[Any]:
        order = command(edition, message_id, body)
        return [read(edition, *message) for message in one.answer(order)]

    ok = [TerminalAnswer(9, 0x8300, 0)]
    assert said(0x8300, TextMessage(5, 1, "前方危险，请减速" * 10)) == ok
    assert one.texts == ["前方危险，请减速" * 10]
    speed = Parameter.number(0x0055, 60)
    assert said(0x8103, SetParameters((speed, Parameter(0x0083, b"x" * 200)))) == [
        TerminalAnswer(9, 0x8103, 0)
    ]
    assert said(0x8106, AskTheseParameters((0x0055, 0x7777))) == [ParametersAnswer(9, (speed,))]
    (whole,) = said(0x8104, _Nothing())
    assert isinstance(whole, ParametersAnswer)
    assert len(whole.params) == 8
    (where,) = said(0x8201, _Nothing())
    assert isinstance(where, LocationAnswer)
    assert (where.reply_serial, where.location.time) == (9, MOMENT)
    (what,) = said(0x8107, _Nothing())
    assert isinstance(what, Attributes)
    assert (what.maker, what.model, what.firmware) == ("70111", "SIM-808", "1.0.3")
    assert said(0x8F00, _Nothing()) == [TerminalAnswer(9, 0x8F00, 3)]
    assert said(0x8103, _Nothing()) == [TerminalAnswer(9, 0x8103, 2)]


class _Nothing:
    def build(self, form: Form) -> bytes:
        return b""


def test_it_refuses_files_of_an_alarm_it_never_had() -> None:
    order = UploadOrder("127.0.0.1", 1, 0, AlarmSign("T000001", MOMENT, 0, 1), "n")
    one = device(Edition.V2013)
    (answer,) = one.answer(command(Edition.V2013, 0x9208, order))
    assert read(Edition.V2013, *answer) == TerminalAnswer(9, 0x9208, 1)
    assert one.uploads == []


class FileServer:
    """The platform's end of the second link, of ``wire`` alone. The first block of each file is
    taken for lost, so that it has to be asked for again."""

    def __init__(self) -> None:
        self.lists: list[FileList] = []
        self.files: dict[str, bytearray] = {}
        self.rounds = 0
        self._lost: set[str] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link, extents = AttachmentReader(strict=True), Extents()
        while data := await reader.read(1000):
            for one in link.receive(data):
                if isinstance(one, Chunk):
                    self._keep(one, extents)
                else:
                    assert isinstance(one, Frame), one
                    extents = await self._answer(one, extents, writer)
        writer.close()

    def _keep(self, one: Chunk, extents: Extents) -> None:
        if one.offset < 65_536 and one.name not in self._lost:
            if one.last or one.offset + len(one.data) == 65_536:
                self._lost.add(one.name)
            return
        file = self.files[one.name]
        file[one.offset : one.offset + len(one.data)] = one.data
        extents.add(one.offset, len(one.data))

    async def _answer(
        self, frame: Frame, extents: Extents, writer: asyncio.StreamWriter
    ) -> Extents:
        body = parse_body(frame, strict=True)
        answer: Any = PlatformAnswer(frame.header.serial, frame.header.message_id, 0)
        message_id = MessageId.PLATFORM_ANSWER
        if isinstance(body, FileList):
            self.lists.append(body)
        elif isinstance(body, FileInfo):
            self.files[body.file_name], extents = bytearray(body.file_size), Extents()
        elif isinstance(body, FileSent):
            self.rounds += 1
            missing: tuple[Gap, ...] = extents.missing(body.file_size)
            answer, message_id = FileAnswer.on(body, missing), MessageId.FILE_ANSWER
        writer.write(build_frame(frame.header.answer(message_id, 1), answer.build()))
        await writer.drain()
        return extents


@pytest.mark.socket
def test_it_uploads_the_files_of_an_alarm_and_again_what_is_missing() -> None:
    data = bytes(range(256)) * 400
    asyncio.run(_upload(data))


async def _upload(data: bytes) -> None:
    files = FileServer()
    server = await asyncio.start_server(files.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    one = device(Edition.V2013)
    one.alarm(0x64, 1, (data, b"short"))
    order = UploadOrder("127.0.0.1", port, 0, AlarmSign("T000001", MOMENT, 0, 2), "n" * 32)

    async def command_it(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        header = Header.new(MessageId.UPLOAD_ORDER, Version.V2013, PHONE, 9)
        writer.write(build_frame(header, order.build()))
        while await reader.read(100):
            pass

    platform = await asyncio.start_server(command_it, "127.0.0.1", 0)
    terminal = Terminal("127.0.0.1", platform.sockets[0].getsockname()[1], PHONE, device=one)
    await terminal.connect()
    try:
        await _until(lambda: len(terminal.uploaded) == 2)
    finally:
        await terminal.close()
        server.close()
        platform.close()
    assert [bytes(one) for one in files.files.values()] == [data, b"short"]
    assert [len(one.files) for one in files.lists] == [2]
    # Each file once with its first block lost, and once whole.
    assert files.rounds == 4


async def _until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not done():
            await asyncio.sleep(0.01)


@pytest.mark.socket
@pytest.mark.parametrize("edition", [Edition.V2013, Edition.V2019])
def test_it_sends_again_exactly_the_parts_that_are_asked_for(edition: Edition) -> None:
    asyncio.run(_lose_a_part(edition))


async def _lose_a_part(edition: Edition) -> None:
    got: list[Frame] = []
    whole: list[bytes] = []

    async def lossy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames, assembler, lost = FrameReader(), Assembler(), False
        while data := await reader.read(5000):
            for one in frames.receive(data):
                assert isinstance(one, Frame)
                assert one.header.package is not None
                got.append(one)
                if one.header.package.index == 2 and not lost:
                    lost = True
                    continue
                part = assembler.receive(one, 0)
                if part.whole:
                    whole.append(part.whole.body)
                elif one.header.package.index == 3:
                    (asked,) = resends(part.key.first_serial, (2,), edition)
                    header = one.header.answer(MessageId.PLATFORM_RESEND, 1)
                    writer.write(build_frame(header, asked.build(Form(edition))))

    server = await asyncio.start_server(lossy, "127.0.0.1", 0)
    terminal = Terminal("127.0.0.1", server.sockets[0].getsockname()[1], PHONE, str(edition))
    await terminal.connect()
    body = bodies.waybill(bytes(range(250)) * 10)
    _, frames = terminal.frames(0x0701, body)
    for data in frames:
        await terminal.send(data)
    try:
        await _until(lambda: bool(whole))
    finally:
        await terminal.close()
        server.close()
    assert whole == [body]
    assert len(got) == 4
    assert got[1] == got[3]


@pytest.mark.parametrize("edition", EDITIONS)
def test_it_reports_more_often_until_a_tracking_is_over(edition: Edition) -> None:
    one = device(edition)
    heard: list[str] = []
    one.on_rhythm = lambda: heard.append("changed")

    def said(body: Any) -> Any:
        (answer,) = one.answer(command(edition, 0x8202, body))
        return read(edition, *answer)

    assert said(Track(5, 60)) == TerminalAnswer(9, 0x8202, 0)
    assert one.interval_s(30, MOMENT + timedelta(seconds=59)) == 5
    assert one.interval_s(30, MOMENT + timedelta(seconds=60)) == 30
    assert one.interval_s(30, MOMENT) == 30, "over is over"
    said(Track(5, 60))
    assert said(Track(0)) == TerminalAnswer(9, 0x8202, 0)
    assert one.interval_s(30, MOMENT) == 30
    assert heard == ["changed"] * 3
    assert said(_Nothing()) == TerminalAnswer(9, 0x8202, 2)
