"""Any body of any message, made from its own table: what is declared is what is tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from jiaoan.wire.jt808 import (
    BatchKind,
    Dialect,
    DriverCard,
    DriverCard2011,
    Edition,
    ExtraItem,
    Form,
    Heartbeat,
    Location,
    LocationBatch,
    MessageId,
    Register,
)
from jiaoan.wire.jt808 import messages as spoken
from jiaoan.wire.jt808.areas import Route
from jiaoan.wire.jt808.columns import Digits, FixedText, LongText, RestText, Time, UtcTime
from jiaoan.wire.jt808.driver import Card
from jiaoan.wire.jt808.location import LocationColumn, PlaceColumn
from jiaoan.wire.jt808.login import _Layout
from jiaoan.wire.jt808.table import ByForm, Column, Condition, In, Items, Row, Table, UInt, places
from jiaoan.wire.tables import FixedOctets, LongOctets, RestOctets

FORMS = [Form(edition, dialect) for edition in Edition for dialect in Dialect]
# Letters of one and of two octets in GBK, without 0x00, which is padding.
LETTERS = "abcXYZ019 -._粤湘岳阳危险"
TIMES = st.none() | st.integers(0, 3 * 10**9).map(
    lambda s: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)


def words(most: int) -> st.SearchStrategy[str]:
    """Text of at most so many octets in GBK, that does not begin or end with padding."""
    return st.text(LETTERS, max_size=most // 2)


LOCATIONS = st.builds(
    Location,
    alarm=st.integers(0, 0xFFFFFFFF),
    status=st.integers(0, 0xFFFFFFFF),
    raw_latitude=st.integers(0, 0xFFFFFFFF),
    raw_longitude=st.integers(0, 0xFFFFFFFF),
    altitude=st.integers(-1000, 64_535),
    speed=st.integers(0, 0xFFFF),
    direction=st.integers(0, 0xFFFF),
    time=TIMES,
    extras=st.lists(
        st.builds(ExtraItem, st.integers(0, 255), st.binary(max_size=60)), max_size=6
    ).map(tuple),
    trailing=st.binary(max_size=1),
)
PLACES = LOCATIONS.map(
    lambda one: Location(
        one.alarm,
        one.status,
        one.raw_latitude,
        one.raw_longitude,
        one.altitude,
        one.speed,
        one.direction,
        one.time,
    )
)


def values(column: Column[Any], form: Form) -> st.SearchStrategy[Any]:
    """Any value that the column has room for."""
    match column:
        case ByForm():
            return values(column.of(form), form)
        case UInt():
            return st.integers(0, 256**column.size - 1)
        case FixedText():
            return words(column.size)
        case RestText() | LongText():
            return words(60)
        case FixedOctets():
            return st.binary(min_size=column.size, max_size=column.size)
        case RestOctets() | LongOctets():
            return st.binary(max_size=60)
        case Digits():
            return st.binary(min_size=column.size, max_size=column.size).map(bytes.hex)
        case Time() | UtcTime():
            return TIMES if isinstance(column, Time) else TIMES.filter(_has_utc_year)
        case LocationColumn():
            return LOCATIONS
        case PlaceColumn():
            return PLACES
        case Row():
            return tables(column.table, form)
        case Items():
            return st.lists(values(column.item, form), max_size=4).map(tuple)
        case _Layout():
            return st.just(form.edition)
    raise AssertionError(f"no values for {column!r}")


def _has_utc_year(moment: datetime | None) -> bool:
    return moment is None or moment.year >= 2000


@st.composite
def tables(draw: Callable[[Any], Any], table: type[Table], form: Form) -> Table:
    """Any row of a table: a field is there when its marks say so."""
    drawn: dict[str, Any] = {}
    for name, column, marks in places(table):
        here = all(
            form.edition in mark.editions
            if isinstance(mark, In)
            else mark.holds(drawn)
            if isinstance(mark, Condition)
            else draw(st.booleans())
            for mark in marks
        )
        drawn[name] = draw(values(column, form)) if here else table.absent(name)
    if table is Route:
        _both_or_none(drawn)
    return table(**drawn)


def _both_or_none(drawn: dict[str, Any]) -> None:
    """A route has both of its times or none; where bit 0 asks for them, both."""
    if drawn["attribute"] & 1 or drawn["start"] is not None or drawn["end"] is not None:
        drawn["start"] = drawn["start"] or "000000083000"
        drawn["end"] = drawn["end"] or "000000180000"


@st.composite
def driver_cards(draw: Callable[[Any], Any], form: Form) -> DriverCard | DriverCard2011:
    if form.edition is Edition.V2011 and draw(st.booleans()):
        card: DriverCard2011 = draw(tables(DriverCard2011, form))
        # One letter of a name has two octets: 1 and 2 are no lengths of a name of 2011.
        return (
            card
            if len(card.driver_name.encode("gbk")) > 2
            else DriverCard2011(
                "张三三", card.driver_identity, card.qualification_code, card.issuer
            )
        )
    status = draw(st.sampled_from([1, 2]))
    result = draw(st.integers(0, 4)) if status == 1 else draw(st.none() | st.integers(0, 4))
    return DriverCard(
        status, draw(TIMES), result, draw(tables(Card, form)) if result == 0 else None
    )


def _plated(one: Table) -> st.SearchStrategy[Register]:
    """2011 and 2013 are told apart by colour and plate, so these must be real."""
    assert isinstance(one, Register)
    return st.builds(
        replace,
        st.just(one),
        plate_colour=st.sampled_from([1, 2, 3, 4, 5, 9, 91, 94]),
        plate=st.from_regex(r"[湘粤京][A-Z][A-Z0-9]{5}", fullmatch=True),
    )


def bodies(message_id: int, form: Form) -> st.SearchStrategy[Any]:
    """Any body of this message that its edition can have."""
    reader = spoken.READERS[message_id]
    table = getattr(reader, "__self__", None)
    if message_id == MessageId.DRIVER_CARD:
        return driver_cards(form)
    if table is Location:
        return LOCATIONS
    if table is LocationBatch:
        return st.builds(
            lambda kind, items: LocationBatch.of(kind, *items),
            st.sampled_from(BatchKind),
            st.lists(LOCATIONS, max_size=3),
        )
    if table is Heartbeat:
        return st.builds(Heartbeat, st.binary(max_size=3))
    if table is Register:
        return tables(Register, form).flatmap(_plated)
    assert isinstance(table, type)
    assert issubclass(table, Table)
    return tables(table, form)
