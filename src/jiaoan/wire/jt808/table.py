"""Bodies as tables: a frozen dataclass whose annotations *are* the table of the standard.

>>> @dataclass(frozen=True, slots=True)
... class Example(Table):
...     channel_id: U8
...     speed_kmh: Annotated[U16 | None, SINCE_2019] = None
>>> Example(3, 60).build(Form(Edition.V2019)).hex()
'03003c'
>>> Example.parse(bytes([3]))
Example(channel_id=3, speed_kmh=None)

Theory of operation
-------------------
The fields stand in the order of the octets. Each is annotated with a :class:`Column` (how its
octets are read and written), and may carry marks: :class:`In` (which editions have it) and
conditions on earlier fields (:class:`OnlyIf`, :class:`Unless`, :class:`IfBit`, :class:`IfMore`). A
field that is not there has its default. What is left behind the last field is
:attr:`.Tolerance.TRAILING_OCTETS`. A table can itself be a column of a larger one (:class:`Row`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass
from typing import Annotated, Generic, NamedTuple, Self, TypeVar, get_args, get_type_hints

from jiaoan.wire.jt808.errors import BodyError, BodyFault, EncodeError
from jiaoan.wire.jt808.forms import PLAIN, Dialect, Edition, Form, Reading
from jiaoan.wire.jt808.tolerance import Tolerance

T = TypeVar("T")


class Cursor:
    """A place in the octets of one body, and the reading they are part of."""

    __slots__ = ("at", "octets", "reading")

    def __init__(self, octets: bytes, reading: Reading, at: int = 0) -> None:
        self.octets, self.reading, self.at = octets, reading, at

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
            self.reading.tolerate(
                Tolerance.TRAILING_OCTETS,
                BodyError(
                    name,
                    f"{self.left} octets behind the last field",
                    self.octets,
                    BodyFault.TRAILING,
                ),
            )


class Column(ABC, Generic[T]):
    """How one field stands in the octets."""

    @abstractmethod
    def read(self, cursor: Cursor, name: str) -> T: ...

    @abstractmethod
    def write(self, value: T, name: str, form: Form) -> bytes: ...


class Mark(ABC):
    """When a field is there. ``values`` holds the fields before it."""

    @abstractmethod
    def reads(self, values: Mapping[str, object], cursor: Cursor) -> bool: ...

    @abstractmethod
    def writes(self, values: Mapping[str, object], value: object, form: Form) -> bool: ...


@dataclass(frozen=True)
class In(Mark):
    """The field belongs to these editions only."""

    editions: frozenset[Edition]

    def reads(self, values: Mapping[str, object], cursor: Cursor) -> bool:
        return cursor.reading.form.edition in self.editions

    def writes(self, values: Mapping[str, object], value: object, form: Form) -> bool:
        return form.edition in self.editions


class Condition(Mark):
    """A mark that looks at earlier fields alone."""

    @abstractmethod
    def holds(self, values: Mapping[str, object]) -> bool: ...

    def reads(self, values: Mapping[str, object], cursor: Cursor) -> bool:
        return self.holds(values)

    def writes(self, values: Mapping[str, object], value: object, form: Form) -> bool:
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
class IfMore(Mark):
    """There only when octets follow; not written when it is ``None``."""

    def reads(self, values: Mapping[str, object], cursor: Cursor) -> bool:
        return cursor.left > 0

    def writes(self, values: Mapping[str, object], value: object, form: Form) -> bool:
        return value is not None


ONLY_2011 = In(frozenset({Edition.V2011}))
BEFORE_2019 = In(frozenset({Edition.V2011, Edition.V2013}))
SINCE_2013 = In(frozenset({Edition.V2013, Edition.V2019}))
SINCE_2019 = In(frozenset({Edition.V2019}))


class Place(NamedTuple):
    """One field of a table."""

    name: str
    column: Column[object]
    marks: tuple[Mark, ...]


def _annotations(hint: object) -> list[object]:
    """All that ``Annotated`` says in a hint, inside an optional too."""
    said = list(getattr(hint, "__metadata__", ()))
    for part in get_args(hint):
        if not isinstance(part, Column | Mark):
            said += _annotations(part)
    return said


_PLACES: dict[type[Table], tuple[Place, ...]] = {}


def places(table: type[Table]) -> tuple[Place, ...]:
    """The fields of a table in the order of their octets."""
    known = _PLACES.get(table)
    if known is None:
        known = _PLACES[table] = tuple(_find_places(table))
    return known


def _find_places(table: type[Table]) -> Iterator[Place]:
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
class Table:
    """A body, or a part of one, that is read and written by its annotations."""

    @classmethod
    def read(cls, cursor: Cursor) -> Self:
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
    def parse(cls, octets: bytes, reading: Reading | None = None) -> Self:
        """A whole body; :class:`.BodyError` where it does not follow the table."""
        cursor = Cursor(octets, Reading() if reading is None else reading)
        one = cls.read(cursor)
        cursor.end(cls.__name__)
        return one

    def build(self, form: Form = PLAIN) -> bytes:
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
            elif value != self.absent(name) and not _of_other_edition(marks, form):
                raise EncodeError(name, "has no place beside the fields before it")
        return bytes(out)


def _of_other_edition(marks: tuple[Mark, ...], form: Form) -> bool:
    """A field that this edition lacks is left out: the same value serves terminals of all ages."""
    return any(isinstance(mark, In) and form.edition not in mark.editions for mark in marks)


TableT = TypeVar("TableT", bound=Table)


class Row(Column[TableT]):
    """A table as a column of a larger one."""

    def __init__(self, table: type[TableT]) -> None:
        self.table = table

    def read(self, cursor: Cursor, name: str) -> TableT:
        return self.table.read(cursor)

    def write(self, value: TableT, name: str, form: Form) -> bytes:
        return value.build(form)


class Items(Column[tuple[T, ...]]):
    """A count and so many items (``count`` ``None``: items to the end of the octets)."""

    def __init__(self, count: Column[int] | None, item: Column[T], *, most: int = 0xFFFF) -> None:
        self.count, self.item, self.most = count, item, most

    def read(self, cursor: Cursor, name: str) -> tuple[T, ...]:
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

    def write(self, value: tuple[T, ...], name: str, form: Form) -> bytes:
        if self.count is not None and len(value) > self.most:
            raise EncodeError(name, f"{len(value)} items, at most {self.most}")
        out = bytearray()
        if self.count is not None:
            out += self.count.write(len(value), f"{name}.count", form)
        for item in value:
            out += self.item.write(item, name, form)
        return bytes(out)


class ByForm(Column[T]):
    """A column that looks otherwise in some editions or dialects."""

    def __init__(self, usual: Column[T], others: Mapping[Edition | Dialect, Column[T]]) -> None:
        self.usual, self.others = usual, others

    def of(self, form: Form) -> Column[T]:
        return self.others.get(form.edition) or self.others.get(form.dialect) or self.usual

    def read(self, cursor: Cursor, name: str) -> T:
        return self.of(cursor.reading.form).read(cursor, name)

    def write(self, value: T, name: str, form: Form) -> bytes:
        return self.of(form).write(value, name, form)


class UInt(Column[int]):
    """An unsigned number, big-endian: BYTE, WORD and DWORD of the text."""

    def __init__(self, size: int) -> None:
        self.size = size

    def read(self, cursor: Cursor, name: str) -> int:
        return cursor.uint(self.size, name)

    def write(self, value: int, name: str, form: Form) -> bytes:
        try:
            return value.to_bytes(self.size, "big")
        except OverflowError as wrong:
            raise EncodeError(name, f"{value} does not fit {self.size} octets") from wrong


BYTE, WORD, DWORD = UInt(1), UInt(2), UInt(4)
U8 = Annotated[int, BYTE]
U16 = Annotated[int, WORD]
U32 = Annotated[int, DWORD]
