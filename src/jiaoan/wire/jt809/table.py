"""Bodies as tables: a frozen dataclass whose annotations *are* the table of the standard.

>>> @dataclass(frozen=True, slots=True)
... class Example(Table):
...     result: U8
...     text: Annotated[str, LongText(4)]
>>> Example(1, "查岗").build().hex()
'0100000004b2e9b8da'
>>> Example.parse(bytes.fromhex("0100000004b2e9b8da"))
Example(result=1, text='查岗')

Theory of operation
-------------------
The fields stand in the order of the octets, each annotated with a :class:`Column`, which says how
its octets are read, written and shown. A message that looks different in the two editions, or that
peers send in several layouts, is several tables; ``messages`` chooses by edition and by which one
fits the octets exactly. A table can be a column of a larger one (:class:`Row`, :class:`Items`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Generic, NamedTuple, Self, TypeAlias, TypeVar, get_type_hints

from jiaoan.kernel.clock import LOCAL
from jiaoan.wire.jt809.errors import BodyError, BodyFault, EncodeError
from jiaoan.wire.jt809.tolerance import ALL, Tolerance

T = TypeVar("T")
Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_S, _LATEST_MS = 10**11, 10**14


class Cursor:
    """A place in the octets of one body, what may be tolerated in it, and what was."""

    __slots__ = ("allowed", "at", "noted", "octets")

    def __init__(self, octets: bytes, allowed: Set[Tolerance] = ALL) -> None:
        self.octets, self.allowed, self.at = octets, allowed, 0
        self.noted: list[Tolerance] = []

    @property
    def left(self) -> int:
        return len(self.octets) - self.at

    def take(self, size: int, name: str, fault: BodyFault = BodyFault.TOO_SHORT) -> bytes:
        """The next ``size`` octets; :class:`.BodyError` where there are fewer."""
        if size > self.left:
            raise BodyError(name, f"{self.left} octets left, {size} needed", self.octets, fault)
        start, self.at = self.at, self.at + size
        return self.octets[start : self.at]

    def uint(self, size: int, name: str) -> int:
        return int.from_bytes(self.take(size, name), "big")

    def rest(self) -> bytes:
        start, self.at = self.at, len(self.octets)
        return self.octets[start:]

    def end(self, name: str) -> None:
        """The table has ended; so should the octets."""
        if self.left:
            reason = f"{self.left} octets behind the last field"
            self.tolerate(
                Tolerance.TRAILING_OCTETS,
                BodyError(name, reason, self.octets, BodyFault.TRAILING),
            )

    def tolerate(self, rule: Tolerance, otherwise: BodyError) -> None:
        """Note the deviation, or raise ``otherwise`` where it is not allowed."""
        if rule not in self.allowed:
            raise otherwise
        self.noted.append(rule)


class Column(ABC, Generic[T]):
    """How one field stands in the octets, and how tools show it."""

    @abstractmethod
    def read(self, cursor: Cursor, name: str) -> T: ...

    @abstractmethod
    def write(self, value: T, name: str) -> bytes: ...

    def show(self, value: T, name: str) -> dict[str, Json]:
        """The field as it stands in the JSON form, under one name or several."""
        return {name: value.hex() if isinstance(value, bytes) else value}  # type: ignore[dict-item]


class UInt(Column[int]):
    """An unsigned number, big-endian; with ``prefix`` it is shown in hexadecimal digits."""

    def __init__(self, size: int, *, prefix: str | None = None) -> None:
        self.size, self.prefix = size, prefix

    def read(self, cursor: Cursor, name: str) -> int:
        return cursor.uint(self.size, name)

    def write(self, value: int, name: str) -> bytes:
        try:
            return value.to_bytes(self.size, "big")
        except OverflowError as wrong:
            raise EncodeError(name, f"{value} does not fit {self.size} octets") from wrong

    def show(self, value: int, name: str) -> dict[str, Json]:
        if self.prefix is None:
            return {name: value}
        return {name: f"{self.prefix}{value:0{2 * self.size}x}"}


class FixedOctets(Column[bytes]):
    """So many octets, kept as they are."""

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, cursor: Cursor, name: str) -> bytes:
        return cursor.take(self.size, name)

    def write(self, value: bytes, name: str) -> bytes:
        if len(value) != self.size:
            raise EncodeError(name, f"{len(value)} octets, exactly {self.size} are needed")
        return value


class RestOctets(Column[bytes]):
    """All octets to the end."""

    def read(self, cursor: Cursor, name: str) -> bytes:
        return cursor.rest()

    def write(self, value: bytes, name: str) -> bytes:
        return value


class LongOctets(Column[bytes]):
    """A length and so many octets."""

    def __init__(self, length_octets: int) -> None:
        self.length = UInt(length_octets)

    def read(self, cursor: Cursor, name: str) -> bytes:
        size = self.length.read(cursor, f"{name}_length")
        return cursor.take(size, name, BodyFault.OVERRUN)

    def write(self, value: bytes, name: str) -> bytes:
        return self.length.write(len(value), f"{name}_length") + value


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


def octets_of(value: str, name: str) -> bytes:
    """``value`` as GBK; 0x00 at an edge would be lost on reading: refused."""
    try:
        octets = value.encode("gbk")
    except UnicodeEncodeError as wrong:
        raise EncodeError(name, f"{value[wrong.start]!r} is not in GBK") from wrong
    if octets.strip(b"\x00") != octets:
        raise EncodeError(name, "begins or ends with 0x00, which is padding")
    return octets


class FixedText(Column[str]):
    """GBK in a field of fixed width, padded with 0x00 behind."""

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, cursor: Cursor, name: str) -> str:
        return text_of(cursor.take(self.size, name), name, cursor)

    def write(self, value: str, name: str) -> bytes:
        octets = octets_of(value, name)
        if len(octets) > self.size:
            raise EncodeError(name, f"{len(octets)} octets do not fit into {self.size}")
        return octets.ljust(self.size, b"\x00")


class LongText(Column[str]):
    """A length and so many octets of GBK; ``length_name`` shows the length too."""

    def __init__(self, length_octets: int, *, length_name: str | None = None) -> None:
        self.length, self.length_name = UInt(length_octets), length_name

    def read(self, cursor: Cursor, name: str) -> str:
        size = self.length.read(cursor, f"{name}_length")
        return text_of(cursor.take(size, name, BodyFault.OVERRUN), name, cursor)

    def write(self, value: str, name: str) -> bytes:
        octets = octets_of(value, name)
        return self.length.write(len(octets), f"{name}_length") + octets

    def show(self, value: str, name: str) -> dict[str, Json]:
        length: dict[str, Json] = {}
        if self.length_name:
            length = {self.length_name: len(value.encode("gbk", "replace"))}
        return length | {name: value}


class RestText(Column[str]):
    """GBK to the end of the data."""

    def read(self, cursor: Cursor, name: str) -> str:
        return text_of(cursor.rest(), name, cursor)

    def write(self, value: str, name: str) -> bytes:
        return octets_of(value, name)


def shown_time(value: datetime | None) -> str | None:
    """A moment as the decoding tools write it: GMT+8 with its offset."""
    return None if value is None else value.astimezone(LOCAL).isoformat()


class Seconds(Column[datetime | None]):
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

    def write(self, value: datetime | None, name: str) -> bytes:
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


class Place(NamedTuple):
    """One field of a table."""

    name: str
    column: Column[object]


_PLACES: dict[type[object], tuple[Place, ...]] = {}


def places(table: type[object]) -> tuple[Place, ...]:
    """The fields of a table in the order of their octets."""
    known = _PLACES.get(table)
    if known is None:
        known = _PLACES[table] = _places(table)
    return known


def _places(table: type[object]) -> tuple[Place, ...]:
    found = []
    for name, hint in get_type_hints(table, include_extras=True).items():
        said = getattr(hint, "__metadata__", ())
        columns = [one for one in said if isinstance(one, Column)]
        if len(columns) != 1:
            raise TypeError(f"{table.__name__}.{name}: one column is needed")
        found.append(Place(name, columns[0]))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Table:
    """A body, or a part of one, that is read, written and shown by its annotations."""

    @classmethod
    def read(cls, cursor: Cursor) -> Self:
        """Read this table at the cursor and leave the cursor behind it."""
        return cls(*(column.read(cursor, name) for name, column in places(cls)))

    @classmethod
    def parse(cls, octets: bytes, allowed: Set[Tolerance] = ALL) -> Self:
        """A whole body; :class:`.BodyError` where it does not follow the table."""
        cursor = Cursor(octets, allowed)
        one = cls.read(cursor)
        cursor.end(cls.__name__)
        return one

    def build(self) -> bytes:
        """The octets; :class:`.EncodeError` for a value that has no room."""
        return b"".join(
            column.write(getattr(self, name), name) for name, column in places(type(self))
        )

    def show(self) -> dict[str, Json]:
        """The fields in the JSON form."""
        shown: dict[str, Json] = {}
        for name, column in places(type(self)):
            shown |= column.show(getattr(self, name), name)
        return shown


TableT = TypeVar("TableT", bound=Table)


class Row(Column[TableT]):
    """A table as a column of a larger one; its fields are shown among those of the larger, or
    under ``apart``."""

    def __init__(self, table: type[TableT], *, apart: str | None = None) -> None:
        self.table, self.apart = table, apart

    def read(self, cursor: Cursor, name: str) -> TableT:
        return self.table.read(cursor)

    def write(self, value: TableT, name: str) -> bytes:
        return value.build()

    def show(self, value: TableT, name: str) -> dict[str, Json]:
        return {self.apart: value.show()} if self.apart else value.show()


class Items(Column[tuple[TableT, ...]]):
    """A count and so many rows."""

    def __init__(self, count: UInt, table: type[TableT]) -> None:
        self.count, self.table = count, table

    def read(self, cursor: Cursor, name: str) -> tuple[TableT, ...]:
        claimed = self.count.read(cursor, "count")
        try:
            # A row takes an octet at least, so a huge count ends soon.
            return tuple(self.table.read(cursor) for _ in range(claimed))
        except BodyError as wrong:
            if wrong.fault is not BodyFault.TOO_SHORT:
                raise
            reason = f"{claimed} are claimed, but {wrong.reason}"
            raise BodyError(name, reason, cursor.octets, BodyFault.OVERRUN) from wrong

    def write(self, value: tuple[TableT, ...], name: str) -> bytes:
        return self.count.write(len(value), "count") + b"".join(one.build() for one in value)

    def show(self, value: tuple[TableT, ...], name: str) -> dict[str, Json]:
        return {"count": len(value), name: [one.show() for one in value]}


U8 = Annotated[int, UInt(1)]
U16 = Annotated[int, UInt(2)]
U32 = Annotated[int, UInt(4)]
U64 = Annotated[int, UInt(8)]
SubId = Annotated[int, UInt(2, prefix="0x")]
"""A sub id, shown as ``0x1402``."""
Moment = Annotated[datetime | None, Seconds()]
