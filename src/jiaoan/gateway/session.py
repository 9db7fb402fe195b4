"""What one link is answered: frames in, octets out, reports aside. No socket here."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jiaoan.gateway.metrics import Metrics
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
    BodyError,
    Frame,
    Header,
    Heartbeat,
    MessageId,
    PlatformAnswer,
    Position,
    Refused,
    Register,
    RegisterAnswer,
    Result,
    Unknown,
    build_frame,
    decode_batch,
    parse_body,
)
from jiaoan.wire.jt808.answers import RegisterResult

# Answers are not answered: two ends that did so would never stop.
_ANSWERS = frozenset({MessageId.TERMINAL_ANSWER})
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
    admitted: Callable[[Session, Terminal], None]
    """Called at each successful authentication; takes the place of an older link."""
    decode: BatchDecoder = decode_batch


class Session:
    """One link; ``terminal`` is set from the first successful authentication on."""

    def __init__(self, around: Surroundings, asker: Asker, peer: str) -> None:
        self.state: LinkState = LINK.initial
        self.terminal: Terminal | None = None
        self.peer = peer
        self._around, self._asker = around, asker
        self._serial = 0
        self._out = bytearray()
        self._waiting: list[Frame] = []

    def handle(self, found: Sequence[Frame | BadFrame]) -> bytes:
        """Take what a reader found, in order; the octets that are answered at once."""
        if self.state is LinkState.ENDED:
            return b""
        self._recheck()
        for one in found:
            if isinstance(one, BadFrame):
                self._bad(one)
            else:
                self._good(one)
        self._locate()
        return self._taken()

    def acknowledge(self, headers: Sequence[Header]) -> bytes:
        """The octets that tell the terminal that these reports are stored."""
        for header in headers:
            self._answer(header, Result.OK)
        self._around.metrics.acked += len(headers)
        return self._taken()

    def end(self) -> None:
        if self.state is not LinkState.ENDED:
            self._turn(LinkVerb.END)

    def _turn(self, verb: LinkVerb) -> None:
        self.state = LINK.after(self.state, verb)

    def _taken(self) -> bytes:
        octets = bytes(self._out)
        self._out.clear()
        return octets

    def _recheck(self) -> None:
        """A terminal whose entry ended, moved or got another code is live no longer."""
        if self.state is not LinkState.LIVE or self.terminal is None:
            return
        now = self._around.reference.find(self.terminal.phone, self._around.clock.today())
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
        header, metrics = frame.header, self._around.metrics
        metrics.messages[f"0x{header.message_id:04x}"] += 1
        if _is_answer(header):
            return
        if header.message_id in (MessageId.REGISTER, MessageId.AUTHENTICATE):
            self._log_in(frame)
        elif not self._is_mine(header):
            metrics.refused["not_authenticated"] += 1
            self._around.quarantine.keep("not_authenticated", self.peer, header.terminal, frame.raw)
            self._answer(header, Result.FAILED)
        elif header.message_id in _LOCATIONS:
            self._waiting.append(frame)
        else:
            self._ordinary(frame)

    def _ordinary(self, frame: Frame) -> None:
        body = parse_body(frame)
        if isinstance(body, Heartbeat):
            self._answer(frame.header, Result.OK)
        else:
            reason = body.reason if isinstance(body, Unknown) else "not for a platform"
            self._unsupported(frame.header, reason, frame.raw)

    def _unsupported(self, header: Header, reason: str, octets: bytes) -> None:
        self._around.metrics.refused[reason] += 1
        if header.package or header.encryption:
            self._around.quarantine.keep(reason, self.peer, header.terminal, octets)
        self._answer(header, Result.UNSUPPORTED)

    def _log_in(self, frame: Frame) -> None:
        try:
            body = parse_body(frame)
        except BodyError as wrong:
            self._bad_body(frame.header, str(wrong), frame.raw)
            return
        if isinstance(body, Register):
            self._register(frame.header, body)
        elif isinstance(body, Authenticate):
            self._authenticate(frame.header, body)
        else:
            self._unsupported(frame.header, "part of a log-in or encrypted", frame.raw)

    def _bad_body(self, header: Header, reason: str, octets: bytes) -> None:
        self._around.metrics.refused["bad_body"] += 1
        self._around.quarantine.keep(f"bad_body: {reason}", self.peer, header.terminal, octets)
        self._answer(header, Result.BAD_MESSAGE)

    def _find(self, header: Header) -> Terminal | None:
        return self._around.reference.find(header.terminal, self._around.clock.today())

    def _register(self, header: Header, body: Register) -> None:
        terminal = self._find(header)
        if terminal is None or not terminal.auth_code:
            self._refuse("no_such_terminal")
            self._register_answer(header, RegisterResult.NO_SUCH_TERMINAL)
        elif not _same_vehicle(body, terminal):
            self._refuse("no_such_vehicle")
            self._register_answer(header, RegisterResult.NO_SUCH_VEHICLE)
        else:
            self._register_answer(header, RegisterResult.OK, terminal.auth_code)

    def _authenticate(self, header: Header, body: Authenticate) -> None:
        terminal = self._find(header)
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
        self.terminal = terminal
        self._around.metrics.admitted += 1
        self._around.admitted(self, terminal)
        self._answer(header, Result.OK)

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
        if not positions and (header.package or header.encryption):
            self._unsupported(header, refused[0].reason, frame.raw)
        elif not positions and refused:
            self._bad_body(header, refused[0].reason, frame.raw)
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
            self._around.submit(Report(self._asker, header, vehicle, rows, octets))

    def _answer(self, header: Header, result: Result) -> None:
        body = PlatformAnswer(header.serial, header.message_id, result).build()
        self._send(header, MessageId.PLATFORM_ANSWER, body)
        self._around.metrics.answers[result.name.lower()] += 1

    def _register_answer(self, header: Header, result: RegisterResult, code: str = "") -> None:
        body = RegisterAnswer(header.serial, result, code).build()
        self._send(header, MessageId.REGISTER_ANSWER, body)
        self._around.metrics.answers[f"register_{result.name.lower()}"] += 1

    def _send(self, header: Header, message_id: MessageId, body: bytes) -> None:
        self._out += build_frame(header.answer(message_id, self._serial), body)
        self._serial = (self._serial + 1) & 0xFFFF


def _is_answer(header: Header) -> bool:
    return header.message_id in _ANSWERS or header.message_id >= _DOWNWARD


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
