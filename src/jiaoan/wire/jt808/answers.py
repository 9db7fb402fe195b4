"""The general answers 0x0001 and 0x8001, and the registration answer 0x8100."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from struct import Struct
from struct import error as StructError
from typing import Annotated

from jiaoan.wire.jt808.columns import Text
from jiaoan.wire.jt808.forms import PLAIN, Form
from jiaoan.wire.jt808.table import U8, U16, OnlyIf, Table

_GENERAL = Struct(">HHB")


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


@dataclass(frozen=True, slots=True)
class TerminalAnswer(Table):
    """0x0001: the terminal on a message of the platform.

    ``result`` may be outside :class:`Result`.
    """

    serial: U16
    message_id: U16
    result: U8


@dataclass(frozen=True, slots=True)
class PlatformAnswer(Table):
    """0x8001: the platform on a message of the terminal.

    ``result`` may be outside :class:`Result`.
    """

    serial: U16
    message_id: U16
    result: U8

    def build(self, form: Form = PLAIN) -> bytes:
        # Every report is answered, so this one does not walk its table.
        try:
            return _GENERAL.pack(self.serial, self.message_id, self.result)
        except StructError:
            return Table.build(self, form)


@dataclass(frozen=True, slots=True)
class RegisterAnswer(Table):
    """0x8100: the authentication code is there only when the result is 0."""

    serial: U16
    result: U8
    auth_code: Annotated[Text | None, OnlyIf("result", RegisterResult.OK)] = None

    def build(self, form: Form = PLAIN) -> bytes:
        # A refusal never gives the code away, whatever the caller holds.
        code = (self.auth_code or "") if self.result == RegisterResult.OK else None
        return Table.build(replace(self, auth_code=code), form)
