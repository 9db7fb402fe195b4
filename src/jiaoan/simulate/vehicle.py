"""One vehicle of the fleet: drives, reports, misbehaves, loses its link and comes back."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import MutableMapping
from datetime import datetime, timedelta

from jiaoan.kernel.clock import Clock
from jiaoan.simulate import bodies, octets
from jiaoan.simulate.bodies import Driver
from jiaoan.simulate.config import FleetConfig, VehiclePlan
from jiaoan.simulate.device import Device
from jiaoan.simulate.octets import Answer, Fix
from jiaoan.simulate.pace import Pace
from jiaoan.simulate.route import Route
from jiaoan.simulate.terminal import LinkLost, NotAnswered, Refused, Terminal

HEARTBEAT_S = 60.0
UNANSWERED_S = 15.0
"""After so long without an answer a terminal takes its link for dead."""
REFUSED_S, UNREACHED_S = 5.0, 2.0
"""Before the next try to log in."""
AWAY_INTERVAL_S = 30
_KEPT = 2000
_IN_ONE_BATCH = 15
# Forward collision, lane departure, pedestrian; fatigue, phone, smoking (T/JSATL 12 tables).
_ALARMS = [(bodies.ADAS, one) for one in (1, 2, 4)] + [(bodies.DSM, one) for one in (1, 2, 3)]
_PICTURE = bytes.fromhex("ffd8ffe000104a464946") + bytes(5000) + bytes.fromhex("ffd9")


class Vehicle:
    """Reports each ``interval_s`` until it is cancelled; ``counts`` is shared by the fleet.

    ``driven`` is how many seconds each phone has been driving: a vehicle goes on where it stopped,
    and the new figure is left there.
    """

    def __init__(
        self,
        plan: VehiclePlan,
        config: FleetConfig,
        clock: Clock,
        counts: Counter[str],
        driven: MutableMapping[str, float],
    ) -> None:
        self._plan, self._config, self._clock, self._counts = plan, config, clock, counts
        self._dice = random.Random(f"{config.seed}:{plan.phone}")
        self._route = Route(plan.route, loop=plan.loop)
        self._pace = Pace(plan.speed_kmh, plan.rush_kmh, plan.rush_every_s, plan.rush_s)
        self._driven, self._before = driven, driven.get(plan.phone, 0.0)
        self._terminal: Terminal | None = None
        self._unanswered: dict[int, tuple[float, list[bytes]]] = {}
        self._kept: deque[bytes] = deque(maxlen=_KEPT)
        self._held: bytes | None = None
        self._code = plan.auth_code
        self._offline_until = self._elapsed = 0.0
        self._device = Device(
            plan.version,
            plan.phone[-7:],
            lambda: self._fix(self._elapsed, self._clock.now()),
            Driver(plan.driver) if plan.driver else None,
        )
        self._rhythm = asyncio.Event()
        self._device.on_rhythm = self._rhythm.set

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._plan.start_after_s)
        if self._plan.phone not in self._driven:
            self._come_from_afar()
        departed = heard = due = loop.time()
        try:
            while True:
                now = loop.time()
                self._elapsed = now - departed
                self._driven[self._plan.phone] = self._before + self._elapsed
                await self._step(octets.location(self._report()))
                if now - heard >= HEARTBEAT_S:
                    heard = now
                    await self._try(octets.HEARTBEAT, b"", [])
                due = await self._until_next(due)
        finally:
            if self._terminal:
                await self._terminal.close()

    async def _until_next(self, last: float) -> float:
        """Wait for the report after the one that was due at ``last``; when it is due. A tracking
        that begins or ends meanwhile counts from this moment."""
        loop = asyncio.get_running_loop()
        while True:
            self._rhythm.clear()
            due = last + self._device.interval_s(self._plan.interval_s, self._clock.now())
            try:
                async with asyncio.timeout_at(due):
                    await self._rhythm.wait()
            except TimeoutError:
                return due
            last = loop.time()

    def _come_from_afar(self) -> None:
        """The reports of the time before, when there was no link; they wait for the log-in."""
        now = self._clock.now()
        for ago in range(round(self._plan.away_s), 0, -AWAY_INTERVAL_S):
            elapsed = self._plan.away_s - ago
            fix = self._fix(elapsed, now - timedelta(seconds=ago))
            self._kept.append(octets.location(fix))
            self._counts["reports"] += 1
        self._before = self._plan.away_s

    def _report(self) -> Fix:
        """Where it is, now and then with an alarm of active safety."""
        if not self._plan.alarms or not self._happens("alarms", self._plan.alarms):
            return self._fix(self._elapsed, self._clock.now())
        kind, alarm_type = self._dice.choice(_ALARMS)
        return self._device.alarm(kind, alarm_type, (_PICTURE,))

    def _fix(self, elapsed: float, at: datetime) -> Fix:
        driven = self._before + elapsed
        metres = self._pace.metres(driven)
        lat, lon, direction, moving = self._route.at(metres)
        speed = self._pace.speed(driven) * self._dice.uniform(0.95, 1.05) if moving else 0.0
        return Fix(lat, lon, speed, direction, at, mileage=round(metres / 100))

    async def _step(self, body: bytes) -> None:
        """One report: live when the link is there, else kept for backfill."""
        self._counts["reports"] += 1
        await self._look_after_link()
        if self._terminal is None:
            self._kept.append(body)
            return
        rates = self._config.misbehave
        if self._happens("late", rates.late) and self._held is None:
            self._held = body
            return
        await self._try(octets.LOCATION, body, [body])
        if self._held is not None:
            held, self._held = self._held, None
            await self._try(octets.LOCATION, held, [held])
        if self._happens("lost_link", rates.lost_link):
            await self._lose(self._dice.uniform(*rates.offline_s))

    def _happens(self, name: str, rate: float) -> bool:
        happens = self._dice.random() < rate
        self._counts[name] += happens
        return happens

    async def _look_after_link(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        oldest = next(iter(self._unanswered.values()), None)
        dead = oldest is not None and now - oldest[0] > UNANSWERED_S
        if self._terminal and (dead or not self._terminal.connected):
            self._counts["unanswered" if dead else "closed_by_platform"] += 1
            await self._lose(0.0)
        if self._terminal is None and now >= self._offline_until:
            await self._come_back()

    async def _come_back(self) -> None:
        plan = self._plan
        terminal = Terminal(
            self._config.host,
            self._config.port,
            plan.phone,
            plan.version,
            on_answer=self._answered,
            device=self._device,
        )
        try:
            await terminal.connect()
            if self._code is None:
                self._code = await terminal.register(plan.plate, plan.plate_colour)
            await terminal.authenticate(self._code)
        except (LinkLost, NotAnswered, Refused) as wrong:
            self._counts[f"log_in_{type(wrong).__name__.lower()}"] += 1
            await terminal.close()
            pause = REFUSED_S if isinstance(wrong, Refused) else UNREACHED_S
            self._offline_until = asyncio.get_running_loop().time() + pause
            self._code = plan.auth_code
            return
        self._counts["log_ins"] += 1
        self._terminal = terminal
        await self._introduce()
        await self._backfill()

    async def _introduce(self) -> None:
        """Who drives and what is carried, as far as the plan says."""
        for message in self._device.card(self._clock.now()):
            await self._try(*message, [])
        if self._plan.waybill:
            content = self._plan.waybill.encode("gbk", "replace")
            await self._try(bodies.WAYBILL, bodies.waybill(content), [])

    async def _backfill(self) -> None:
        """What was kept while the link was away, as 0x0704 of type 1."""
        while self._kept and self._terminal:
            if self._plan.version == "2011":
                # 808-2011 has no batch.
                body = self._kept.popleft()
                self._counts["backfilled"] += 1
                await self._try(octets.LOCATION, body, [body])
                continue
            kept = [self._kept.popleft() for _ in range(min(_IN_ONE_BATCH, len(self._kept)))]
            self._counts["backfilled"] += len(kept)
            await self._try(octets.LOCATION_BATCH, octets.batch(kept, backfill=True), kept)

    async def _try(self, message_id: int, body: bytes, reports: list[bytes]) -> None:
        """Send; ``reports`` are kept until they are answered."""
        if self._terminal is None:
            self._kept.extend(reports)
            return
        serial, frames = self._terminal.frames(message_id, body)
        if reports:
            self._unanswered[serial] = (asyncio.get_running_loop().time(), reports)
        try:
            await self._terminal.send(self._dressed(b"".join(frames)))
        except LinkLost:
            await self._lose(0.0)

    def _dressed(self, data: bytes) -> bytes:
        """The frame among the faults that real links and terminals add around it."""
        rates, out = self._config.misbehave, data
        if self._happens("bad_checksum", rates.bad_checksum):
            spoilt = bytearray(data)
            spoilt[-4] = (spoilt[-4] ^ 0x21) if spoilt[-4] ^ 0x21 not in (0x7D, 0x7E) else 0
            out = bytes(spoilt) + out
        if self._happens("half_frame", rates.half_frame):
            out = data[: self._dice.randrange(2, len(data) - 1)] + out
        if self._happens("noise", rates.noise):
            count = self._dice.randrange(1, 12)
            out = bytes(self._dice.choice(b"\x00\x0d\x0aAT+OK\xff\x55") for _ in range(count)) + out
        if self._happens("repeat", rates.repeat):
            out += data
        if self._happens("shared_flag", rates.shared_flag) and self._terminal:
            _, beat = self._terminal.frame(octets.HEARTBEAT, b"")
            out += beat[1:]
        return out

    def _answered(self, answer: Answer) -> None:
        if self._unanswered.pop(answer.serial, None) is not None:
            self._counts["answered_ok" if answer.result == 0 else "answered_not_ok"] += 1

    async def _lose(self, offline_s: float) -> None:
        """The link is gone: what was not answered is kept, in order, for backfill."""
        if self._terminal:
            terminal, self._terminal = self._terminal, None
            await terminal.close(abruptly=True)
        self._offline_until = asyncio.get_running_loop().time() + offline_s
        for _, reports in self._unanswered.values():
            self._kept.extend(reports)
        self._unanswered.clear()
