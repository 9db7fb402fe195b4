"""Sending commands and waiting for their answers. See the package for the theory."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from jiaoan.gateway.commands import messages
from jiaoan.gateway.commands.claims import (
    LIFETIME_S,
    TABLE,
    Claim,
    Claims,
    Finished,
    Overtaken,
    Table,
)
from jiaoan.gateway.commands.command import (
    DOWN,
    UP,
    BadCommand,
    Command,
    CommandKind,
    Outcome,
    State,
    read_command,
)
from jiaoan.gateway.limits import Limits
from jiaoan.gateway.links import Link, Links
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.session import Session
from jiaoan.gateway.states import LinkState
from jiaoan.kernel.clock import Clock
from jiaoan.stores.bus import BusUnavailable, Message
from jiaoan.wire.jt808 import Frame, Header

logger = logging.getLogger("jiaoan.gateway")
_RETRY_S = 0.5
T = TypeVar("T")


class Port(Protocol):
    """What commands need of the bus."""

    async def publish(self, subject: str, data: bytes, *, message_id: str) -> int: ...
    def read(self, subject: str, *, after: int, batch: int = 100) -> AsyncIterator[Message]: ...
    async def table(self, name: str, *, lifetime_s: float | None = None) -> Table: ...


class _LinkGone(Exception):
    """The link ended, or fell silent, before the answer came; the command goes on with the next
    one, or when something is heard again."""


class _Expected:
    """A message that was sent, and the answer that ends the waiting for it."""

    def __init__(self, message: messages.Composed) -> None:
        self.message = message
        self.reply: asyncio.Future[messages.Reply] = asyncio.get_running_loop().create_future()


class _Kept:
    """Waits until a position is stored (an ``Asker`` of the publisher)."""

    def __init__(self) -> None:
        self.done = asyncio.Event()

    def stored(self, headers: Sequence[Header]) -> None:
        del headers
        self.done.set()


class Commands:
    """All commands that this process knows, and the tasks that carry those of live terminals."""

    def __init__(
        self, bus: Port, limits: Limits, metrics: Metrics, clock: Clock, links: Links
    ) -> None:
        self._bus, self._limits, self._metrics = bus, limits, metrics
        self._clock, self._links = clock, links
        self._commands: OrderedDict[str, Command] = OrderedDict()
        self._by_terminal: dict[str, list[Command]] = {}
        self._carried: dict[str, asyncio.Task[None]] = {}
        self._expected: dict[tuple[Session, int], _Expected] = {}
        self._expiring: list[tuple[datetime, str]] = []
        self._silent: dict[str, tuple[Link, float]] = {}
        """Commands that went into a link from which nothing is heard, and since when."""
        self._claims: Claims | None = None
        self._last = 0
        self.attachments: Callable[[Session], tuple[str, int] | None] | None = None
        """Address and port that a terminal is told for the files of alarms."""
        self._files: dict[str, Command] = {}
        """Commands for files, also those that are sent and answered: files come later."""
        links.on_live.append(self.live)

    def __len__(self) -> int:
        return len(self._commands)

    async def run(self) -> None:
        """Read commands for ever; ends only by cancellation, with everything it carried."""
        try:
            table = await self._insist(lambda: self._bus.table(TABLE, lifetime_s=LIFETIME_S))
            self._claims = Claims(table, self._links.name)
            for link in self._links:
                if link.session.state is LinkState.LIVE:
                    self.live(link)
            while True:
                try:
                    async for message in self._bus.read(DOWN, after=self._last):
                        self._take(message)
                    return
                except BusUnavailable as gone:
                    logger.warning("commands wait for the bus: %s", gone)
                    await asyncio.sleep(_RETRY_S)
                except LookupError as replaced:
                    logger.warning("the bus was replaced, commands are read anew: %s", replaced)
                    self._last = 0
        finally:
            for task in self._carried.values():
                task.cancel()
            await asyncio.gather(*self._carried.values(), return_exceptions=True)

    def live(self, link: Link) -> None:
        """A terminal has logged in: what waits for it goes out."""
        assert link.session.terminal is not None
        for command in self._by_terminal.get(link.session.terminal.phone, ()):
            self._carry(command)

    def answered(self, session: Session, frame: Frame) -> None:
        """A live terminal's answer; one that nobody waits for is counted and left."""
        reply = messages.read_reply(frame, session)
        expected = self._expected_by(session, reply) if reply else None
        if reply is None or expected is None or expected.reply.done():
            self._metrics.commands["answers_nobody_waits_for"] += 1
        elif reply.refusal or reply.message_id in expected.message.answers:
            expected.reply.set_result(reply)

    def _expected_by(self, session: Session, reply: messages.Reply) -> _Expected | None:
        """What the reply answers. Questions whose answers name no serial are of one topic, so
        that a terminal has one of them at a time."""
        if reply.serial is not None:
            return self._expected.get((session, reply.serial))
        for (asked, _), one in self._expected.items():
            message = one.message
            if asked is session and reply.message_id in message.answers:
                return one if message.about == reply.about else None
        return None

    def expected(self, number: str) -> Command | None:
        """The command under whose number a terminal may send files."""
        return self._files.get(number)

    def _where(self, link: Link) -> tuple[str, int] | None:
        return self.attachments(link.session) if self.attachments else None

    def sweep(self) -> None:
        """Let go what has expired and what was waiting on links that are gone."""
        now = self._clock.now()
        for name in [name for name, one in self._files.items() if one.expires_at <= now]:
            del self._files[name]
        while self._expiring and self._expiring[0][0] <= now:
            command = self._commands.get(heapq.heappop(self._expiring)[1])
            if command is not None and command.id not in self._carried:
                self._metrics.commands["expired"] += 1
                self._forget(command)
        for name, (link, since) in list(self._silent.items()):
            if name not in self._commands or link.heard > since:
                del self._silent[name]
                if name in self._commands:
                    self._carry(self._commands[name])
        for (session, _), expected in self._expected.items():
            if session.state is not LinkState.LIVE and not expected.reply.done():
                expected.reply.set_exception(_LinkGone())

    def _take(self, message: Message) -> None:
        self._last = message.sequence
        try:
            command = read_command(message.subject, message.data)
        except BadCommand as wrong:
            self._metrics.commands["unreadable"] += 1
            logger.error("a command on %s is left out: %s", message.subject, wrong)
            return
        if command.id in self._commands or command.expires_at <= self._clock.now():
            return
        self._commands[command.id] = command
        if command.kind is CommandKind.ATTACHMENT:
            self._files[command.id] = command
        self._by_terminal.setdefault(command.terminal, []).append(command)
        heapq.heappush(self._expiring, (command.expires_at, command.id))
        if len(self._commands) > self._limits.commands_waiting:
            self._give_way()
        self._carry(command)

    def _give_way(self) -> None:
        oldest = next(one for one in self._commands.values() if one.id not in self._carried)
        self._metrics.commands["gave_way"] += 1
        self._forget(oldest)

    def _forget(self, command: Command) -> None:
        self._commands.pop(command.id, None)
        rest = [one for one in self._by_terminal.pop(command.terminal, []) if one.id != command.id]
        if rest:
            self._by_terminal[command.terminal] = rest
        for one in rest:
            if one.kind.topic and one.kind.topic is command.kind.topic:
                self._carry(one)

    def _carry(self, command: Command) -> None:
        if self._claims is None or command.id in self._carried or self._has_to_wait(command):
            return
        link = self._links.of(command.terminal)
        if link is None or link.session.state is not LinkState.LIVE:
            return
        task = asyncio.create_task(self._carried_by(self._claims, command, link))
        self._carried[command.id] = task
        task.add_done_callback(lambda done: self._ended(command, link, done))

    def _has_to_wait(self, command: Command) -> bool:
        """Whether an older command of its topic has not ended yet."""
        if command.kind.topic is None:
            return False
        known = self._by_terminal.get(command.terminal, ())
        first = next((one for one in known if one.kind.topic is command.kind.topic), command)
        return first.id != command.id

    def _ended(self, command: Command, link: Link, task: asyncio.Task[None]) -> None:
        self._carried.pop(command.id, None)
        if task.cancelled():
            return
        if task.exception() is not None:
            logger.error("command %s could not be carried", command.id, exc_info=task.exception())
            self._metrics.commands["failed"] += 1
            self._forget(command)
            return
        if command.expires_at <= self._clock.now():
            self._forget(command)
        # The terminal may have come back on another link while this one was given up.
        if command.id in self._commands and self._links.of(command.terminal) not in (None, link):
            self._carry(command)

    async def _carried_by(self, claims: Claims, command: Command, link: Link) -> None:
        """Send until there is an end; returns without one where the link ended."""
        try:
            claim = await self._insist(lambda: claims.take(command))
            try:
                message = messages.compose(command, link.session, self._where(link))
            except BadCommand as wrong:
                outcome = self._outcome(claim, State.UNDELIVERABLE, reason=str(wrong))
            else:
                outcome = await self._sent_and_answered(claims, claim, message, link)
            await self._insist(lambda: claims.end(claim, outcome))
        except Finished as ended:
            outcome = ended.outcome
        except _LinkGone:
            self._silent[command.id] = (link, asyncio.get_running_loop().time())
            return
        except Overtaken:
            self._metrics.commands["overtaken"] += 1
            return
        await self._tell(outcome)
        self._forget(command)

    async def _sent_and_answered(
        self, claims: Claims, claim: Claim, message: messages.Composed, link: Link
    ) -> Outcome:
        session = link.session
        expected = _Expected(message)
        self._expected[session, message.serial] = expected
        begun, sent = asyncio.get_running_loop().time(), 0
        try:
            while claim.counted < self._limits.command_tries:
                if self._clock.now() >= claim.command.expires_at:
                    return self._outcome(claim, State.TIMED_OUT, reason="expired")
                await self._insist(lambda: claims.sending(claim))
                if session.state is not LinkState.LIVE:
                    raise _LinkGone
                link.write(message.octets)
                sent += 1
                until = asyncio.get_running_loop().time() + self._wait(claim)
                await self._tell(self._outcome(claim, State.SENT))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(until):
                        # A time-out must not cancel the reply: the next try waits for it too.
                        await asyncio.shield(expected.reply)
                if expected.reply.done():
                    return await self._read(claim, expected.reply.result(), session)
            if link.heard < begun:
                raise _LinkGone
            return self._outcome(claim, State.TIMED_OUT)
        except _LinkGone:
            if sent and link.heard < begun:
                await self._insist(lambda: claims.void(claim, sent))
            raise
        finally:
            del self._expected[session, message.serial]
            expected.reply.cancel()

    def _wait(self, claim: Claim) -> float:
        """How long the answer to the sending under way is waited for."""
        wait = self._limits.command_answer_s
        for number in range(2, claim.counted + 1):
            wait *= number
        return wait

    async def _read(self, claim: Claim, reply: messages.Reply, session: Session) -> Outcome:
        """The end that this answer is; a position in it is stored first."""
        if reply.position is not None:
            kept = _Kept()
            why_not = session.submit(reply.position, kept)
            if why_not:
                return self._outcome(claim, State.REFUSED, reason=f"unreadable: {why_not}")
            await kept.done.wait()
        if reply.refusal is not None:
            return self._outcome(claim, State.REFUSED, reason=reply.refusal)
        return self._outcome(claim, State.ANSWERED, result=reply.result)

    def _outcome(
        self,
        claim: Claim,
        state: State,
        *,
        reason: str = "",
        result: messages.Result | None = None,
    ) -> Outcome:
        return Outcome(claim.command, state, self._clock.now(), claim.tries, reason, result)

    async def _tell(self, outcome: Outcome) -> None:
        self._metrics.commands[outcome.state.value] += 1
        await self._insist(
            lambda: self._bus.publish(UP, outcome.encode(), message_id=outcome.message_id)
        )

    async def _insist(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask the bus until it answers."""
        while True:
            try:
                return await ask()
            except BusUnavailable as gone:
                logger.debug("commands wait for the bus: %s", gone)
                await asyncio.sleep(_RETRY_S)
