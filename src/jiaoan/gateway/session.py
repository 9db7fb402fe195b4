"""What one link is answered: frames in, octets out, reports aside. No socket here."""

from __future__ import annotations

import hmac
import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from jiaoan.gateway.access import Access
from jiaoan.gateway.metrics import Metrics
from jiaoan.gateway.parts import Parts, Whole
from jiaoan.gateway.publisher import Asker, Report
from jiaoan.gateway.quarantine import Quarantine
from jiaoan.gateway.reference import Reference, Terminal
from jiaoan.gateway.rows import row
from jiaoan.gateway.states import LINK, LinkState, LinkVerb
from jiaoan.kernel.clock import Clock
from jiaoan.wire.jt808 import (
    Authenticate,
    BadFrame,
    BatchDecoder,
    Body,
    BodyError,
    Edition,
    Frame,
    Header,
    Heartbeat,
    MessageId,
    PlatformAnswer,
    Position,
    Profile,
    Refused,
    Register,
    RegisterAnswer,
    RegisterResult,
    Resend,
    Result,
    SentParts,
    ServerTime,
    Wanted,
    build_frame,
    decode_batch,
    is_named,
    parse_body,
    split_message,
)
from jiaoan.wire.jt808.commands import AskTime, LogOff

# Answers are not answered: two ends that did so would never stop.
ANSWERS = frozenset(
    {
        MessageId.TERMINAL_ANSWER,
        MessageId.PARAMETERS_ANSWER,
        MessageId.LOCATION_ANSWER,
        MessageId.SHOOT_ANSWER,
        MessageId.FOUND_MEDIA,
        MessageId.AREAS_ANSWER,
    }
)
_LOCATIONS = frozenset({MessageId.LOCATION, MessageId.LOCATION_BATCH})
_DOWNWARD = 0x8000


@dataclass(frozen=True)
class Surroundings:
    """What all sessions share."""

    reference: Reference
    metrics: Metrics
    quarantine: Quarantine
    clock: Clock
    submit: Callable[[Report], None]
    admitted: Callable[[Session], None]
    """Called at each successful authentication; takes the place of an older link."""
    answered: Callable[[Session, Frame], None]
    """What a live terminal answers to our messages."""
    keep: Callable[[Session, Frame, Body], str]
    """Stores a message that is no position and has it answered; why not, where it does not."""
    access: Access
    parts: Parts
    sent: SentParts
    decode: BatchDecoder = decode_batch


class Outlet(Asker, Protocol):
    """The link of a session: takes octets at any time, and numbers what goes out on it."""

    def write(self, octets: bytes) -> None: ...
    def take_serials(self, count: int) -> int:
        """The first of ``count`` serials of our own messages, which follow each other."""


class Session:
    """One link; ``terminal`` is set from the first successful authentication on."""

    def __init__(self, around: Surroundings, outlet: Outlet, peer: str) -> None:
        self.state: LinkState = LINK.initial
        self.terminal: Terminal | None = None
        self.peer = peer
        self.local = ""
        """The address of ours that the terminal reached, where the link knows it."""
        self.outlet = outlet
        self.profile: Profile | None = None
        """From the log-in: what we send on our own follows its version, phone and edition."""
        self._edition: Edition | None = None
        self._wholes: dict[Header, Whole] = {}
        """Messages put together from parts that are not answered yet."""
        self._around = around
        self._out = bytearray()
        self._waiting: list[Frame] = []

    def handle(self, found: Sequence[Frame | BadFrame]) -> bytes:
        """Take what a reader found, in order; the octets that are answered at once."""
        if self.state is LinkState.ENDED:
            return b""
        self.recheck()
        for one in found:
            if isinstance(one, BadFrame):
                self._bad(one)
            else:
                self._good(one)
        self._locate()
        return self._taken()

    def acknowledge(self, headers: Sequence[Header]) -> bytes:
        """The octets that tell the terminal that these reports are stored; none after the end."""
        if self.state is LinkState.ENDED:
            for header in headers:
                self._end_whole(header, Result.OK)
            return b""
        for header in headers:
            self._answer(header, Result.OK)
        self._around.metrics.acked += len(headers)
        return self._taken()

    def answer_kept(
        self, header: Header, result: Result, own: tuple[MessageId, bytes] | None
    ) -> None:
        """Answer a message that is stored, or could not be; ``own`` in place of 0x8001."""
        if self.state is LinkState.ENDED:
            self._end_whole(header, result)
        elif own is None:
            self._answer(header, result)
        else:
            self._end_whole(header, result)
            self._send(header, *own)
        self.outlet.write(self._taken())

    def compose(self, message_id: int, body: Body) -> tuple[int, bytes]:
        """A message of our own to the terminal that is live here: its serial and its octets.

        Parts of a long one are kept for the terminal's 0x0005. Raises ``EncodeError``.
        """
        assert self.profile is not None, "nobody has logged in on this link"
        octets = body.build(self.profile.form)
        parts = len(split_message(self.profile.down(message_id, 0), octets))
        header = self.profile.down(message_id, self.outlet.take_serials(parts))
        frames = split_message(header, octets)
        self._around.sent.keep(header, frames, steady_ms())
        return header.serial, b"".join(frames)

    def whole(self, message: Whole) -> None:
        """A sub-packaged message that became whole while nothing came in."""
        if self.state is LinkState.LIVE:
            self._take_whole(message)
            self._locate()
            self.outlet.write(self._taken())

    def ask_again(self, wanted: Wanted) -> None:
        """0x8003 for missing parts; 808-2011 has no such message."""
        if self.state is not LinkState.LIVE or self.profile is None:
            return
        form = self.profile.form_of(wanted.header)
        for body in wanted.messages(form):
            self._send(wanted.header, MessageId.PLATFORM_RESEND, body.build(form))
        self.outlet.write(self._taken())

    def submit(self, frame: Frame, asker: Asker) -> str:
        """Store the position in a location frame for ``asker``; else why there is none to store."""
        assert self.terminal is not None, "nobody has logged in on this link"
        for one in self._around.decode([frame]):
            if isinstance(one, Refused):
                self._around.metrics.refused["bad_item"] += 1
                self._around.quarantine.keep(
                    f"bad_item: {one.reason}", self.peer, self.terminal.phone, one.octets
                )
                return one.reason
            vehicle, received = self.terminal.vehicle_id, _milliseconds(self._around.clock.now())
            rows = [row(one, vehicle, received)]
            self._around.metrics.positions += 1
            self._around.submit(Report(asker, frame.header, vehicle, rows, [one.octets]))
        return ""

    def end(self) -> None:
        if self.state is not LinkState.ENDED:
            self._turn(LinkVerb.END)

    def _turn(self, verb: LinkVerb) -> None:
        self.state = LINK.after(self.state, verb)

    def _taken(self) -> bytes:
        octets = bytes(self._out)
        self._out.clear()
        return octets

    def recheck(self) -> None:
        """A terminal whose entry ended, moved or got another code is live no longer."""
        if self.state is not LinkState.LIVE or self.terminal is None:
            return
        now = self._find(self.terminal.phone)
        if now is None or now.auth_code != self.terminal.auth_code:
            self._around.metrics.refused["withdrawn"] += 1
            self._turn(LinkVerb.REFUSE)
        else:
            self.terminal = now

    def _bad(self, bad: BadFrame) -> None:
        header = bad.header
        self._around.quarantine.keep(bad.fault, self.peer, self._name(), bad.raw)
        # The header may be what is broken; it is believed only where it names who is logged in.
        if header and self._is_mine(header) and not _is_answer(header):
            self._answer(header, Result.BAD_MESSAGE)

    def _good(self, frame: Frame) -> None:
        self._around.metrics.messages[f"0x{frame.header.message_id:04x}"] += 1
        self._dispatch(frame)

    def _dispatch(self, frame: Frame) -> None:
        header, metrics = frame.header, self._around.metrics
        if header.package and self._is_mine(header):
            self._part(frame)
        elif _is_answer(header):
            if header.message_id in ANSWERS and self._is_mine(header):
                self._around.answered(self, frame)
        elif header.message_id in (MessageId.REGISTER, MessageId.AUTHENTICATE):
            self._log_in(frame)
        elif not self._is_mine(header):
            metrics.refused["not_authenticated"] += 1
            self._around.quarantine.keep("not_authenticated", self.peer, header.terminal, frame.raw)
            self._answer(header, Result.FAILED)
        elif header.message_id in _LOCATIONS:
            self._waiting.append(frame)
        else:
            self._ordinary(frame)

    def _part(self, frame: Frame) -> None:
        """A part of a sub-packaged message: with the last one the whole is taken."""
        found = self._around.parts.receive(self, frame, steady_ms())
        if isinstance(found, Whole):
            self._take_whole(found)
        elif found is not None and not _is_answer(frame.header):
            self._answer(frame.header, found)

    def _take_whole(self, message: Whole) -> None:
        self._wholes[message.frame.header] = message
        self._dispatch(message.frame)
        if _is_answer(message.frame.header):
            self._end_whole(message.frame.header, Result.OK)

    def _end_whole(self, header: Header, result: Result) -> tuple[Header, ...]:
        """The headers that an answer goes to: those of all parts, or the one itself."""
        message = self._wholes.pop(header, None) if self._wholes else None
        if message is None:
            return (header,)
        self._around.parts.ended(message, result)
        return message.headers

    def _ordinary(self, frame: Frame) -> None:
        header = frame.header
        try:
            body = parse_body(frame, self.profile)
        except BodyError as wrong:
            self._bad_body(header, str(wrong), frame.raw or frame.body)
            return
        if isinstance(body, Heartbeat | LogOff):
            self._answer(header, Result.OK)
        elif isinstance(body, AskTime):
            now = ServerTime(self._around.clock.now()).build()
            self._send(header, MessageId.SERVER_TIME, now)
        elif isinstance(body, Resend):
            terminal = header.terminal
            self._out += b"".join(self._around.sent.again(terminal, body, steady_ms()))
        else:
            # A driver card stands behind the positions that came before it.
            self._locate()
            if reason := self._around.keep(self, frame, body):
                self._unsupported(header, reason, frame.raw or frame.body)

    def _unsupported(self, header: Header, reason: str, octets: bytes) -> None:
        self._around.metrics.refused[reason] += 1
        self._around.quarantine.keep(reason, self.peer, header.terminal, octets)
        self._answer(header, Result.UNSUPPORTED)

    def _log_in(self, frame: Frame) -> None:
        try:
            body = parse_body(frame)
        except BodyError as wrong:
            self._bad_body(frame.header, str(wrong), frame.raw)
            return
        if isinstance(body, Register):
            self._edition = body.layout
            self._register(frame.header, body)
        elif isinstance(body, Authenticate):
            self._authenticate(frame.header, body)
        else:
            self._unsupported(frame.header, "part of a log-in or encrypted", frame.raw)

    def _bad_body(self, header: Header, reason: str, octets: bytes) -> None:
        self._around.metrics.refused["bad_body"] += 1
        self._around.quarantine.keep(f"bad_body: {reason}", self.peer, header.terminal, octets)
        self._answer(header, Result.BAD_MESSAGE)

    def _find(self, phone: str) -> Terminal | None:
        """A terminal that may be here today: in the register, and not on the block list."""
        if not self._around.access.terminal(phone):
            self._around.metrics.refused["terminal_blocked"] += 1
            return None
        return self._around.reference.find(phone, self._around.clock.today())

    def _register(self, header: Header, body: Register) -> None:
        terminal = self._find(header.terminal)
        if terminal is None or not terminal.auth_code:
            self._refuse("no_such_terminal")
            self._register_answer(header, RegisterResult.NO_SUCH_TERMINAL)
        elif not _same_vehicle(body, terminal):
            self._refuse("no_such_vehicle")
            self._register_answer(header, RegisterResult.NO_SUCH_VEHICLE)
        else:
            self._register_answer(header, RegisterResult.OK, terminal.auth_code)

    def _authenticate(self, header: Header, body: Authenticate) -> None:
        terminal = self._find(header.terminal)
        if terminal is None or not _same_code(body.auth_code, terminal.auth_code):
            self._refuse("unknown_terminal" if terminal is None else "wrong_code")
            self._answer(header, Result.FAILED)
            return
        if self.terminal and self.terminal.phone != terminal.phone:
            # One link carries one terminal; a second one on it needs its own.
            self._around.metrics.refused["second_terminal"] += 1
            self._answer(header, Result.FAILED)
            return
        self._turn(LinkVerb.ADMIT)
        self.terminal, self.profile = terminal, self._profile(header, terminal)
        self._around.metrics.admitted += 1
        self._answer(header, Result.OK)
        self._around.admitted(self)

    def _profile(self, header: Header, terminal: Terminal) -> Profile:
        """What its registration on this link showed, else what the register knows of it."""
        profile = Profile.of(header)
        known = self._edition
        if known is None and terminal.protocol in list(Edition):
            known = Edition(terminal.protocol)
        # The header tells 2019 from the rest for sure.
        if known and (known is Edition.V2019) == (profile.edition is Edition.V2019):
            return profile.learn(known)
        return profile

    def _refuse(self, reason: str) -> None:
        self._around.metrics.refused[reason] += 1
        self._turn(LinkVerb.REFUSE)

    def _is_mine(self, header: Header) -> bool:
        live = self.state is LinkState.LIVE and self.terminal is not None
        return live and self.terminal is not None and header.terminal == self.terminal.phone

    def _name(self) -> str:
        return self.terminal.phone if self.terminal else ""

    def _locate(self) -> None:
        """All location frames of this portion at once: decode, refuse what is bad, submit."""
        if not self._waiting or self.terminal is None:
            return
        frames, self._waiting = self._waiting, []
        received = _milliseconds(self._around.clock.now())
        good: list[list[Position]] = [[] for _ in frames]
        bad: list[list[Refused]] = [[] for _ in frames]
        for one in self._around.decode(frames):
            if isinstance(one, Position):
                good[one.frame].append(one)
            else:
                bad[one.frame].append(one)
        for frame, positions, refused in zip(frames, good, bad, strict=True):
            self._report(frame, positions, refused, self.terminal.vehicle_id, received)

    def _report(
        self,
        frame: Frame,
        positions: list[Position],
        refused: list[Refused],
        vehicle: int,
        received: int,
    ) -> None:
        header = frame.header
        self._around.metrics.positions += len(positions)
        if not positions and header.encryption:
            self._unsupported(header, refused[0].reason, frame.raw)
        elif not positions and refused:
            self._bad_body(header, refused[0].reason, frame.raw or frame.body)
        elif not positions:
            # A batch of nothing: there is nothing to store, so nothing to wait for.
            self._answer(header, Result.OK)
        else:
            for one in refused:
                # Its neighbours are stored and answered with "ok": saying "bad message" would
                # make the terminal send all of them again, for ever.
                self._around.metrics.refused["bad_item"] += 1
                self._around.quarantine.keep(
                    f"bad_item: {one.reason}", self.peer, header.terminal, one.octets
                )
            rows = [row(one, vehicle, received) for one in positions]
            octets = [one.octets for one in positions]
            self._around.submit(Report(self.outlet, header, vehicle, rows, octets))

    def _answer(self, header: Header, result: Result) -> None:
        for one in self._end_whole(header, result):
            body = PlatformAnswer(one.serial, one.message_id, result).build()
            self._send(one, MessageId.PLATFORM_ANSWER, body)
            self._around.metrics.answers[result.name.lower()] += 1

    def _register_answer(self, header: Header, result: RegisterResult, code: str = "") -> None:
        body = RegisterAnswer(header.serial, result, code).build()
        self._send(header, MessageId.REGISTER_ANSWER, body)
        self._around.metrics.answers[f"register_{result.name.lower()}"] += 1

    def _send(self, header: Header, message_id: MessageId, body: bytes) -> None:
        serial = self.outlet.take_serials(1)
        self._out += build_frame(header.answer(message_id, serial), body)


def _is_answer(header: Header) -> bool:
    """Also messages that are ours to say: a terminal that echoes them is not answered. Ids from
    0x8000 on that 808 does not name are a vendor's, upwards too."""
    known = header.message_id >= _DOWNWARD and is_named(header.message_id)
    return known or header.message_id in ANSWERS


def steady_ms() -> int:
    """Milliseconds that no clock setting changes."""
    return time.monotonic_ns() // 1_000_000


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _same_code(given: str, expected: str) -> bool:
    """Compared in constant time; an entry without a code admits nobody."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def _same_vehicle(body: Register, terminal: Terminal) -> bool:
    """A terminal set up for another plate is another vehicle's.

    A vehicle not plated yet sends its VIN (colour 0), and some terminals are never told their
    plate: neither can be compared.
    """
    if body.plate_colour == 0 or not body.plate.strip():
        return True
    return _bare(body.plate) == _bare(terminal.plate)


def _bare(plate: str) -> str:
    wide = unicodedata.normalize("NFKC", plate).upper()
    return "".join(letter for letter in wide if letter.isalnum())
