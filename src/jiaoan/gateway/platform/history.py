"""What two platforms tell each other about their links 平台链路管理: how many positions went over
them in a period, and how long the main link was down."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from jiaoan.gateway.platform.limits import Limits
from jiaoan.gateway.platform.sockets import Sockets
from jiaoan.kernel.clock import Clock
from jiaoan.wire.jt809 import Message
from jiaoan.wire.jt809.header import Edition
from jiaoan.wire.jt809.management import Tally

logger = logging.getLogger("jiaoan.platform")
_MOST = 10_000


class LinkHistory:
    """When a link was down, since the start of this process; the oldest times go first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._downs: deque[tuple[datetime, datetime | None]] = deque(maxlen=_MOST)

    def lost(self) -> None:
        if not self._downs or self._downs[-1][1] is not None:
            self._downs.append((self._clock.now(), None))

    def live(self) -> None:
        if self._downs and self._downs[-1][1] is None:
            self._downs[-1] = (self._downs[-1][0], self._clock.now())

    def between(self, start: datetime, end: datetime) -> tuple[int, int]:
        """How often it was lost in a period, and for how many seconds it was down in it."""
        now = self._clock.now()
        spans = [(begun, over or now) for begun, over in self._downs]
        inside = [(max(a, start), min(b, end)) for a, b in spans if a < end and b > start]
        lost = sum(start <= begun < end for begun, _ in spans)
        return lost, int(sum((b - a for a, b in inside), timedelta(0)).total_seconds())


def tally_message(message_id: int, tally: Tally, edition: Edition) -> Message:
    """0x9101 stands directly in the body in 2011, and behind a sub id in 2019, like 0x1101."""
    if edition is Edition.V2011:
        return Message(message_id, tally)
    return Message.of(message_id, tally)


async def tell_tallies(
    message_id: int,
    name: str,
    counted: Callable[[], int],
    sockets: Sockets,
    edition: Edition,
    clock: Clock,
    limits: Limits,
) -> None:
    """For ever: tell what was ``counted`` in the period that ended; one in which no link was live
    becomes part of the next."""
    start, before = clock.now(), counted()
    while True:
        await asyncio.sleep(limits.tally_s)
        end, now = clock.now(), counted()
        tally = Tally(min(now - before, 0xFFFFFFFF), start, end)
        if sockets.pair.send(tally_message(message_id, tally, edition), sockets.now) is None:
            continue
        sockets.flush()
        logger.info("%s: %d positions from %s to %s", name, tally.dynamic_info_total, start, end)
        start, before = end, now
