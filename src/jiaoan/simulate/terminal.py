"""One terminal that does what it is told: for tests, and under the fleet.

>>> terminal = Terminal("127.0.0.1", 7808, "13900000001")  # doctest: +SKIP
>>> await terminal.connect()  # doctest: +SKIP
>>> code = await terminal.register("湘F32718", 2)  # doctest: +SKIP
>>> await terminal.authenticate(code)  # doctest: +SKIP
>>> await terminal.report(29.48, 113.27, 52.3, now)  # doctest: +SKIP
0
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime

from jiaoan.simulate import octets
from jiaoan.simulate.device import Device, Message
from jiaoan.simulate.octets import Answer, AnswerReader, Command, Fix
from jiaoan.simulate.upload import carry_out

_PART = 1000
"""Octets of one part of a longer message."""
_KEPT_MESSAGES = 8
_RESEND = 0x8003


class LinkLost(Exception):
    """The platform closed the link, or could not be reached."""


class NotAnswered(Exception):
    """The platform did not answer in time."""


class Refused(Exception):
    """The platform refused registration or authentication; ``result`` is its result octet."""

    def __init__(self, what: str, result: int) -> None:
        super().__init__(f"{what} refused with result {result}")
        self.result = result


class Terminal:
    """One link to a platform. ``on_answer`` is told every answer, asked for or not; ``device``
    does what the platform commands (without one, commands are kept in ``commands``)."""

    def __init__(
        self,
        host: str,
        port: int,
        phone: str,
        version: str = "2013",
        *,
        timeout_s: float = 5.0,
        on_answer: Callable[[Answer], None] | None = None,
        device: Device | None = None,
    ) -> None:
        self.host, self.port, self.phone, self.version = host, port, phone, version
        self.timeout_s, self.on_answer, self.device = timeout_s, on_answer, device
        self.serial = 0
        self.answers: list[Answer] = []
        """The last answers that nobody waited for, oldest first."""
        self.commands: list[Command] = []
        """The last commands that came, oldest first."""
        self.uploaded: list[str] = []
        """Names of the files that a file server said it has."""
        self._parts: OrderedDict[int, list[bytes]] = OrderedDict()
        self._work: set[asyncio.Task[None]] = set()
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        return self._listening is not None and not self._listening.done()

    async def connect(self) -> None:
        """``LinkLost`` when the platform cannot be reached."""
        try:
            async with asyncio.timeout(self.timeout_s):
                reader, self._writer = await asyncio.open_connection(self.host, self.port)
        except (OSError, TimeoutError) as wrong:
            raise LinkLost(f"{self.host}:{self.port} cannot be reached: {wrong}") from wrong
        self._listening = asyncio.create_task(self._listen(reader))

    async def close(self, *, abruptly: bool = False) -> None:
        """End the link; ``abruptly`` as when the radio is gone: no farewell, a reset."""
        if self._writer:
            if abruptly:
                self._writer.transport.abort()
            self._writer.close()
        if self._listening:
            self._listening.cancel()
            for work in self._work:
                work.cancel()
            await asyncio.gather(self._listening, *self._work, return_exceptions=True)
        self._give_up()

    def next_serial(self) -> int:
        serial, self.serial = self.serial, (self.serial + 1) & 0xFFFF
        return serial

    def frame(self, message_id: int, body: bytes) -> tuple[int, bytes]:
        """The next frame and its serial; nothing is sent."""
        serial = self.next_serial()
        return serial, octets.frame(self.version, self.phone, serial, message_id, body)

    def frames(self, message_id: int, body: bytes) -> tuple[int, list[bytes]]:
        """A message of any length as frames, and the serial of the first; its parts are kept, for
        the platform may ask for some of them again."""
        if len(body) <= _PART:
            serial, data = self.frame(message_id, body)
            return serial, [data]
        pieces = [body[at : at + _PART] for at in range(0, len(body), _PART)]
        first = self.serial
        made = [
            octets.frame(
                self.version,
                self.phone,
                self.next_serial(),
                message_id,
                piece,
                (len(pieces), index),
            )
            for index, piece in enumerate(pieces, start=1)
        ]
        self._parts[first] = made
        while len(self._parts) > _KEPT_MESSAGES:
            self._parts.popitem(last=False)
        return first, made

    async def send_message(self, message: Message) -> None:
        """One message, in parts where it is long; nobody waits for an answer."""
        for data in self.frames(*message)[1]:
            await self.send(data)

    async def send(self, data: bytes) -> None:
        """Any octets, sound or not."""
        if self._writer is None or not self.connected:
            raise LinkLost("the link is closed")
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as wrong:
            raise LinkLost(str(wrong)) from wrong

    async def ask(self, message_id: int, body: bytes) -> Answer:
        """Send a message and wait for its answer; ``NotAnswered`` or ``LinkLost`` otherwise."""
        serial, data = self.frame(message_id, body)
        return await self.ask_octets(serial, data)

    async def ask_octets(self, serial: int, data: bytes) -> Answer:
        """Send these octets and wait for the answer to ``serial``."""
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[serial] = waiting
        try:
            await self.send(data)
            async with asyncio.timeout(self.timeout_s):
                return await waiting
        except TimeoutError as late:
            raise NotAnswered(f"no answer to {serial} in {self.timeout_s} s") from late
        finally:
            self._waiting.pop(serial, None)

    async def register(self, plate: str, colour: int, terminal_id: str = "") -> str:
        """0x0100; the authentication code, or :class:`Refused`."""
        body = octets.register(self.version, plate, colour, terminal_id or self.phone[-7:])
        answer = await self.ask(octets.REGISTER, body)
        if answer.message_id != octets.REGISTER_ANSWER or answer.result:
            raise Refused("registration", answer.result)
        return answer.code

    async def authenticate(self, code: str) -> None:
        """0x0102; :class:`Refused` when the platform does not say "ok"."""
        answer = await self.ask(octets.AUTHENTICATE, octets.authenticate(self.version, code))
        if answer.result:
            raise Refused("authentication", answer.result)

    async def heartbeat(self) -> int:
        """0x0002; the result."""
        return (await self.ask(octets.HEARTBEAT, b"")).result

    async def report(
        self,
        lat: float,
        lon: float,
        speed_kmh: float,
        when: datetime,
        *,
        direction: int = 0,
        alarm: int = 0,
        status: int | None = None,
        mileage: int | None = None,
    ) -> int:
        """0x0200; waits for the answer and gives its result."""
        fix = Fix(lat, lon, speed_kmh, direction, when, mileage=mileage, alarm=alarm)
        if status is not None:
            fix = Fix(lat, lon, speed_kmh, direction, when, alarm=alarm, status=status)
        return (await self.ask(octets.LOCATION, octets.location(fix))).result

    async def report_batch(self, fixes: Sequence[Fix], *, backfill: bool = True) -> int:
        """0x0704; waits for the answer and gives its result."""
        bodies = [octets.location(fix) for fix in fixes]
        return (
            await self.ask(octets.LOCATION_BATCH, octets.batch(bodies, backfill=backfill))
        ).result

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        answers = AnswerReader()
        try:
            while data := await reader.read(4096):
                for one in answers.receive(data):
                    if isinstance(one, Answer):
                        self._take(one)
                    else:
                        await self._do(one)
        except (OSError, LinkLost):
            # A reset link ends like a closed one: who waits is told below.
            return
        finally:
            self._give_up()

    async def _do(self, command: Command) -> None:
        self.commands = [*self.commands[-99:], command]
        if command.message_id == _RESEND:
            await self._send_again(command.body)
        elif self.device:
            for message in self.device.answer(command):
                await self.send_message(message)
            while self.device.uploads:
                order = self.device.uploads.pop(0)
                work = asyncio.create_task(carry_out(order, self.device, self.phone, self.uploaded))
                self._work.add(work)
                work.add_done_callback(self._work.discard)

    async def _send_again(self, body: bytes) -> None:
        """0x8003: exactly the parts that are named, unchanged."""
        width = 2 if self.version == "2019" else 1
        parts = self._parts.get(int.from_bytes(body[:2], "big"), [])
        wanted = body[2 + width :]
        for at in range(0, len(wanted) - 1, 2):
            index = int.from_bytes(wanted[at : at + 2], "big")
            if 1 <= index <= len(parts):
                await self.send(parts[index - 1])

    def _take(self, answer: Answer) -> None:
        if self.on_answer:
            self.on_answer(answer)
        waiting = self._waiting.get(answer.serial)
        if waiting and not waiting.done():
            waiting.set_result(answer)
        else:
            self.answers = [*self.answers[-99:], answer]

    def _give_up(self) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(LinkLost("the platform closed the link"))
