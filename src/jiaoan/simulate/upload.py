"""The files of one alarm over a link of their own (T/JSATL 12 clause 4.6), the terminal's side."""

from __future__ import annotations

import asyncio
import logging
import struct

from jiaoan.simulate import bodies, octets
from jiaoan.simulate.bodies import AlarmFile
from jiaoan.simulate.device import Device, Upload
from jiaoan.simulate.octets import Answer, AnswerReader, Command

logger = logging.getLogger("jiaoan.simulate")
_FILE_ANSWER = 0x9212
_PATIENCE_S = 10.0
_MOST_ROUNDS = 5


class _Refused(Exception):
    """The file server did not go along."""


async def carry_out(order: Upload, device: Device, phone: str, done: list[str]) -> None:
    """Upload the files of an order; names go to ``done`` when the server has them. A server that
    is away or refuses is told in the log: a terminal can do no more."""
    try:
        async with asyncio.timeout(_PATIENCE_S * (1 + len(order.files))):
            reader, writer = await asyncio.open_connection(order.host, order.port)
            try:
                link = _Link(reader, writer, device.version, phone)
                await _upload(link, order, device, done)
            finally:
                writer.close()
    except (OSError, TimeoutError, _Refused) as wrong:
        logger.warning("simulate.upload_failed %s: %s", order.number.hex(), wrong)


async def _upload(link: _Link, order: Upload, device: Device, done: list[str]) -> None:
    given = list(order.files)
    listed = bodies.files(device.terminal_id, order.alarm, order.number, given)
    await link.ask(bodies.FILES, listed)
    for one in given:
        await link.ask(bodies.FILE, bodies.file_info(one))
        wanted = [(0, len(one.data))]
        for _ in range(_MOST_ROUNDS):
            for offset, length in wanted:
                await link.send(bodies.blocks(one, offset, length))
            wanted = _missing(await link.say(bodies.FILE_SENT, bodies.file_info(one)), one)
            if not wanted:
                done.append(one.name)
                break
        else:
            raise _Refused(f"{one.name} is never whole")


def _missing(command: Command, one: AlarmFile) -> list[tuple[int, int]]:
    """What 0x9212 asks for again."""
    at = 1 + command.body[0] + 1
    result, count = struct.unpack_from(">BB", command.body, at)
    if result == 0:
        return []
    gaps = struct.iter_unpack(">II", command.body[at + 2 : at + 2 + 8 * count])
    return [(offset, length) for offset, length in gaps] or [(0, len(one.data))]


class _Link:
    """The second link: a frame up, its answer down."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, version: str, phone: str
    ) -> None:
        self._reader, self._writer = reader, writer
        self._version, self._phone = version, phone
        self._answers = AnswerReader()
        self._ready: list[Answer | Command] = []
        self._serial = 0

    async def ask(self, message_id: int, body: bytes) -> None:
        """Send, and go on only when 0x8001 says "ok"."""
        serial = await self._frame(message_id, body)
        while True:
            one = await self._next()
            if isinstance(one, Answer) and one.serial == serial:
                if one.result:
                    raise _Refused(f"0x{message_id:04x} was answered with {one.result}")
                return

    async def say(self, message_id: int, body: bytes) -> Command:
        """Send, and wait for 0x9212."""
        await self._frame(message_id, body)
        while True:
            one = await self._next()
            if isinstance(one, Command) and one.message_id == _FILE_ANSWER:
                return one

    async def send(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()

    async def _frame(self, message_id: int, body: bytes) -> int:
        serial, self._serial = self._serial, (self._serial + 1) & 0xFFFF
        await self.send([octets.frame(self._version, self._phone, serial, message_id, body)])
        return serial

    async def _next(self) -> Answer | Command:
        while not self._ready:
            data = await self._reader.read(4096)
            if not data:
                raise _Refused("the file server closed the link")
            self._ready += self._answers.receive(data)
        return self._ready.pop(0)
