"""Both links between two platforms at one end, without a socket.

Theory of operation
-------------------
A :class:`Subordinate` calls the main link and is called on the sub link; a :class:`Superior` the
other way round. Business goes up on the main link and down on the sub link; while the proper link
is down, the other carries it. The loss of a link is told on the *other* one: 0x1007 by the
subordinate, 0x9007 by the superior; 0x1008 and 0x9008 say that a link is about to be closed.

The owner of the sockets opens a connection when :meth:`Pair.wanted` names a link, and tells
:meth:`Pair.connected`, :meth:`Pair.receive`, :meth:`Pair.lost` and :meth:`Pair.tick` what happened.
What is to be written to a link is ``pair.main.take()`` and ``pair.sub.take()``.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from jiaoan.kernel.clock import Clock
from jiaoan.wire.jt809.header import Edition
from jiaoan.wire.jt809.line import (
    MAIN,
    SUB,
    Confirmed,
    Ended,
    Event,
    Line,
    Live,
    Received,
    Refused,
    Terms,
    Times,
)
from jiaoan.wire.jt809.links import (
    CloseCode,
    Code,
    Login2011,
    Login2019,
    LoginAnswer,
    LoginResult,
    Logout,
    LossCode,
    Result,
    SubLinkResult,
    Verify,
)
from jiaoan.wire.jt809.messages import Message

_LOST_NOTICE = {"main": 0x1007, "sub": 0x9007}
_CLOSING_NOTICE = {"main": 0x1008, "sub": 0x9008}
NOTICES = frozenset({0x1007, 0x1008, 0x9007, 0x9008})
EXPECTED = NOTICES | {0x1002, 0x9002}
"""Messages of the links that an owner of a pair meets in an orderly life."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a platform listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Happened:
    """An event and the link it happened on."""

    link: str
    event: Event


class Pair:
    """What both roles share: routing, notices, attempts. ``proper`` carries our business."""

    main: Line
    sub: Line

    def __init__(self, times: Times) -> None:
        self.times = times
        self._next_try = float("-inf")
        self._leaving = False

    @property
    def own(self) -> Line:
        """The link that we call."""
        return self.main if self.main.calls else self.sub

    @property
    def proper(self) -> Line:
        """The link that our business goes on."""
        raise NotImplementedError

    @property
    def other(self) -> Line:
        return self.sub if self.proper is self.main else self.main

    @property
    def live(self) -> bool:
        """Whether business can be sent at all."""
        return self.main.live or self.sub.live

    def line(self, link: str) -> Line:
        return self.main if link == MAIN.name else self.sub

    def wanted(self, now: float) -> str | None:
        """The link that should be opened now."""
        own = self.own
        ready = own.down and not self._leaving and now >= self._next_try and self._may_call()
        return own.kind.name if ready else None

    def _may_call(self) -> bool:
        return True

    def failed(self, now: float) -> None:
        """The connection that was wanted could not be opened."""
        self._next_try = now + self.times.retry_s
        self._tell_loss(self.own, LossCode.CANNOT_CONNECT, now)

    def connected(self, link: str, now: float) -> None:
        self.line(link).connected(now)

    def receive(self, link: str, data: bytes, now: float) -> list[Happened]:
        return self._happened(link, self.line(link).receive(data, now), now)

    def lost(self, link: str, now: float) -> list[Happened]:
        return self._happened(link, self.line(link).lost(), now)

    def tick(self, now: float) -> list[Happened]:
        return [
            happened
            for line in (self.main, self.sub)
            for happened in self._happened(line.kind.name, line.tick(now), now)
        ]

    def send(self, message: Message, now: float) -> tuple[str, int] | None:
        """Send business on its proper link, or on the other while that is down.

        The link and the serial, or ``None`` where both are down: nothing was sent.
        """
        for line in (self.proper, self.other):
            if line.live:
                return line.kind.name, line.send(message, now)
        return None

    def close(self, now: float, code: CloseCode = CloseCode.OTHER) -> None:
        """Say on the other link that ours is about to be closed, then log out of ours."""
        self._leaving = True
        own, other = self.own, self._opposite(self.own)
        if other.live:
            other.send(Message(_CLOSING_NOTICE[own.kind.name], Code(code)), now)
        own.leave(now)

    def _opposite(self, line: Line) -> Line:
        return self.sub if line is self.main else self.main

    def _happened(self, link: str, events: list[Event], now: float) -> list[Happened]:
        for event in events:
            if isinstance(event, Ended):
                self._ended(self.line(link), event, now)
        return [Happened(link, event) for event in events]

    def _ended(self, line: Line, event: Ended, now: float) -> None:
        if line is self.own:
            self._next_try = now + self.times.retry_s
            if not event.orderly:
                self._tell_loss(line, LossCode.LOST, now)

    def _tell_loss(self, line: Line, code: LossCode, now: float) -> None:
        """The end that calls a link tells its loss on the opposite one."""
        opposite = self._opposite(line)
        if not opposite.live:
            return
        if line.kind is MAIN:
            # 0x1007 knows 0 lost and 1 other.
            code_of_main = 0 if code is LossCode.LOST else 1
            opposite.send(Message(_LOST_NOTICE["main"], Code(code_of_main)), now)
        else:
            opposite.send(Message(_LOST_NOTICE["sub"], Code(code)), now)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a subordinate logs in with; the password has at most eight octets."""

    user_id: int
    password: str


class Subordinate(Pair):
    """下级平台: calls the superior, and awaits its call at ``listens``."""

    def __init__(
        self,
        terms: Terms,
        credentials: Credentials,
        listens: Address,
        clock: Clock,
        times: Times | None = None,
    ) -> None:
        super().__init__(times or Times())
        self._code: int | None = None
        login = _login(terms, credentials, listens)
        logout = Message(0x1003, Logout(credentials.user_id, credentials.password))
        self.main = Line(MAIN, terms, clock, self.times, login=login, logout=logout)
        self.sub = Line(SUB, terms, clock, self.times, judge=self._judge)

    @property
    def proper(self) -> Line:
        return self.main

    def _judge(self, message: Message, access_code: int) -> tuple[Message, bool]:
        """0x9001: the code is that of the last 0x1002."""
        right = self.knows(message)
        result = SubLinkResult.OK if right else SubLinkResult.WRONG_CODE
        return Message(0x9002, Result(result)), right

    def knows(self, message: Message) -> bool:
        """Whether this opens the sub link with the code that we were given."""
        content = message.content
        is_login = message.message_id == SUB.login and isinstance(content, Verify)
        return is_login and self._code is not None and content == Verify(self._code)

    def _happened(self, link: str, events: list[Event], now: float) -> list[Happened]:
        for event in events:
            if isinstance(event, Received) and isinstance(event.message.content, LoginAnswer):
                self._code = event.message.content.verify_code
        return super()._happened(link, events, now)


def _login(terms: Terms, credentials: Credentials, listens: Address) -> Message:
    user, password = credentials.user_id, credentials.password
    if terms.edition is Edition.V2019:
        content: Login2011 | Login2019 = Login2019(
            user, password, terms.access_code, listens.host, listens.port
        )
    else:
        content = Login2011(user, password, listens.host, listens.port)
    return Message(0x1001, content)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a superior knows of one subordinate. ``hosts`` empty admits any address."""

    terms: Terms
    credentials: Credentials
    hosts: frozenset[str] = frozenset()


class Superior(Pair):
    """上级平台, for one subordinate: is called, then calls back.

    ``new_code`` makes the code that the sub link is opened with; ``peer`` is the address that the
    main link came from.
    """

    def __init__(
        self,
        entry: Entry,
        clock: Clock,
        new_code: Callable[[], int],
        times: Times | None = None,
    ) -> None:
        super().__init__(times or Times())
        self.entry, self.peer = entry, ""
        self.calls_back: Address | None = None
        self._new_code, self._code = new_code, 0
        self.main = Line(MAIN, entry.terms, clock, self.times, judge=self._judge)
        self.sub = Line(SUB, entry.terms, clock, self.times, login=Message(0x9001, Verify(0)))

    @property
    def proper(self) -> Line:
        return self.sub

    def connected(self, link: str, now: float) -> None:
        """The sub link is opened with the code of the last login."""
        if link == SUB.name:
            self.sub.login = Message(0x9001, Verify(self._code))
            self.sub.logout = Message(0x9003, Verify(self._code))
        super().connected(link, now)

    def _may_call(self) -> bool:
        return self.main.live and self.calls_back is not None

    def _judge(self, message: Message, access_code: int) -> tuple[Message, bool]:
        result = self.login_result(message, access_code, self.peer)
        if result is not LoginResult.OK:
            return Message(0x1002, LoginAnswer(result, 0)), False
        content = message.content
        assert isinstance(content, Login2011 | Login2019)
        self.calls_back = Address(content.down_link_ip, content.down_link_port)
        self._code = self._new_code()
        self._next_try = float("-inf")
        return Message(0x1002, LoginAnswer(LoginResult.OK, self._code)), True

    def login_result(self, message: Message, access_code: int, peer: str) -> LoginResult:
        """What a login from ``peer`` is answered; ``access_code`` is that of its header."""
        entry, content = self.entry, message.content
        if not isinstance(content, Login2011 | Login2019):
            new = entry.terms.edition is Edition.V2019
            return LoginResult.OTHER_2019 if new else LoginResult.OTHER
        if entry.hosts and peer not in entry.hosts:
            return LoginResult.WRONG_ADDRESS
        told = content.access_code if isinstance(content, Login2019) else access_code
        if not entry.terms.access_code == access_code == told:
            return LoginResult.WRONG_ACCESS_CODE
        if content.user_id != entry.credentials.user_id:
            return LoginResult.NOT_REGISTERED
        given, right = content.password.encode(), entry.credentials.password.encode()
        if not hmac.compare_digest(given, right):
            return LoginResult.WRONG_PASSWORD
        return LoginResult.OK


__all__ = [
    "EXPECTED",
    "NOTICES",
    "Address",
    "Confirmed",
    "Credentials",
    "Ended",
    "Entry",
    "Happened",
    "Live",
    "Pair",
    "Received",
    "Refused",
    "Subordinate",
    "Superior",
]
