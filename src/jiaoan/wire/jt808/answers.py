"""The general answers 0x0001 and 0x8001, and the registration answer 0x8100."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from jiaoan.wire.jt808.errors import BodyError
from jiaoan.wire.jt808.fields import free_text, text


class Result(IntEnum):
    """Results of the general answers (4 only downwards)."""

    OK = 0
    FAILED = 1
    BAD_MESSAGE = 2
    UNSUPPORTED = 3
    ALARM_HANDLED = 4


class RegisterResult(IntEnum):
    """Results of 0x8100."""

    OK = 0
    VEHICLE_ALREADY_REGISTERED = 1
    NO_SUCH_VEHICLE = 2
    TERMINAL_ALREADY_REGISTERED = 3
    NO_SUCH_TERMINAL = 4


def _general(octets: bytes) -> tuple[int, int, int]:
    # Captured frames append octets after the result; they carry nothing and are let pass.
    if len(octets) < 5:
        raise BodyError("general answer", f"{len(octets)} octets, 5 are needed", octets)
    return octets[0] << 8 | octets[1], octets[2] << 8 | octets[3], octets[4]


def _build_general(serial: int, message_id: int, result: int) -> bytes:
    return serial.to_bytes(2, "big") + message_id.to_bytes(2, "big") + bytes([result])


@dataclass(frozen=True, slots=True)
class TerminalAnswer:
    """0x0001: the terminal on a message of the platform.

    ``result`` may be outside :class:`Result`.
    """

    serial: int
    message_id: int
    result: int

    @classmethod
    def parse(cls, octets: bytes) -> TerminalAnswer:
        return cls(*_general(octets))

    def build(self) -> bytes:
        return _build_general(self.serial, self.message_id, self.result)


@dataclass(frozen=True, slots=True)
class PlatformAnswer:
    """0x8001: the platform on a message of the terminal.

    ``result`` may be outside :class:`Result`.
    """

    serial: int
    message_id: int
    result: int

    @classmethod
    def parse(cls, octets: bytes) -> PlatformAnswer:
        return cls(*_general(octets))

    def build(self) -> bytes:
        return _build_general(self.serial, self.message_id, self.result)


@dataclass(frozen=True, slots=True)
class RegisterAnswer:
    """0x8100: the authentication code is there only when the result is 0."""

    serial: int
    result: int
    auth_code: str | None = None

    @classmethod
    def parse(cls, octets: bytes) -> RegisterAnswer:
        if len(octets) < 3:
            raise BodyError("registration answer", f"{len(octets)} octets, 3 are needed", octets)
        code = text(octets[3:], "auth_code") if octets[2] == RegisterResult.OK else None
        return cls(octets[0] << 8 | octets[1], octets[2], code)

    def build(self) -> bytes:
        octets = self.serial.to_bytes(2, "big") + bytes([self.result])
        if self.result == RegisterResult.OK:
            octets += free_text(self.auth_code or "", "auth_code")
        return octets
