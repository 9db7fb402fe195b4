"""Bodies as tables, for both protocols: a frozen dataclass whose annotations are the table.

Theory of operation
-------------------
The fields stand in the order of the octets. Each is annotated with a :class:`Column` (how its
octets are read and written), and may carry marks (:class:`Mark`): conditions on earlier fields
(:class:`OnlyIf`, :class:`Unless`, :class:`IfBit`), on what follows (:class:`IfMore`), or on the
edition, which a protocol adds. A field that is not there has its default. A table can itself be a
column of a larger one (:class:`Row`, :class:`Items`).

What a protocol brings is its :class:`Cursor`, which knows what may be tolerated in a reading, and
its *form*: what writing has to know (the edition of 808; nothing in 809, whose editions have tables
of their own). ``jt808.table`` and ``jt809.table`` fill both in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass
from typing import Generic, NamedTuple, Self, TypeVar, cast, get_args, get_type_hints

from jiaoan.wire.errors import BodyError, BodyFault, EncodeError

T = TypeVar("T")


class Cursor(ABC):
    """A place in the octets of one body."""

    __slots__ = ("at", "octets")

    def __init__(self, octets: bytes, at: int = 0) -> None:
        self.octets, self.at = octets, at

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
            self.trailing(BodyError(name, reason, self.octets, BodyFault.TRAILING))

    @abstractmethod
    def trailing(self, otherwise: BodyError) -> None:
        """Octets follow the last field: note it, or raise ``otherwise`` where it is not allowed."""


CursorT = TypeVar("CursorT", bound=Cursor)
FormT = TypeVar("FormT")
CursorIn = TypeVar("CursorIn", bound=Cursor, contravariant=True)
FormIn = TypeVar("FormIn", contravariant=True)


class Column(ABC, Generic[CursorIn, FormIn, T]):
    """How one field stands in the octets."""

    @abstractmethod
    def read(self, cursor: CursorIn, name: str) -> T: ...

    @abstractmethod
    def write(self, value: T, name: str, form: FormIn) -> bytes: ...


class Mark(ABC, Generic[CursorIn, FormIn]):
    """When a field is there. ``values`` holds the fields before it."""

    @abstractmethod
    def reads(self, values: Mapping[str, object], cursor: CursorIn) -> bool: ...

    @abstractmethod
    def writes(self, values: Mapping[str, object], value: object, form: FormIn) -> bool: ...

    def lacks(self, form: FormIn) -> bool:
        """Whether this form has no such field at all: then a value is left out, not refused."""
        return False


@dataclass(frozen=True)
class Condition(Mark[Cursor, object]):
    """A mark that looks at earlier fields alone."""

    @abstractmethod
    def holds(self, values: Mapping[str, object]) -> bool: ...

    def reads(self, values: Mapping[str, object], cursor: Cursor) -> bool:
        return self.holds(values)

    def writes(self, values: Mapping[str, object], value: object, form: object) -> bool:
        return self.holds(values)


@dataclass(frozen=True)
class OnlyIf(Condition):
    """There only when an earlier field has this value."""

    name: str
    value: int

    def holds(self, values: Mapping[str, object]) -> bool:
        return values[self.name] == self.value


@dataclass(frozen=True)
class Unless(Condition):
    """There only when an earlier field does not have this value."""

    name: str
    value: int

    def holds(self, values: Mapping[str, object]) -> bool:
        return values[self.name] != self.value


@dataclass(frozen=True)
class IfBit(Condition):
    """There only when a bit of an earlier field is set."""

    name: str
    bit: int

    def holds(self, values: Mapping[str, object]) -> bool:
        word = values[self.name]
        return isinstance(word, int) and bool(word >> self.bit & 1)


@dataclass(frozen=True)
class IfMore(Mark[Cursor, object]):
    """There only when octets follow; not written when it is ``None``."""

    def reads(self, values: Mapping[str, object], cursor: Cursor) -> bool:
        return cursor.left > 0

    def writes(self, values: Mapping[str, object], value: object, form: object) -> bool:
        return value is not None


class Place(NamedTuple, Generic[CursorT, FormT]):
    """One field of a table."""

    name: str
    column: Column[CursorT, FormT, object]
    marks: tuple[Mark[CursorT, FormT], ...]


def _annotations(hint: object) -> list[object]:
    """All that ``Annotated`` says in a hint, inside an optional too."""
    said = list(getattr(hint, "__metadata__", ()))
    for part in get_args(hint):
        if not isinstance(part, Column | Mark):
            said += _annotations(part)
    return said


_PLACES: dict[type[object], object] = {}


def places(table: type[Table[CursorT, FormT]]) -> tuple[Place[CursorT, FormT], ...]:
    """The fields of a table in the order of their octets."""
    known = _PLACES.get(table)
    if known is None:
        known = _PLACES[table] = tuple(_find_places(table))
    # As text: an alias made at each call would cost more than the reading.
    return cast("tuple[Place[CursorT, FormT], ...]", known)


def _find_places(table: type[Table[CursorT, FormT]]) -> Iterator[Place[CursorT, FormT]]:
    for name, hint in get_type_hints(table, include_extras=True).items():
        said = _annotations(hint)
        columns = [one for one in said if isinstance(one, Column)]
        if len(columns) != 1:
            raise TypeError(f"{table.__name__}.{name}: one column is needed, not {len(columns)}")
        marks = tuple(one for one in said if isinstance(one, Mark))
        if marks and table.absent(name) is MISSING:
            raise TypeError(f"{table.__name__}.{name}: may be absent, so it needs a default")
        yield Place(name, columns[0], marks)


@dataclass(frozen=True, slots=True)
class Table(Generic[CursorT, FormT]):
    """A body, or a part of one, that is read and written by its annotations."""

    @classmethod
    def read(cls, cursor: CursorT) -> Self:
        """Read this table at the cursor and leave the cursor behind it."""
        values: dict[str, object] = {}
        for name, column, marks in places(cls):
            if all(mark.reads(values, cursor) for mark in marks):
                values[name] = column.read(cursor, name)
            else:
                values[name] = cls.absent(name)
        return cls(**values)

    @classmethod
    def absent(cls, name: str) -> object:
        """What a field is that is not there: its default."""
        return cls.__dataclass_fields__[name].default

    @classmethod
    def whole(cls, cursor: CursorT) -> Self:
        """This table and nothing behind it."""
        one = cls.read(cursor)
        cursor.end(cls.__name__)
        return one

    def write(self, form: FormT) -> bytes:
        """The octets; :class:`.EncodeError` for a value that has no room, is missing, or is given
        where the table has no place for it."""
        out = bytearray()
        fields = places(type(self))
        values = {place.name: getattr(self, place.name) for place in fields}
        for name, column, marks in fields:
            value = values[name]
            if all(mark.writes(values, value, form) for mark in marks):
                if value is None and marks:
                    raise EncodeError(name, "is missing")
                out += column.write(value, name, form)
            elif value != self.absent(name) and not any(mark.lacks(form) for mark in marks):
                raise EncodeError(name, "has no place beside the fields before it")
        return bytes(out)


class Row(Column[CursorT, FormT, T]):
    """A table as a column of a larger one."""

    def __init__(self, table: type[T]) -> None:
        # A bound cannot say "a table of this cursor and this form"; so it is asked here.
        assert issubclass(table, Table)
        self.table: type[T] = table

    def read(self, cursor: CursorT, name: str) -> T:
        return self.table.read(cursor)  # type: ignore[attr-defined, no-any-return]

    def write(self, value: T, name: str, form: FormT) -> bytes:
        return value.write(form)  # type: ignore[attr-defined, no-any-return]


class Items(Column[CursorT, FormT, tuple[T, ...]]):
    """A count and so many items (``count`` ``None``: items to the end of the octets)."""

    def __init__(
        self,
        count: Column[CursorT, FormT, int] | None,
        item: Column[CursorT, FormT, T],
        *,
        most: int = 0xFFFF,
    ) -> None:
        self.count, self.item, self.most = count, item, most

    def read(self, cursor: CursorT, name: str) -> tuple[T, ...]:
        if self.count is None:
            items = []
            while cursor.left:
                items.append(self.item.read(cursor, name))
            return tuple(items)
        claimed = self.count.read(cursor, f"{name}.count")
        try:
            # Each item takes an octet at least, so a huge count ends soon.
            return tuple(self.item.read(cursor, name) for _ in range(claimed))
        except BodyError as wrong:
            if wrong.fault is not BodyFault.TOO_SHORT:
                raise
            reason = f"{claimed} are claimed, but {wrong.reason}"
            raise BodyError(name, reason, cursor.octets, BodyFault.OVERRUN) from wrong

    def write(self, value: tuple[T, ...], name: str, form: FormT) -> bytes:
        if self.count is not None and len(value) > self.most:
            raise EncodeError(name, f"{len(value)} items, at most {self.most}")
        out = bytearray()
        if self.count is not None:
            out += self.count.write(len(value), f"{name}.count", form)
        for item in value:
            out += self.item.write(item, name, form)
        return bytes(out)


class UInt(Column[Cursor, object, int]):
    """An unsigned number, big-endian."""

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, cursor: Cursor, name: str) -> int:
        return cursor.uint(self.size, name)

    def write(self, value: int, name: str, form: object) -> bytes:
        try:
            return value.to_bytes(self.size, "big")
        except OverflowError as wrong:
            raise EncodeError(name, f"{value} does not fit {self.size} octets") from wrong


class FixedOctets(Column[Cursor, object, bytes]):
    """So many octets, kept as they are."""

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, cursor: Cursor, name: str) -> bytes:
        return cursor.take(self.size, name)

    def write(self, value: bytes, name: str, form: object) -> bytes:
        if len(value) != self.size:
            raise EncodeError(name, f"{len(value)} octets, exactly {self.size} are needed")
        return value


class RestOctets(Column[Cursor, object, bytes]):
    """All octets to the end."""

    def read(self, cursor: Cursor, name: str) -> bytes:
        return cursor.rest()

    def write(self, value: bytes, name: str, form: object) -> bytes:
        return value


class LongOctets(Column[Cursor, object, bytes]):
    """A length and so many octets."""

    def __init__(self, length_octets: int) -> None:
        self.length = UInt(length_octets)

    def read(self, cursor: Cursor, name: str) -> bytes:
        size = self.length.read(cursor, f"{name}.length")
        return cursor.take(size, name, BodyFault.OVERRUN)

    def write(self, value: bytes, name: str, form: object) -> bytes:
        return self.length.write(len(value), f"{name}.length", form) + value


def gbk(value: str, name: str) -> bytes:
    """``value`` as GBK without padding; 0x00 at an edge would be lost on reading: refused."""
    try:
        octets = value.encode("gbk")
    except UnicodeEncodeError as wrong:
        raise EncodeError(name, f"{value[wrong.start]!r} is not in GBK") from wrong
    if octets.strip(b"\x00") != octets:
        raise EncodeError(name, "begins or ends with 0x00, which is padding")
    return octets
