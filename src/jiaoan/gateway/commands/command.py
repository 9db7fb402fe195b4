"""A command as it comes down the bus, and what goes up about it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | Mapping[str, Json] | list[Json] | None"
DOWN = "down.*"
UP = "findings.command"
_ID = re.compile(r"[0-9a-f]{32}")


class Topic(StrEnum):
    """Orders of one topic undo each other: a terminal is told them in the order in which they were
    made, the next when the one before has ended."""

    TRACK = "track"
    AREAS = "areas"


class CommandKind(StrEnum):
    """What a terminal is told to do."""

    TEXT = "text"
    """下发文字 0x8300; arguments ``text``, ``urgent``, ``speak``, ``show``."""
    LOCATE = "locate"
    """点名 0x8201 → 0x0201."""
    READ = "read"
    """查询参数 0x8106 (0x8104 without ids) → 0x0104; argument ``ids``."""
    SET = "set"
    """设置参数 0x8103; argument ``parameters``: id in decimal → figure or text."""
    ATTACHMENT = "attachment"
    """报警附件上传 0x9208; arguments ``alarm`` (32 hexadecimal digits), ``host``, ``port``."""

    PHOTO = "photo"
    """立即拍摄 0x8801 → 0x0805 (0x0001 in 808-2011); arguments ``channel``, ``count``, and, where
    not as usual, ``interval_s`` and ``resolution``."""
    SEARCH = "search"
    """存储多媒体数据检索 0x8802 → 0x0802; arguments ``type``, ``channel`` (0 all), ``event``, and
    ``start`` and ``end`` with their offset from UTC, both or neither."""
    FETCH_MEDIA = "fetch_media"
    """存储多媒体数据上传 0x8803; arguments those of a search. What is fetched
    stays in the terminal."""
    FETCH_MEDIUM = "fetch_medium"
    """单条存储多媒体数据检索上传 0x8805 (since 2013); argument ``medium``, its number."""
    TRACK = "track"
    """临时位置跟踪 0x8202; arguments ``interval_s`` (1-65535) and ``validity_s``."""
    UNTRACK = "untrack"
    """停止跟踪: 0x8202 with interval 0."""
    SET_AREA = "set_area"
    """设置区域或路线 0x8600, 0x8602, 0x8604, 0x8606; arguments ``shape`` (circle, rectangle,
    polygon, route), ``id``, ``name``, ``points`` (microdegrees: centre; top left, bottom right;
    corners; turning points), ``size_m`` (radius, width), ``setting`` (1 add, 2 change),
    ``alarms`` (of ``enter``, ``leave``), ``to_driver``, ``period`` (two edges YYMMDDhhmmss, of
    every day with a date of zeros) and ``speed`` (``limit_kmh``, ``seconds``, ``night_kmh``), or
    null."""
    DELETE_AREA = "delete_area"
    """删除区域或路线 0x8601, 0x8603, 0x8605, 0x8607; arguments ``shape``, ``id``."""
    ASK_AREAS = "ask_areas"
    """查询区域或线路 0x8608 → 0x0608 (since 2019); argument ``shape``."""

    @property
    def topic(self) -> Topic | None:
        return _TOPICS.get(self)


_TOPICS = {
    CommandKind.TRACK: Topic.TRACK,
    CommandKind.UNTRACK: Topic.TRACK,
    CommandKind.SET_AREA: Topic.AREAS,
    CommandKind.DELETE_AREA: Topic.AREAS,
    CommandKind.ASK_AREAS: Topic.AREAS,
}


class State(StrEnum):
    """What became of a command."""

    SENT = "sent"
    ANSWERED = "answered"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    UNDELIVERABLE = "undeliverable"


class BadCommand(ValueError):
    """A command that cannot be read or turned into a message; the text says which field and why."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command for one terminal; ``id`` is 32 hexadecimal digits, unique for ever."""

    id: str
    terminal: str
    kind: CommandKind
    arguments: Mapping[str, Json]
    expires_at: datetime


def read_command(subject: str, data: bytes) -> Command:
    """One message of ``down.TERMINAL``; :class:`BadCommand` for what is none."""
    try:
        said = json.loads(data)
        name = str(said["id"])
        if not _ID.fullmatch(name):
            raise BadCommand(f"id: {name!r} is not 32 hexadecimal digits")
        arguments = said.get("arguments") or {}
        if not isinstance(arguments, dict):
            raise BadCommand("arguments: not an object")
        expires = datetime.fromisoformat(said["expires_at"])
        if expires.tzinfo is None:
            raise BadCommand("expires_at: without offset from UTC")
        kind = CommandKind(said["kind"])
        return Command(name, subject.partition(".")[2], kind, arguments, expires.astimezone(UTC))
    except BadCommand:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise BadCommand(f"not a command: {wrong!r}") from wrong


@dataclass(frozen=True, slots=True)
class Outcome:
    """One step of a command, for :data:`UP`. ``tries`` is how often it was sent up to now."""

    command: Command
    state: State
    at: datetime
    tries: int
    reason: str = ""
    result: Mapping[str, Json] | None = None

    @property
    def message_id(self) -> str:
        """The same step of the same command is the same message, whoever says it."""
        again = f"-{self.tries}" if self.state is State.SENT else ""
        return f"command-{self.command.id}-{self.state}{again}"

    def encode(self) -> bytes:
        said: dict[str, Json] = {
            "id": self.command.id,
            "terminal": self.command.terminal,
            "kind": self.command.kind.value,
            "state": self.state.value,
            "at": self.at.isoformat(),
            "tries": self.tries,
            "reason": self.reason,
            "result": self.result,
        }
        return json.dumps(said, ensure_ascii=False).encode()

    @classmethod
    def decode(cls, command: Command, data: bytes) -> Outcome:
        """The outcome that :meth:`encode` wrote about ``command``."""
        said = json.loads(data)
        return cls(
            command,
            State(said["state"]),
            datetime.fromisoformat(said["at"]),
            int(said["tries"]),
            str(said["reason"]),
            said["result"],
        )
