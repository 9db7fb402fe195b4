"""The life of a link: login, keep-alive, logout, close. Their data stands directly in the body."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from jiaoan.wire.jt809.table import U8, U16, U32, FixedText, Table


@dataclass(frozen=True, slots=True)
class Empty(Table):
    """A message without a body."""


class LoginResult(IntEnum):
    """Result of 0x1002. 2019 says "other" as 0xff."""

    OK = 0
    WRONG_ADDRESS = 1
    WRONG_ACCESS_CODE = 2
    NOT_REGISTERED = 3
    WRONG_PASSWORD = 4
    BUSY = 5
    OTHER = 6
    OTHER_2019 = 0xFF


class SubLinkResult(IntEnum):
    """Result of 0x9002."""

    OK = 0
    WRONG_CODE = 1
    BUSY = 2
    OTHER = 3


class LossCode(IntEnum):
    """Code of 0x9007; 0x1007 has only the first two meanings (lost, other)."""

    CANNOT_CONNECT = 0
    LOST = 1
    OTHER = 2
    OTHER_2019 = 0xFF


class CloseCode(IntEnum):
    """Code of 0x1008 and 0x9008."""

    RESTART = 0
    OTHER = 1


@dataclass(frozen=True, slots=True)
class Login2011(Table):
    """0x1001 主链路登录请求: who comes, and where the sub link is awaited."""

    user_id: U32
    password: Annotated[str, FixedText(8)]
    down_link_ip: Annotated[str, FixedText(32)]
    down_link_port: U16


@dataclass(frozen=True, slots=True)
class Login2019(Table):
    """0x1001 in 2019: the access code stands in the body too."""

    user_id: U32
    password: Annotated[str, FixedText(8)]
    access_code: U32
    down_link_ip: Annotated[str, FixedText(32)]
    down_link_port: U16


@dataclass(frozen=True, slots=True)
class LoginAnswer(Table):
    """0x1002 主链路登录应答; the sub link is opened with ``verify_code``."""

    result: U8
    verify_code: U32


@dataclass(frozen=True, slots=True)
class Logout(Table):
    """0x1003 主链路注销请求."""

    user_id: U32
    password: Annotated[str, FixedText(8)]


@dataclass(frozen=True, slots=True)
class Verify(Table):
    """0x9001 从链路连接请求 and 0x9003 从链路注销请求: the code of 0x1002."""

    verify_code: U32


@dataclass(frozen=True, slots=True)
class Result(Table):
    """0x9002 从链路连接应答."""

    result: U8


@dataclass(frozen=True, slots=True)
class Code(Table):
    """0x1007, 0x1008, 0x9007, 0x9008: why a link was lost or is about to be closed."""

    code: U8
