"""Every table of the catalogue in both editions: build, parse, build; and what peers do wrong."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.wire.jt809 import (
    BodyError,
    BodyFault,
    Edition,
    EncodeError,
    Frame,
    Message,
    Raw,
    Tolerance,
    alarms,
    control,
    exchange,
    parse,
    posts,
)
from jiaoan.wire.jt809.catalogue import CATALOGUE, DIRECT, has_plate
from jiaoan.wire.jt809.messages import EnvelopeError, family_of, read_content
from jiaoan.wire.jt809.posts import Source
from jiaoan.wire.jt809.table import Table
from jiaoan.wire.jt809.tolerance import NONE

from .helpers import EDITIONS, MOMENT, header, tables_of

ROWS = [
    (edition, key, table)
    for edition in EDITIONS
    for key, tables in sorted(CATALOGUE[edition].items())
    for table in tables
]


def test_the_table_of_the_standard_has_a_row_for_every_message_and_tolerance() -> None:
    text = (Path(__file__).parents[3] / "docs/standards/jt809.md").read_text("utf-8")
    ids = {f"| 0x{key:04X} |" for edition in EDITIONS for key in CATALOGUE[edition]}
    assert {one for one in ids if one not in text} == set()
    assert {rule for rule in Tolerance if f"`{rule}`" not in text} == set()


def framed(body: bytes, message_id: int, edition: Edition) -> Frame:
    return Frame(header(message_id, edition), body, body)


def message_of(key: int, edition: Edition, content: Table) -> Message:
    if key in DIRECT or (key == 0x9101 and edition is Edition.V2011):
        return Message(key, content)
    if has_plate(family_of(key), edition) and key != 0x9201:
        return Message.of(key, content, "鄂BA7263", 2)
    return Message.of(key, content)


@pytest.mark.parametrize(
    ("edition", "key", "table"), ROWS, ids=[f"{e}-{k:04x}-{t.__name__}" for e, k, t in ROWS]
)
@settings(max_examples=15)
@given(data=st.data())
def test_build_parse_build(
    edition: Edition, key: int, table: type[Table], data: st.DataObject
) -> None:
    content = data.draw(tables_of(table))
    message = message_of(key, edition, content)
    body = message.build(edition)
    read = parse(framed(body, message.message_id, edition), edition)
    assert read.build(edition) == body
    if type(read.content) is table:
        assert read == message
    else:
        # Two layouts of the same length: the first of the catalogue wins, octets are the same.
        assert len(CATALOGUE[edition][key]) > 1


@pytest.mark.parametrize(
    ("edition", "key", "table"), ROWS, ids=[f"{e}-{k:04x}-{t.__name__}" for e, k, t in ROWS]
)
@settings(max_examples=8)
@given(data=st.data())
def test_a_cut_or_lengthened_body_is_refused_or_named(
    edition: Edition, key: int, table: type[Table], data: st.DataObject
) -> None:
    """Never another exception than :class:`BodyError`, never a silent reading of less."""
    message = message_of(key, edition, data.draw(tables_of(table)))
    body = message.build(edition)
    at = data.draw(st.integers(0, len(body)))
    for octets in (body[:at], body + data.draw(st.binary(min_size=1, max_size=4))):
        try:
            read = parse(framed(octets, message.message_id, edition), edition)
        except BodyError:
            continue
        assert read.tolerated or read.build(edition) == octets


@given(st.sampled_from(EDITIONS), st.integers(0, 0xFFFF), st.binary(max_size=120))
def test_any_octets_are_read_or_refused(edition: Edition, message_id: int, body: bytes) -> None:
    with contextlib.suppress(BodyError):
        assert parse(framed(body, message_id, edition), edition).message_id == message_id


def test_unknown_ids_are_kept_raw() -> None:
    message = Message.of(0x1801, Raw(b"\x00video"), "粤A88888", 1)
    for edition in EDITIONS:
        read = parse(framed(message.build(edition), 0x1800, edition), edition)
        assert read == message
        assert isinstance(read.content, Raw)


@pytest.mark.parametrize(
    ("data", "table"),
    [
        ("0d6f196e14020000000401", alarms.SupervisionAnswer2019),
        ("0d6f196e01", alarms.SupervisionAnswer2011),
    ],
)
def test_the_supervision_answer_is_told_by_its_length(data: str, table: type[Table]) -> None:
    content, bent = read_content(0x1401, bytes.fromhex(data), Edition.V2019)
    assert type(content) is table
    assert bent == (() if table is alarms.SupervisionAnswer2019 else (Tolerance.OTHER_EDITION,))


def test_the_alarm_report_has_three_times_or_two() -> None:
    three = alarms.AlarmReport2019(
        "JC2025PT047", 3, MOMENT, MOMENT, MOMENT, "京A12345", 1, "", 1001, "超速"
    )
    two = alarms.AlarmReportTwoTimes(
        "JC2025PT047", 3, 1755226863502, 1755230463502, "京A12345", 1, "", 1001, "超速"
    )
    text = len("超速".encode("gbk"))
    assert (len(three.build()) - text, len(two.build()) - text) == (78, 70)
    for key in (0x1402, 0x1403, 0x9402, 0x9403):
        for one in (three, two):
            assert read_content(key, one.build(), Edition.V2019, NONE) == (one, ())


def test_seconds_that_are_milliseconds_are_named() -> None:
    data = bytearray(
        alarms.AlarmReport2019("P", 3, MOMENT, MOMENT, MOMENT, "京A12345", 1, "", 1, "x").build()
    )
    data[13:21] = (1755226863502).to_bytes(8, "big")
    content, bent = read_content(0x1402, bytes(data), Edition.V2019)
    assert isinstance(content, alarms.AlarmReport2019)
    assert bent == (Tolerance.MILLISECONDS,)
    assert content.warn_time is not None
    assert content.warn_time.year == 2025


def test_an_inner_length_beyond_the_data_refuses_the_item() -> None:
    body = Message.of(0x1402, Raw(bytes(90))).build(Edition.V2019)
    with pytest.raises(EnvelopeError) as caught:
        parse(framed(body[:-4], 0x1400, Edition.V2019), Edition.V2019)
    wrong = caught.value
    assert (wrong.fault, wrong.sub_type, wrong.length) == (BodyFault.OVERRUN, 0x1402, 90)
    with pytest.raises(BodyError) as inner:
        read_content(0x120D, bytes.fromhex("0000000c6173"), Edition.V2011)
    assert inner.value.fault is BodyFault.OVERRUN


def test_an_alarm_of_2019_with_a_plate_in_front_is_read_and_named() -> None:
    content = alarms.SupervisionRequest(3, 1, MOMENT, 7, MOMENT, 0, "张三", "0730", "a@b.cn")
    message = Message.of(0x9401, content, "湘F32718", 2)
    read = parse(framed(message.build(Edition.V2019), 0x9400, Edition.V2019), Edition.V2019)
    assert read == message
    assert read.tolerated == (Tolerance.PLATE_IN_2019_ALARM,)
    with pytest.raises(BodyError):
        parse(framed(message.build(Edition.V2019), 0x9400, Edition.V2019), Edition.V2019, NONE)


def test_a_vehicle_message_without_a_plate_is_read_and_named() -> None:
    body = Message.of(0x9401, links_free()).build(Edition.V2019)
    read = parse(framed(body, 0x9400, Edition.V2011), Edition.V2011)
    assert read.plate is None
    assert read.tolerated == (Tolerance.NO_PLATE,)
    with pytest.raises(EncodeError, match="plate"):
        read.build(Edition.V2011)


def links_free() -> alarms.SupervisionRequest:
    return alarms.SupervisionRequest(1, 2, MOMENT, 0x123FFAA1, MOMENT, 1, "王", "1", "a@b.cn")


@pytest.mark.parametrize("sub_type", [0x1205, 0x1206])
def test_the_source_stands_before_the_length_or_behind_it(sub_type: int) -> None:
    before = Message.of(sub_type, exchange_empty(), "测试1111", 4, source=Source(0x9205, 9))
    body = before.build(Edition.V2019)
    assert parse(framed(body, 0x1200, Edition.V2019), Edition.V2019) == before
    behind = Message.of(sub_type, Source(0x9205, 9), "测试1111", 4)
    assert (
        parse(framed(behind.build(Edition.V2019), 0x1200, Edition.V2019), Edition.V2019) == behind
    )
    with pytest.raises(EncodeError, match="source"):
        before.build(Edition.V2011)


def exchange_empty() -> Table:
    content, _ = read_content(0x1205, b"", Edition.V2011)
    assert isinstance(content, Table)
    return content


def test_management_messages_are_read_with_and_without_sub_id() -> None:
    data = bytes.fromhex("3330303030313233343500" + "000000005f059604" * 2 + "000000000a0000001e")
    with_sub = Message.of(0x1102, Raw(data)).build(Edition.V2019)
    read = parse(framed(with_sub, 0x1102, Edition.V2019), Edition.V2019)
    bare = parse(framed(data, 0x1102, Edition.V2019), Edition.V2019)
    assert read.content == bare.content
    assert (read.sub_type, bare.sub_type) == (0x1102, None)
    assert bare.tolerated == (Tolerance.NO_SUB_ID,)


def test_texts_in_utf8_or_cut_are_read_and_named() -> None:
    utf8 = "围挡名称积".encode()
    content, bent = read_content(0x120D, len(utf8).to_bytes(4, "big") + utf8, Edition.V2011)
    assert content == exchange.WaybillText("围挡名称积")
    assert bent == (Tolerance.UTF8_TEXT,)
    cut = "车辆".encode("gbk")[:-1]
    content, bent = read_content(0x120D, len(cut).to_bytes(4, "big") + cut, Edition.V2011)
    assert content == exchange.WaybillText("车")
    assert bent == (Tolerance.CUT_TEXT,)


def test_a_photograph_is_as_long_as_it_says() -> None:
    block = read_content(0x1202, bytes(36), Edition.V2011)[0]
    data = control.PhotoAnswer2011(1, block.block, 2, 4, 1, 1, b"\xff\xd8ab").build()  # type: ignore[union-attr]
    content, _ = read_content(0x1502, data, Edition.V2011, NONE)
    assert isinstance(content, control.PhotoAnswer2011)
    assert content.photo == b"\xff\xd8ab"
    with pytest.raises(BodyError) as caught:
        read_content(0x1502, data[:-1], Edition.V2011, NONE)
    assert caught.value.fault is BodyFault.OVERRUN


def test_values_without_room_are_refused_with_their_field() -> None:
    with pytest.raises(EncodeError, match="supervisor"):
        alarms.SupervisionRequest(1, 1, MOMENT, 1, MOMENT, 1, "长" * 9, "", "").build()
    with pytest.raises(EncodeError, match="warn_source"):
        alarms.SupervisionRequest(256, 1, MOMENT, 1, MOMENT, 1, "", "", "").build()
    with pytest.raises(EncodeError, match="info"):
        posts.PostQuery2011(1, "1", 1, "😀").build()
    with pytest.raises(EncodeError, match="time zone"):
        exchange.Period(MOMENT.replace(tzinfo=None), None).build()
    with pytest.raises(EncodeError, match="plate"):
        Message.of(0x1202, Raw(b"")).build(Edition.V2011)
