"""Messages to streams with many under way: one subscription hears all acknowledgements.

nats-py's own ``publish`` makes two tasks and several timers for each message, a third of what a
gateway spends on a batch.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Final

import nats.js.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import PubAck

from jiaoan.stores.address import BusUnavailable

REQUEST_TIMEOUT: Final = 5.0
_NO_RESPONDERS: Final = "503"


class Posts:
    """What one connection has under way."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._inbox = ""
        self._opening = asyncio.Lock()
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[PubAck]] = {}

    async def send(self, subject: str, data: bytes, headers: dict[str, str]) -> PubAck:
        """Publish, and await what the server says: ``APIError`` where it refuses, ``TimeoutError``
        where it says nothing, :class:`BusUnavailable` where the link is lost."""
        if not self._inbox:
            await self._open()
        loop = asyncio.get_running_loop()
        reply = f"{self._inbox}.{next(self._numbers)}"
        said: asyncio.Future[PubAck] = loop.create_future()
        self._waiting[reply] = said
        timer = loop.call_later(REQUEST_TIMEOUT, _fail, said, TimeoutError())
        try:
            await self._client.publish(subject, data, reply=reply, headers=headers)
            return await said
        finally:
            timer.cancel()
            said.cancel()
            del self._waiting[reply]

    async def _open(self) -> None:
        async with self._opening:
            if not self._inbox:
                inbox = self._client.new_inbox()
                await self._client.subscribe(f"{inbox}.*", cb=self._heard)
                self._inbox = inbox

    async def _heard(self, message: Msg) -> None:
        said = self._waiting.get(message.subject)
        if said is None or said.done():
            return  # it came too late
        try:
            said.set_result(_acknowledgement(message))
        except nats.js.errors.Error as error:
            said.set_exception(error)

    def lost(self) -> None:
        """Nothing that is under way will be answered."""
        for said in self._waiting.values():
            _fail(said, BusUnavailable("the link to the bus was lost before the answer came"))


def _acknowledgement(message: Msg) -> PubAck:
    if (message.headers or {}).get("Status") == _NO_RESPONDERS:
        raise nats.js.errors.NoStreamResponseError
    answer = json.loads(message.data)
    if "error" in answer:
        raise nats.js.errors.APIError.from_error(answer["error"])  # it raises by itself
    return PubAck.from_response(answer)


def _fail(said: asyncio.Future[PubAck], error: Exception) -> None:
    if not said.done():
        said.set_exception(error)
