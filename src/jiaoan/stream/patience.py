"""Waiting for a bus that is not there now: at the start as later."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from jiaoan.stores.bus import BusUnavailable, NotDurable

logger = logging.getLogger("jiaoan.stream")

T = TypeVar("T")
RETRY_S = 0.1


class Stopped(Exception):
    """The process was told to end while it waited."""


async def patient(ask: Callable[[], Awaitable[T]], stop: asyncio.Event | None = None) -> T:
    """The answer of ``ask``, asked again through outages of the bus until ``stop`` is set.

    Raises :class:`Stopped` then, and :class:`NotDurable` at once: waiting mends no configuration.
    """
    said = False
    while True:
        try:
            return await ask()
        except NotDurable:
            raise
        except BusUnavailable as error:
            if not said:
                logger.warning("waiting for the bus: %s", error)
                said = True
        if stop is not None and stop.is_set():
            raise Stopped
        await asyncio.sleep(RETRY_S)
