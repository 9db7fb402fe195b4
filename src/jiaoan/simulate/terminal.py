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
from collections.abc import Callable, Sequence
from datetime import datetime

from jiaoan.simulate import octets
from jiaoan.simulate.octets import Answer, AnswerReader, Fix


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
    """One link to a platform. ``on_answer`` is told every answer, asked for or not."""

    def __init__(
        self,
        host: str,
        port: int,
        phone: str,
        version: str = "2013",
        *,
        timeout_s: float = 5.0,
        on_answer: Callable[[Answer], None] | None = None,
    ) -> None:
        self.host, self.port, self.phone, self.version = host, port, phone, version
        self.timeout_s, self.on_answer = timeout_s, on_answer
        self.serial = 0
        self.answers: list[Answer] = []
        """The last answers that nobody waited for, oldest first."""
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
            await asyncio.gather(self._listening, return_exceptions=True)
        self._give_up()

    def next_serial(self) -> int:
        serial, self.serial = self.serial, (self.serial + 1) & 0xFFFF
        return serial

    def frame(self, message_id: int, body: bytes) -> tuple[int, bytes]:
        """The next frame and its serial; nothing is sent."""
        serial = self.next_serial()
        return serial, octets.frame(self.version, self.phone, serial, message_id, body)

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
                for answer in answers.receive(data):
                    self._take(answer)
        except OSError:
            # A reset link ends like a closed one: who waits is told below.
            return
        finally:
            self._give_up()

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
