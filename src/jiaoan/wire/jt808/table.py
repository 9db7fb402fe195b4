"""Bodies of 808 as tables (:mod:`jiaoan.wire.tables`), with what its editions and dialects change.

>>> @dataclass(frozen=True, slots=True)
... class Example(Table):
...     channel_id: U8
...     speed_kmh: Annotated[U16 | None, SINCE_2019] = None
>>> Example(3, 60).build(Form(Edition.V2019)).hex()
'03003c'
>>> Example.parse(bytes([3]))
Example(channel_id=3, speed_kmh=None)

A field that belongs to some editions only is marked so (:class:`In`); a column that looks otherwise
in some of them is :class:`ByForm`. What is left behind the last field is
:attr:`.Tolerance.TRAILING_OCTETS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self, TypeAlias, TypeVar

from jiaoan.wire import tables
from jiaoan.wire.errors import BodyError
from jiaoan.wire.jt808.forms import PLAIN, Dialect, Edition, Form, Reading
from jiaoan.wire.jt808.tolerance import Tolerance
from jiaoan.wire.tables import Condition, IfBit, IfMore, Items, OnlyIf, Row, UInt, Unless, places

T = TypeVar("T")


class Cursor(tables.Cursor):
    """A place in the octets of one body, and the reading they are part of."""

    __slots__ = ("reading",)

    def __init__(self, octets: bytes, reading: Reading, at: int = 0) -> None:
        super().__init__(octets, at)
        self.reading = reading

    def trailing(self, otherwise: BodyError) -> None:
        self.reading.tolerate(Tolerance.TRAILING_OCTETS, otherwise)


Column: TypeAlias = tables.Column[Cursor, Form, T]
Mark: TypeAlias = tables.Mark[Cursor, Form]


@dataclass(frozen=True)
class In(tables.Mark[Cursor, Form]):
    """The field belongs to these editions only; it is left out in the others, so that one value
    serves terminals of all ages."""

    editions: frozenset[Edition]

    def reads(self, values: Mapping[str, object], cursor: Cursor) -> bool:
        return cursor.reading.form.edition in self.editions

    def writes(self, values: Mapping[str, object], value: object, form: Form) -> bool:
        return form.edition in self.editions

    def lacks(self, form: Form) -> bool:
        return form.edition not in self.editions


ONLY_2011 = In(frozenset({Edition.V2011}))
BEFORE_2019 = In(frozenset({Edition.V2011, Edition.V2013}))
SINCE_2013 = In(frozenset({Edition.V2013, Edition.V2019}))
SINCE_2019 = In(frozenset({Edition.V2019}))


@dataclass(frozen=True, slots=True)
class Table(tables.Table[Cursor, Form]):
    """A body, or a part of one, that is read and written by its annotations."""

    @classmethod
    def parse(cls, octets: bytes, reading: Reading | None = None) -> Self:
        """A whole body; :class:`.BodyError` where it does not follow the table."""
        return cls.whole(Cursor(octets, Reading() if reading is None else reading))

    def build(self, form: Form = PLAIN) -> bytes:
        """The octets; :class:`.EncodeError` for a value that has no room, is missing, or is given
        where the table has no place for it."""
        return self.write(form)


class ByForm(tables.Column[Cursor, Form, T]):
    """A column that looks otherwise in some editions or dialects."""

    def __init__(self, usual: Column[T], others: Mapping[Edition | Dialect, Column[T]]) -> None:
        self.usual, self.others = usual, others

    def of(self, form: Form) -> Column[T]:
        return self.others.get(form.edition) or self.others.get(form.dialect) or self.usual

    def read(self, cursor: Cursor, name: str) -> T:
        return self.of(cursor.reading.form).read(cursor, name)

    def write(self, value: T, name: str, form: Form) -> bytes:
        return self.of(form).write(value, name, form)


BYTE, WORD, DWORD = UInt(1), UInt(2), UInt(4)
U8 = Annotated[int, BYTE]
U16 = Annotated[int, WORD]
U32 = Annotated[int, DWORD]

__all__ = [
    "BEFORE_2019",
    "BYTE",
    "DWORD",
    "ONLY_2011",
    "SINCE_2013",
    "SINCE_2019",
    "U8",
    "U16",
    "U32",
    "WORD",
    "ByForm",
    "Column",
    "Condition",
    "Cursor",
    "IfBit",
    "IfMore",
    "In",
    "Items",
    "Mark",
    "OnlyIf",
    "Row",
    "Table",
    "UInt",
    "Unless",
    "places",
]
