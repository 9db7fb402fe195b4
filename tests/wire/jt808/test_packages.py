"""Sub-packages: no two uploads mix, nothing is lost silently, everything is bounded."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jiaoan.wire.jt808 import (
    Assembler,
    Edition,
    EncodeError,
    Form,
    Frame,
    Header,
    Lost,
    MessageId,
    Package,
    ParametersAnswer,
    Part,
    PartState,
    Resend,
    SentParts,
    SetParameters,
    Tolerance,
    Unknown,
    Version,
    Wanted,
    parse_body,
    split_message,
)
from jiaoan.wire.jt808.packages import LossReason
from jiaoan.wire.jt808.parameters import Parameter
from jiaoan.wire.jt808.video import Recordings

from .helpers import read_all, read_one, vectors

PHONE = "013900000001"


def parts(
    body: bytes,
    *,
    serial: int = 7,
    phone: str = PHONE,
    message_id: int = MessageId.MEDIA_UPLOAD,
    most: int = 100,
    version: Version = Version.V2013,
) -> list[Frame]:
    header = Header.new(message_id, version, phone, serial)
    return [read_one(one) for one in split_message(header, body, most=most)]


def states(assembler: Assembler, frames: list[Frame], now: int = 0) -> list[PartState]:
    return [assembler.receive(frame, now).state for frame in frames]


def whole(assembler: Assembler, frames: list[Frame], now: int = 0) -> bytes:
    """The body that the last of these frames completes."""
    outcomes = [assembler.receive(frame, now) for frame in frames]
    assert [one.state for one in outcomes[:-1]] == [PartState.KEPT] * (len(frames) - 1)
    assert outcomes[-1].whole is not None
    return outcomes[-1].whole.body


BODY = bytes(range(256)) * 3


@pytest.mark.parametrize("serial", [0, 7, 65530, 65535])
def test_it_merges_parts_in_any_order(serial: int) -> None:
    """Serials wrap at 65535; parts may come before part 1."""
    for seed in range(5):
        frames = parts(BODY, serial=serial)
        random.Random(seed).shuffle(frames)
        assembler = Assembler()
        assert whole(assembler, frames) == BODY
        assert (len(assembler), assembler.octets) == (0, 0)


def test_it_gives_a_message_without_package_information() -> None:
    params = tuple(Parameter.number(id_, id_) for id_ in range(1, 150))
    body = ParametersAnswer(9, params).build()
    frames = parts(body, message_id=MessageId.PARAMETERS_ANSWER)
    assembler = Assembler()
    *_, last = [assembler.receive(frame, 0) for frame in frames]
    assert last.whole is not None
    assert (last.whole.header.package, last.whole.header.serial) == (None, 7)
    assert parse_body(last.whole) == ParametersAnswer(9, params)
    assert isinstance(parse_body(frames[0]), Unknown)


def captured(*names: str) -> list[Frame]:
    rows = {row["id"]: row for row in vectors()}
    return [read_one(bytes.fromhex(rows[name]["hex"])) for name in names]


def test_it_merges_captured_recordings() -> None:
    """jt010 and jt011: two parts of one 0x1205 of a device."""
    body = whole(Assembler(), captured("jt011", "jt010"))
    answer = parse_body(Frame(Header.new(0x1205, Version.V2013, "1", 1), body, b""), strict=True)
    assert isinstance(answer, Recordings)
    assert len(answer.recordings) == 35


def test_it_puts_scattered_parts_together_when_asking_was_in_vain() -> None:
    """jt013 and jt014: two parts of one 0x0104 of a device that counted 16 other messages between
    them, against clause 4.4.3. They are one sound answer."""
    assembler = Assembler(ask_after_ms=5000)
    assert states(assembler, captured("jt014", "jt013")) == [PartState.KEPT] * 2
    assert assembler.due(4999) == []
    assert [type(one) for one in assembler.due(5000)] == [Wanted, Wanted]
    assert assembler.due(9999) == []
    (last,) = assembler.due(10_000)
    assert isinstance(last, Part)
    assert last.whole is not None
    assert last.whole.tolerated == (Tolerance.SCATTERED_SERIALS,)
    answer = parse_body(last.whole, strict=True)
    assert isinstance(answer, ParametersAnswer)
    assert len(answer.params) == 0x6B
    assert answer.params[0] == Parameter.number(1, 600)
    assert (len(assembler), assembler.octets) == (0, 0)
    assert states(assembler, captured("jt014"), 11_000) == [PartState.ALREADY_WHOLE]


def test_a_strict_assembler_leaves_scattered_parts_alone() -> None:
    assembler = Assembler(strict=True)
    states(assembler, captured("jt014", "jt013"))
    for moment in (5000, 10_000):
        assert [type(one) for one in assembler.due(moment)] == [Wanted, Wanted]


def test_two_halves_of_two_uploads_stay_apart_while_their_rest_can_come() -> None:
    first, second = parts(b"a" * 200, serial=7), parts(b"b" * 200, serial=40)
    assembler = Assembler()
    states(assembler, [first[0], second[1]])
    asked = assembler.due(5000)
    assert [one.package_ids for one in asked if isinstance(one, Wanted)] == [(2,), (1,)]
    outcomes = [assembler.receive(frame, 6000) for frame in (first[1], second[0])]
    assert [one.whole.body for one in outcomes if one.whole] == [b"a" * 200, b"b" * 200]


def test_it_does_not_put_together_what_overlaps_or_runs_backwards() -> None:
    """Two uploads that each lost parts are not one upload."""
    first, second = parts(b"a" * 300, serial=7), parts(b"b" * 300, serial=40)
    for pieces in ([first[0], first[1], second[1], second[2]], [first[1], first[2], second[0]]):
        assembler = Assembler()
        states(assembler, pieces)
        for moment in (5000, 10_000):
            assert all(isinstance(one, Wanted) for one in assembler.due(moment))
        assert all(isinstance(one, Lost) for one in assembler.due(60_000))


def test_it_does_not_mix_two_uploads_of_equal_totals() -> None:
    """The defect of the peers: one message id, or one total, was the whole key."""
    first, second = parts(b"a" * 300, serial=7), parts(b"b" * 300, serial=40)
    others = parts(b"c" * 300, serial=7, phone="013900000002")
    assembler = Assembler()
    mixed = [one for three in zip(first, second, others, strict=True) for one in three]
    outcomes = [assembler.receive(frame, 0) for frame in mixed]
    bodies = [one.whole.body for one in outcomes if one.whole]
    assert bodies == [b"a" * 300, b"b" * 300, b"c" * 300]


def test_it_tells_repeats_and_conflicts() -> None:
    frames = parts(BODY)
    changed = Frame(frames[1].header, b"other", b"")
    assembler = Assembler()
    said = states(assembler, [frames[0], frames[1], frames[1], changed, *frames[2:]])
    assert said[:4] == [PartState.KEPT, PartState.KEPT, PartState.REPEATED, PartState.CONFLICT]
    assert said[-1] is PartState.WHOLE
    again = assembler.receive(frames[-1], 1000)
    assert (again.state, again.whole, len(assembler)) == (PartState.ALREADY_WHOLE, None, 0)
    # Long after, the serial has come round and belongs to another upload.
    assert assembler.receive(frames[-1], 70_000).state is PartState.KEPT


@pytest.mark.parametrize(("total", "index"), [(0, 0), (3, 0), (3, 4), (0, 1), (1, 65535)])
def test_it_refuses_an_index_outside_the_total(total: int, index: int) -> None:
    header = Header(0x0801, Version.V2013, PHONE, 5, package=Package(total, index))
    assembler = Assembler()
    assert assembler.receive(Frame(header, b"x", b""), 0).state is PartState.BAD_INDEX
    assert len(assembler) == 0


def test_it_keeps_empty_parts() -> None:
    frames = parts(BODY)
    frames[2] = Frame(frames[2].header, b"", b"")
    assert whole(Assembler(), frames) == BODY[:200] + BODY[300:]


def test_it_asks_for_what_is_missing_and_gives_up_in_the_end() -> None:
    frames = parts(BODY)
    assembler = Assembler(ask_after_ms=1000, most_asks=2, expire_ms=5000)
    states(assembler, [frames[1], frames[4]])
    assert assembler.due(999) == []
    (wanted,) = assembler.due(1000)
    assert isinstance(wanted, Wanted)
    assert wanted.package_ids == (1, 3, 4, 6, 7, 8)
    assert wanted.messages(Form(Edition.V2013)) == (Resend(7, wanted.package_ids),)
    assert wanted.messages(Form(Edition.V2011)) == ()
    assert assembler.due(1500) == []
    assert [type(one) for one in assembler.due(2000)] == [Wanted]
    assert assembler.due(3000) == []
    (lost,) = assembler.due(5000)
    assert lost == Lost(wanted.key, LossReason.EXPIRED, ((2, BODY[100:200]), (5, BODY[400:500])))
    assert (len(assembler), assembler.octets) == (0, 0)


def test_a_part_starts_the_patience_again() -> None:
    frames = parts(BODY)
    assembler = Assembler(ask_after_ms=1000, expire_ms=5000)
    assembler.receive(frames[0], 0)
    assembler.receive(frames[1], 4000)
    assert assembler.due(4500) == []
    assert [type(one) for one in assembler.due(5000)] == [Wanted]


def test_it_writes_the_count_of_a_request_in_the_width_of_the_edition() -> None:
    one = Resend(4249, (1, 2))
    assert one.build(Form(Edition.V2013)).hex() == "1099" + "02" + "00010002"
    assert one.build(Form(Edition.V2019)).hex() == "1099" + "0002" + "00010002"


def test_it_splits_a_request_that_its_count_cannot_hold() -> None:
    key = Assembler().receive(parts(BODY)[0], 0).key
    header = Header.new(0x0801, Version.V2013, PHONE, 1)
    wanted = Wanted(key, header, tuple(range(1, 601)))
    for edition, sizes in ((Edition.V2013, [255, 255, 90]), (Edition.V2019, [509, 91])):
        messages = wanted.messages(Form(edition))
        assert [len(one.package_ids) for one in messages] == sizes
        assert all(len(one.build(Form(edition))) <= 1023 for one in messages)


def test_it_is_bounded() -> None:
    assembler = Assembler(most_uploads=3, most_octets=450, most_octets_of_one=250)
    for serial in range(0, 100, 10):
        states(assembler, parts(b"x" * 300, serial=serial)[:1])
    assert (len(assembler), assembler.octets) == (3, 300)
    lost = assembler.due(0)
    assert [one.reason for one in lost if isinstance(one, Lost)] == [LossReason.NO_ROOM] * 7
    large = parts(b"y" * 500, serial=500)
    assert states(assembler, large[:3])[-1] is PartState.TOO_LARGE
    assert assembler.octets <= 450


def test_one_encrypted_part_makes_the_whole_unreadable() -> None:
    header = Header.new(0x0200, Version.V2013, PHONE, 1)
    plain, secret = (read_one(one) for one in split_message(header, b"z" * 30, most=15))
    secret = Frame(replace(secret.header, encryption=1), secret.body, b"")
    assembler = Assembler()
    assembler.receive(plain, 0)
    last = assembler.receive(secret, 0).whole
    assert last is not None
    body = parse_body(last)
    assert isinstance(body, Unknown)
    assert body.reason == "encrypted"


@pytest.mark.parametrize("version", Version)
def test_it_splits_long_messages_down(version: Version) -> None:
    params = tuple(Parameter(id_, bytes(200)) for id_ in range(1, 40))
    form = Form(Edition(str(version)))
    body = SetParameters(params).build(form)
    header = Header.new(MessageId.SET_PARAMETERS, version, "139", 65533)
    frames = [read_one(one) for one in split_message(header, body)]
    assert [frame.header.serial for frame in frames] == [
        (65533 + k) % 65536 for k in range(len(frames))
    ]
    assert {len(frame.body) for frame in frames[:-1]} == {1023}
    assembled = Assembler()
    last = [assembled.receive(frame, 0) for frame in frames][-1].whole
    assert last is not None
    assert parse_body(last) == SetParameters(params)


def test_it_leaves_a_short_message_whole() -> None:
    header = Header.new(MessageId.TEXT, Version.V2013, "139", 1)
    (octets,) = split_message(header, b"x" * 1023)
    assert read_one(octets).header.package is None
    with pytest.raises(EncodeError):
        split_message(header, bytes(65536), most=1)


def test_it_sends_exactly_the_parts_that_a_terminal_asks_for() -> None:
    header = Header.new(MessageId.TEXT, Version.V2019, "139", 65535)
    frames = split_message(header, BODY, most=100)
    sent = SentParts()
    sent.keep(header, frames, 0)
    asked = Resend(65535, (8, 1, 9, 0, 3))
    assert sent.again("139", asked, 1000) == [frames[7], frames[0], frames[2]]
    assert sent.again("138", asked, 1000) == []
    assert sent.again("139", Resend(0, (1,)), 1000) == []
    assert sent.again("139", asked, 120_000) == []
    assert (len(sent), sent.octets) == (0, 0)


def test_it_remembers_sent_parts_within_bounds() -> None:
    sent = SentParts(most_messages=3, most_octets=3000)
    for serial in range(50):
        header = Header.new(MessageId.TEXT, Version.V2013, "139", serial * 10)
        sent.keep(header, split_message(header, BODY, most=100), serial)
        assert len(sent) <= 3
        assert sent.octets <= 3000
    sent.keep(Header.new(1, Version.V2013, "139", 9), [b"one"], 0)
    assert sent.again("139", Resend(9, (1,)), 0) == []


@given(
    st.binary(min_size=1, max_size=600),
    st.integers(1, 200),
    st.integers(0, 65535),
    st.randoms(use_true_random=False),
)
@settings(deadline=None)
def test_it_merges_whatever_was_split(
    body: bytes, most: int, serial: int, dice: random.Random
) -> None:
    header = Header.new(MessageId.MEDIA_UPLOAD, Version.V2013, "139", serial)
    octets = split_message(header, body, most=most)
    dice.shuffle(octets)
    frames = [one for one in read_all(b"".join(octets)) if isinstance(one, Frame)]
    if len(octets) == 1:
        assert frames[0].body == body
    else:
        assert whole(Assembler(), frames) == body
