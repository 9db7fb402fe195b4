"""One stream process: takes its share of the partitions; one of all writes the tracks, and one
looks at pairs of vehicles."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import Bus, BusUnavailable
from jiaoan.stores.positions import PARTITIONS
from jiaoan.stores.tables import Overtaken
from jiaoan.stream import together
from jiaoan.stream.common import Common
from jiaoan.stream.history import History
from jiaoan.stream.ownership import BUCKET, Lease, Leases
from jiaoan.stream.partition import Partition
from jiaoan.stream.patience import Stopped, patient
from jiaoan.stream.reference import References
from jiaoan.stream.round import Round
from jiaoan.stream.together import Pairs

logger = logging.getLogger("jiaoan.stream")

TRACKS = "tracks"
_SINGLE = (TRACKS, together.KEY)  # jobs that one process does for all partitions
_PARTITION_KEYS = [f"p{number:02d}" for number in range(PARTITIONS)]


@dataclass
class _Job:
    lease: Lease
    stop: asyncio.Event
    task: asyncio.Task[None]


class Worker:
    """The jobs of one process: up to sixteen partitions, perhaps tracks and pairs."""

    def __init__(self, bus: Bus, data: Path, name: str, clock: Clock, lease_s: float) -> None:
        self._bus, self._data, self._name, self._clock = bus, data, name, clock
        self._lease_s = lease_s
        self._references = References(bus)
        self._common = Common(self._references)
        self._round = Round(self._common, self._references, clock)
        self._desk = asyncio.Semaphore(1)
        self._jobs: dict[str, _Job] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; then save, give the leases up and return."""
        self._snapshots = await patient(lambda: self._bus.table("stream_snapshots"), stop)
        table = await patient(lambda: self._bus.table(BUCKET, lifetime_s=self._lease_s), stop)
        self._leases = Leases(table, self._name, self._lease_s)
        following = asyncio.create_task(self._references.follow(), name="references")
        judging = asyncio.create_task(self._round.run(), name="round")
        holding: asyncio.Task[None] | None = None
        said = False
        try:
            stopping = asyncio.create_task(stop.wait())
            await self._first(self._references.loaded(), following, stopping)
            holding = asyncio.create_task(self._hold(), name="leases")
            while not stop.is_set():
                if await self._turn() and not said:
                    logger.info("%s is at work", self._name)
                    said = True
                running = {job.task for job in self._jobs.values()}
                await asyncio.wait(
                    running | {following, judging, stopping, holding},
                    timeout=self._lease_s / 3,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in (following, judging, holding):
                    if task.done():
                        task.result()
            holding.cancel()
            await self._end()
        finally:
            tasks = {following, judging} | ({holding} if holding else set())
            for task in tasks | {job.task for job in self._jobs.values()}:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @staticmethod
    async def _first(
        wanted: Awaitable[None], other: asyncio.Task[None], stopping: asyncio.Task[bool]
    ) -> None:
        """Await ``wanted``, or raise what ended ``other`` before, or :class:`Stopped`."""
        task = asyncio.ensure_future(wanted)
        await asyncio.wait({task, other, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
            if stopping.done():
                raise Stopped
            other.result()

    async def _hold(self) -> None:
        """Renew the leases three times in their life, however long a turn takes meanwhile."""
        while True:
            try:
                await asyncio.gather(*(self._renew(job) for job in list(self._jobs.values())))
            except BusUnavailable as error:
                logger.debug("leases wait for the bus: %s", error)
            await asyncio.sleep(self._lease_s / 3)

    async def _turn(self) -> bool:
        """Now and then: drop what ended, share; false without the bus."""
        if self._reap():
            await asyncio.sleep(0.1)
        try:
            workers = await self._leases.announce()
            await self._share(math.ceil(PARTITIONS / max(workers, 1)))
        except (BusUnavailable, Overtaken) as error:
            logger.debug("sharing waits for the bus: %s", error)
            await asyncio.sleep(0.1)
            return False
        return True

    def _reap(self) -> bool:
        """Forget jobs that ended; true when there were some."""
        before = len(self._jobs)
        for key, job in list(self._jobs.items()):
            if job.task.done():
                del self._jobs[key]
                try:
                    job.task.result()
                except Overtaken:
                    logger.warning("%s is another's now", key)
                except OSError as error:
                    # A full disk stops the tracks, never the alarms; the bus keeps the positions.
                    logger.error("%s cannot be written and will be tried again: %s", key, error)
        return len(self._jobs) < before

    async def _renew(self, job: _Job) -> None:
        try:
            await self._leases.renew(job.lease)
        except Overtaken:
            logger.warning("the lease of %s is lost", job.lease.key)
            job.lease.deadline = 0
            job.task.cancel()
            await asyncio.gather(job.task, return_exceptions=True)
            if self._jobs.get(job.lease.key) is job:
                del self._jobs[job.lease.key]

    async def _share(self, fair: int) -> None:
        partitions = [key for key in self._jobs if key not in _SINGLE]
        if len(partitions) > fair:
            await self._hand_back(partitions[-1])
            return
        for key in _SINGLE:
            if key not in self._jobs:
                await self._take(key)
        others = [key for key in _PARTITION_KEYS if key not in self._jobs]
        taken = 0
        while others and len(partitions) + taken < fair:
            missing = fair - len(partitions) - taken
            chunk, others = others[:missing], others[missing:]
            taken += sum(await asyncio.gather(*(self._take(key) for key in chunk)))
        if taken:
            logger.info("%s works on %d partitions", self._name, len(partitions) + taken)

    async def _hand_back(self, key: str) -> None:
        job = self._jobs.pop(key)
        job.stop.set()
        await asyncio.gather(job.task, return_exceptions=True)
        await self._leases.give_up(job.lease)

    async def _take(self, key: str) -> bool:
        """Begin the work of ``key``; false while another worker holds it."""
        lease = await self._leases.take(key)
        if lease is None:
            return False
        stop = asyncio.Event()
        run: Callable[[asyncio.Event], Awaitable[None]]
        if key == TRACKS:
            run = History(self._bus, self._data / "tracks", lease, self._clock).run
        elif key == together.KEY:
            run = Pairs(lease, self._bus, self._snapshots, self._references, self._clock).run
        else:
            run = Partition(
                int(key[1:]), lease, self._bus, self._snapshots, self._references, self._common,
                self._round, self._clock, self._data / "tracks", self._desk,
            ).run  # fmt: skip
        self._jobs[key] = _Job(lease, stop, asyncio.create_task(self._work(run, stop), name=key))
        return True

    @staticmethod
    async def _work(run: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
        await run(stop)

    async def _end(self) -> None:
        """Last snapshots and files, then leases given up; bounded, the supervisor waits 5 s."""
        for job in self._jobs.values():
            job.stop.set()
        try:
            async with asyncio.timeout(3):
                await asyncio.gather(
                    *(job.task for job in self._jobs.values()), return_exceptions=True
                )
                await asyncio.gather(*(self._leases.give_up(j.lease) for j in self._jobs.values()))
                await self._leases.withdraw()
        except TimeoutError:
            logger.warning("stopped without last snapshots: the next start reads on from the last")
