"""One link at one of its ends, without a socket: octets in, events and octets out.

``now`` is a monotonic count of seconds and decides time-outs; the send time of 2019 comes from the
clock. Who owns the socket gives :meth:`Line.receive` what was read, writes :meth:`Line.take` out,
calls :meth:`Line.tick` every second or so, and closes the socket when it meets :class:`Ended`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from jiaoan.kernel.clock import Clock
from jiaoan.wire.errors import BodyError
from jiaoan.wire.jt809.framing import BadFrame, Frame, FrameReader, Profile, build_frame
from jiaoan.wire.jt809.header import Edition, Header
from jiaoan.wire.jt809.links import Empty, LoginAnswer, Result, SubLinkResult
from jiaoan.wire.jt809.messages import Message, parse
from jiaoan.wire.jt809.states import (
    CALLED,
    CALLER,
    CalledState,
    CalledVerb,
    CallerState,
    CallerVerb,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is said on a link: ids of login, logout and keep-alive with their answers."""

    name: str
    login: int
    login_answer: int
    logout: int
    logout_answer: int
    keep_alive: int
    keep_alive_answer: int


MAIN = Kind("main", 0x1001, 0x1002, 0x1003, 0x1004, 0x1005, 0x1006)
SUB = Kind("sub", 0x9001, 0x9002, 0x9003, 0x9004, 0x9005, 0x9006)


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds. The standard asks for a keep-alive each minute; the rest is agreed locally."""

    keep_alive_s: float = 60.0
    silent_s: float = 180.0
    """Nothing heard for so long: the link is taken for dead."""
    login_s: float = 30.0
    """From connecting to the end of the login; also for the answer of a logout."""
    retry_s: float = 10.0
    """From the loss of a link to the next attempt."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What two platforms agreed on: access code, edition, cipher and key, version in the header.

    ``key`` 0 sends plainly; encrypted frames of the peer are read whenever there is a cipher.
    ``plate_in_alarms``: alarm messages of 2019 get plate and colour in front, as some platforms
    expect; the edition has none there, so that a supervision request would tell no vehicle.
    """

    access_code: int
    profile: Profile
    version: tuple[int, int, int] = (1, 0, 0)
    key: int = 0
    plate_in_alarms: bool = False

    @property
    def edition(self) -> Edition:
        return self.profile.edition or Edition.V2011


@dataclass(frozen=True, slots=True)
class Live:
    """The login went through: business may be sent."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The link is down: close the socket. ``orderly`` after a logout; ``result`` of a refusal."""

    reason: str
    orderly: bool = False
    result: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A business message, or a notice about the other link; ``serial`` is the peer's, ``body`` the
    deciphered octets as they came."""

    message: Message
    serial: int
    body: bytes = field(default=b"", compare=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """Octets or a message that could not be read: the link goes on."""

    reason: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The peer answered a keep-alive: all that was sent before it, it has read."""

    mark: int


Event = Live | Ended | Received | Refused | Confirmed
Judge = Callable[[Message, int], tuple[Message, bool]]
"""For the called end: the login and the access code of its header to the answer, and whether the
caller may come in."""


@dataclass
class Line:
    """One link at one end: a caller has a ``login``, a called one has ``judge``."""

    kind: Kind
    terms: Terms
    clock: Clock
    times: Times = field(default_factory=Times)
    login: Message | None = None
    logout: Message | None = None
    judge: Judge | None = None

    def __post_init__(self) -> None:
        self.state: CallerState | CalledState = CALLER.initial if self.calls else CALLED.initial
        self._reader = FrameReader(self.terms.profile)
        self._out = bytearray()
        self._serial = 0
        self._since = self._heard = self._said = 0.0
        self._marks: list[int] = []

    @property
    def calls(self) -> bool:
        return self.login is not None

    @property
    def live(self) -> bool:
        return self.state in (CallerState.LIVE, CalledState.LIVE)

    @property
    def down(self) -> bool:
        return self.state in (CallerState.DOWN, CalledState.DOWN)

    @property
    def counts(self) -> dict[str, int]:
        """Faults and tolerances met by this end."""
        return {str(name): count for name, count in self._reader.counts.items()}

    def connected(self, now: float) -> None:
        """The connection stands: the caller logs in, the called one waits for that."""
        self._turn(CallerVerb.CONNECT, CalledVerb.CONNECT)
        self._reader = FrameReader(self.terms.profile)
        self._out.clear()
        self._marks.clear()
        self._since = self._heard = self._said = now
        if self.login is not None:
            self._say(self.login, now)

    def receive(self, data: bytes, now: float) -> list[Event]:
        """Take octets of the peer."""
        if self.down:
            return []
        self._heard = now
        events: list[Event] = []
        for one in self._reader.receive(data):
            if self.down:
                break
            events += self._take(one, now)
        return events

    def tick(self, now: float) -> list[Event]:
        """Keep alive, and end what was silent or did not log in for too long."""
        if self.down:
            return []
        if self.live:
            if now - self._heard >= self.times.silent_s:
                return [self._lose("silent")]
            if self.calls and now - self._said >= self.times.keep_alive_s:
                self.keep_alive(now)
        elif now - self._since >= self.times.login_s:
            return [self._lose("no_login")]
        return []

    def lost(self) -> list[Event]:
        """The connection broke."""
        return [] if self.down else [self._lose("lost")]

    def send(self, message: Message, now: float) -> int:
        """Send a business message; its serial. :class:`.EncodeError` where it has no room,
        ``RuntimeError`` where the link is not live."""
        if not self.live:
            raise RuntimeError(f"the {self.kind.name} link is {self.state}")
        return self._say(message, now)

    def keep_alive(self, now: float, mark: int = 0) -> None:
        """Say 0x1005 or 0x9005; its answer is told as :class:`Confirmed` with ``mark``."""
        self._marks.append(mark)
        self._say(Message(self.kind.keep_alive, Empty()), now)

    def leave(self, now: float) -> None:
        """Log out; the caller's way to end a link. Without effect on a link that is not live."""
        if self.state is CallerState.LIVE and self.logout is not None:
            self._turn(CallerVerb.LEAVE, CalledVerb.LOSE)
            self._since = now
            self._say(self.logout, now)

    def take(self) -> bytes:
        """The octets to be written out now."""
        octets = bytes(self._out)
        self._out.clear()
        return octets

    def _take(self, one: Frame | BadFrame, now: float) -> list[Event]:
        if isinstance(one, BadFrame):
            return [Refused(str(one.fault), one.raw)]
        try:
            message = parse(one, self.terms.edition, self.terms.profile.allowed)
        except BodyError as wrong:
            return [Refused(f"{wrong.fault}: {wrong}", one.raw)]
        return self._understand(message, one, now)

    def _understand(self, message: Message, frame: Frame, now: float) -> list[Event]:
        kind, header = self.kind, frame.header
        if not self.calls and message.message_id == kind.login:
            return self._admit(message, header, now)
        if message.message_id == kind.login_answer and self.state is CallerState.LOGGING_IN:
            return self._answered(message)
        if message.message_id == kind.keep_alive:
            self._say(Message(kind.keep_alive_answer, Empty()), now)
            return []
        if message.message_id == kind.keep_alive_answer:
            return [Confirmed(self._marks.pop(0))] if self._marks else []
        if not self.calls and message.message_id == kind.logout and self.live:
            self._say(Message(kind.logout_answer, Empty()), now)
            self._turn(CallerVerb.LEFT, CalledVerb.LEFT)
            return [Ended("left", orderly=True)]
        if message.message_id == kind.logout_answer and self.state is CallerState.LEAVING:
            self._turn(CallerVerb.LEFT, CalledVerb.LEFT)
            return [Ended("left", orderly=True)]
        if not self.live and self.state is not CallerState.LEAVING:
            return [Refused("not logged in", frame.raw)]
        return [Received(message, header.serial, frame.body)]

    def _admit(self, message: Message, header: Header, now: float) -> list[Event]:
        assert self.judge is not None
        answer, admitted = self.judge(message, header.access_code)
        self._say(answer, now)
        if admitted:
            again = self.live
            self._turn(CallerVerb.ACCEPTED, CalledVerb.ADMIT)
            return [] if again else [Live()]
        self._turn(CallerVerb.REFUSED, CalledVerb.LOSE if self.live else CalledVerb.REFUSE)
        return [Ended("refused", result=_result(answer))]

    def _answered(self, message: Message) -> list[Event]:
        result = _result(message)
        if result == SubLinkResult.OK:
            self._turn(CallerVerb.ACCEPTED, CalledVerb.ADMIT)
            # The code for the sub link is in the message.
            return [Live(), Received(message, 0)]
        self._turn(CallerVerb.REFUSED, CalledVerb.REFUSE)
        return [Ended("refused", result=result)]

    def _lose(self, reason: str) -> Ended:
        orderly = self.state is CallerState.LEAVING
        self._turn(CallerVerb.LOSE, CalledVerb.LOSE)
        return Ended(reason, orderly=orderly)

    def _turn(self, caller: CallerVerb, called: CalledVerb) -> None:
        if self.calls:
            self.state = CALLER.after(self.state, caller)
        else:
            self.state = CALLED.after(self.state, called)

    def _say(self, message: Message, now: float) -> int:
        terms = self.terms
        timed = terms.edition is Edition.V2019
        serial = (self._serial + 1) & 0xFFFFFFFF
        header = Header(
            0,
            serial,
            message.message_id,
            terms.access_code,
            terms.version,
            terms.key != 0,
            terms.key,
            self.clock.now() if timed else None,
            timed,
        )
        self._out += build_frame(header, message.build(terms.edition), terms.profile.cipher)
        self._serial, self._said = serial, now
        return serial


def _result(message: Message) -> int | None:
    content = message.content
    return content.result if isinstance(content, LoginAnswer | Result) else None
