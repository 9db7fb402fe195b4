"""Data of 809 as tables (:mod:`jiaoan.wire.tables`), and how tools show them.

>>> @dataclass(frozen=True, slots=True)
... class Example(Table):
...     result: U8
...     text: Annotated[str, LongText(4)]
>>> Example(1, "查岗").build().hex()
'0100000004b2e9b8da'
>>> Example.parse(bytes.fromhex("0100000004b2e9b8da"))
Example(result=1, text='查岗')

A message that looks different in the two editions, or that peers send in several layouts, is
several tables; ``messages`` chooses by edition and by which one fits the octets exactly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, Self, TypeAlias, TypeVar

from jiaoan.kernel.clock import LOCAL
from jiaoan.wire import tables
from jiaoan.wire.errors import BodyError, BodyFault, EncodeError
from jiaoan.wire.jt809.tolerance import ALL, Tolerance
from jiaoan.wire.tables import FixedOctets, Items, LongOctets, RestOctets, UInt, gbk, places

T = TypeVar("T")
Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_S, _LATEST_MS = 10**11, 10**14


class Cursor(tables.Cursor):
    """A place in the octets of one body, what may be tolerated in it, and what was."""

    __slots__ = ("allowed", "noted")

    def __init__(self, octets: bytes, allowed: Set[Tolerance] = ALL) -> None:
        super().__init__(octets)
        self.allowed = allowed
        self.noted: list[Tolerance] = []

    def trailing(self, otherwise: BodyError) -> None:
        self.tolerate(Tolerance.TRAILING_OCTETS, otherwise)

    def tolerate(self, rule: Tolerance, otherwise: BodyError) -> None:
        """Note the deviation, or raise ``otherwise`` where it is not allowed."""
        if rule not in self.allowed:
            raise otherwise
        self.noted.append(rule)


Column: TypeAlias = tables.Column[Cursor, None, T]
_Value = TypeVar("_Value", contravariant=True)


class Shown(ABC, Generic[_Value]):
    """A column that is shown otherwise than as its value under its own name."""

    @abstractmethod
    def show(self, value: _Value, name: str) -> dict[str, Json]:
        """The field as it stands in the JSON form, under one name or several."""


def shown(column: object, value: object, name: str) -> dict[str, Json]:
    """A field in the JSON form: as its column says, else the value; octets in hexadecimal."""
    if isinstance(column, Shown):
        return column.show(value, name)
    if isinstance(column, Items):
        assert isinstance(value, tuple)
        return {"count": len(value), name: [one.show() for one in value]}
    if isinstance(value, bytes):
        return {name: value.hex()}
    assert isinstance(value, str | int | None)
    return {name: value}


class Word(UInt, Shown[int]):
    """An unsigned number that is shown in hexadecimal digits behind ``prefix``."""

    def __init__(self, size: int, prefix: str) -> None:
        super().__init__(size)
        self.prefix = prefix

    def show(self, value: int, name: str) -> dict[str, Json]:
        return {name: f"{self.prefix}{value:0{2 * self.size}x}"}


def text_of(octets: bytes, name: str, cursor: Cursor) -> str:
    """GBK without the 0x00 around it; UTF-8 and a cut last character are tolerated."""
    trimmed = octets.strip(b"\x00")
    try:
        return trimmed.decode("gbk")
    except UnicodeDecodeError as wrong:
        error = BodyError(name, f"octet {wrong.start} is not GBK text", octets, BodyFault.BAD_TEXT)
        rule, value = _bent_text(trimmed)
        if rule is None:
            raise error from wrong
        cursor.tolerate(rule, error)
        return value


def _bent_text(octets: bytes) -> tuple[Tolerance | None, str]:
    for rule, encoding, size in (
        (Tolerance.UTF8_TEXT, "utf-8", len(octets)),
        (Tolerance.CUT_TEXT, "gbk", len(octets) - 1),
    ):
        try:
            return rule, octets[:size].decode(encoding)
        except UnicodeDecodeError:
            continue
    return None, ""


class FixedText(Column[str]):
    """GBK in a field of fixed width, padded with 0x00 behind."""

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, cursor: Cursor, name: str) -> str:
        return text_of(cursor.take(self.size, name), name, cursor)

    def write(self, value: str, name: str, form: None) -> bytes:
        octets = gbk(value, name)
        if len(octets) > self.size:
            raise EncodeError(name, f"{len(octets)} octets do not fit into {self.size}")
        return octets.ljust(self.size, b"\x00")


class LongText(Column[str], Shown[str]):
    """A length and so many octets of GBK; ``length_name`` shows the length too."""

    def __init__(self, length_octets: int, *, length_name: str | None = None) -> None:
        self.length, self.length_name = UInt(length_octets), length_name

    def read(self, cursor: Cursor, name: str) -> str:
        size = self.length.read(cursor, f"{name}.length")
        return text_of(cursor.take(size, name, BodyFault.OVERRUN), name, cursor)

    def write(self, value: str, name: str, form: None) -> bytes:
        octets = gbk(value, name)
        return self.length.write(len(octets), f"{name}.length", form) + octets

    def show(self, value: str, name: str) -> dict[str, Json]:
        length: dict[str, Json] = {}
        if self.length_name:
            length = {self.length_name: len(value.encode("gbk", "replace"))}
        return length | {name: value}


class RestText(Column[str]):
    """GBK to the end of the data."""

    def read(self, cursor: Cursor, name: str) -> str:
        return text_of(cursor.rest(), name, cursor)

    def write(self, value: str, name: str, form: None) -> bytes:
        return gbk(value, name)


def shown_time(value: datetime | None) -> str | None:
    """A moment as the decoding tools write it: GMT+8 with its offset."""
    return None if value is None else value.astimezone(LOCAL).isoformat()


class Seconds(Column[datetime | None], Shown[datetime | None]):
    """UTC seconds in eight octets; zero is "no time". Milliseconds are tolerated: no second of
    this kind lies beyond the year 5138."""

    def read(self, cursor: Cursor, name: str) -> datetime | None:
        value = cursor.uint(8, name)
        if value < _LATEST_S:
            return _EPOCH + timedelta(seconds=value) if value else None
        error = BodyError(name, f"{value} is no second", cursor.octets, BodyFault.BAD_VALUE)
        if value >= _LATEST_MS:
            raise error
        cursor.tolerate(Tolerance.MILLISECONDS, error)
        return _EPOCH + timedelta(milliseconds=value)

    def write(self, value: datetime | None, name: str, form: None) -> bytes:
        if value is None:
            return bytes(8)
        if value.tzinfo is None:
            raise EncodeError(name, "has no time zone")
        seconds = (value - _EPOCH) // timedelta(seconds=1)
        if not 0 < seconds < _LATEST_S:
            raise EncodeError(name, f"{value} cannot be told in UTC seconds")
        return seconds.to_bytes(8, "big")

    def show(self, value: datetime | None, name: str) -> dict[str, Json]:
        return {name: shown_time(value)}


@dataclass(frozen=True, slots=True)
class Table(tables.Table[Cursor, None]):
    """A body, or a part of one, that is read, written and shown by its annotations."""

    @classmethod
    def parse(cls, octets: bytes, allowed: Set[Tolerance] = ALL) -> Self:
        """A whole body; :class:`.BodyError` where it does not follow the table."""
        return cls.whole(Cursor(octets, allowed))

    def build(self) -> bytes:
        """The octets; :class:`.EncodeError` for a value that has no room."""
        return self.write(None)

    def show(self) -> dict[str, Json]:
        """The fields in the JSON form."""
        found: dict[str, Json] = {}
        for name, column, _ in places(type(self)):
            found |= shown(column, getattr(self, name), name)
        return found


TableT = TypeVar("TableT", bound=Table)


class Row(tables.Row[Cursor, None, TableT], Shown[TableT]):
    """A table as a column of a larger one; its fields are shown among those of the larger, or
    under ``apart``."""

    def __init__(self, table: type[TableT], *, apart: str | None = None) -> None:
        super().__init__(table)
        self.apart = apart

    def show(self, value: TableT, name: str) -> dict[str, Json]:
        return {self.apart: value.show()} if self.apart else value.show()


U8 = Annotated[int, UInt(1)]
U16 = Annotated[int, UInt(2)]
U32 = Annotated[int, UInt(4)]
U64 = Annotated[int, UInt(8)]
SubId = Annotated[int, Word(2, "0x")]
"""A sub id, shown as ``0x1402``."""
Moment = Annotated[datetime | None, Seconds()]

__all__ = [
    "U8",
    "U16",
    "U32",
    "U64",
    "Column",
    "Cursor",
    "FixedOctets",
    "FixedText",
    "Items",
    "Json",
    "LongOctets",
    "LongText",
    "Moment",
    "RestOctets",
    "RestText",
    "Row",
    "Seconds",
    "Shown",
    "SubId",
    "Table",
    "UInt",
    "Word",
    "places",
    "shown_time",
]
