"""Every message in every form: built, read, built again; and broken in every way."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiaoan.wire.jt808 import (
    BodyError,
    Dialect,
    DriverCard,
    DriverCard2011,
    Edition,
    EncodeError,
    Form,
    Frame,
    Header,
    MessageId,
    Profile,
    Register,
    TextMessage,
    Tolerance,
    Unknown,
    Version,
    editions_of,
    parse_body,
)
from jiaoan.wire.jt808.areas import AreasAnswer, Circle, Polygon, Route, SetCircles
from jiaoan.wire.jt808.commands import ControlVehicle, Switch, Track
from jiaoan.wire.jt808.data import Compressed
from jiaoan.wire.jt808.describe import describe
from jiaoan.wire.jt808.driver import Card
from jiaoan.wire.jt808.media import MediaAnswer, MediaUpload
from jiaoan.wire.jt808.messages import READERS
from jiaoan.wire.jt808.parameters import Parameter, ParametersAnswer

from .bodies import FORMS, bodies
from .helpers import MOMENT, location

QUICK = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def frame(message_id: int, octets: bytes, form: Form) -> tuple[Frame, Profile]:
    """A frame of a terminal of this form, and what is remembered of that terminal."""
    version = Version.V2019 if form.edition is Edition.V2019 else Version.V2013
    header = Header.new(message_id, version, "13900000001", 7)
    return Frame(header, octets, octets), Profile(header, form.edition, form.dialect)


def test_every_message_has_a_reader_and_every_reader_a_message() -> None:
    assert set(READERS) == set(MessageId)


@pytest.mark.parametrize("message_id", MessageId, ids=lambda one: one.name)
@given(data=st.data())
@QUICK
def test_it_reads_back_what_it_builds(message_id: int, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(FORMS))
    body: Any = data.draw(bodies(message_id, form))
    octets = body.build(form)
    noted: list[Tolerance] = []
    read = parse_body(*frame(message_id, octets, form), noted=noted)
    assert Tolerance.OTHER_EDITION not in noted
    assert read == body
    assert read.build(form) == octets


@pytest.mark.parametrize("message_id", MessageId, ids=lambda one: one.name)
@given(data=st.data())
@QUICK
def test_it_ends_in_a_body_or_a_body_error(message_id: int, data: st.DataObject) -> None:
    """Any octets; and octets of a sound body cut, lengthened or changed at any place."""
    form = data.draw(st.sampled_from(FORMS))
    sound = data.draw(bodies(message_id, form)).build(form)
    at = data.draw(st.integers(0, len(sound)))
    broken = data.draw(
        st.sampled_from([sound[:at], sound + b"\x00", sound[:at] + b"\xff" + sound[at + 1 :]])
        | st.binary(max_size=120)
    )
    one, profile = frame(message_id, broken, form)
    for strict in (False, True):
        with suppress(BodyError):
            assert not isinstance(parse_body(one, profile, strict=strict), Unknown)
        assert describe(one, profile, strict=strict)["message_id"] == f"0x{message_id:04x}"


@pytest.mark.parametrize("message_id", MessageId, ids=lambda one: one.name)
@given(data=st.data())
@QUICK
def test_octets_behind_a_body_are_refused_or_named_or_part_of_it(
    message_id: int, data: st.DataObject
) -> None:
    """Never a silent reading of less than came."""
    form = data.draw(st.sampled_from(FORMS))
    sound = data.draw(bodies(message_id, form)).build(form)
    longer = sound + data.draw(st.binary(min_size=1, max_size=4))
    noted: list[Tolerance] = []
    try:
        body: Any = parse_body(*frame(message_id, longer, form), noted=noted)
    except BodyError:
        return
    assert noted or body.build(form) == longer


@pytest.mark.parametrize("message_id", MessageId, ids=lambda one: one.name)
@given(data=st.data())
@QUICK
def test_a_strict_reading_is_a_sound_one(message_id: int, data: st.DataObject) -> None:
    """What a strict reading accepts, a tolerant one reads alike and without a note."""
    form = data.draw(st.sampled_from(FORMS))
    octets = data.draw(bodies(message_id, form)).build(form)
    one, profile = frame(message_id, octets, form)
    with suppress(BodyError):
        strict = parse_body(one, profile, strict=True)
        noted: list[Tolerance] = []
        assert parse_body(one, profile, noted=noted) == strict
        assert noted == []


def read(message_id: int, hexed: str, form: Form | None = None) -> tuple[Any, list[Tolerance]]:
    noted: list[Tolerance] = []
    one, profile = frame(message_id, bytes.fromhex(hexed), form or Form())
    return parse_body(one, profile, noted=noted), noted


def test_it_knows_which_edition_has_which_message() -> None:
    assert editions_of(MessageId.LOCATION) == frozenset(Edition)
    assert editions_of(MessageId.PLATFORM_RESEND) == {Edition.V2013, Edition.V2019}
    assert editions_of(MessageId.ASK_TIME) == {Edition.V2019}
    assert editions_of(MessageId.QUESTION) == {Edition.V2011, Edition.V2013}
    assert sum(editions_of(one) != frozenset(Edition) for one in MessageId) == 25


V2011, V2019 = Form(Edition.V2011), Form(Edition.V2019)


def test_the_forms_of_2011_are_its_own() -> None:
    """808-2011 is not "2013 with a shorter registration": part E, trap 1 of the wire notes."""
    upload = MediaUpload(7, 0, 0, 1, 2, None, 5, 3, b"jpeg")
    assert upload.build(V2011).hex() == "00000007000001020000000500000003" + b"jpeg".hex()
    assert read(0x0801, upload.build(V2011).hex(), V2011) == (upload, [])
    answer = MediaAnswer(9, 7, (1, 2))
    assert answer.build(V2011).hex() == "0009000000070200010002"
    params = ParametersAnswer(4, (Parameter.number(1, 60),))
    assert params.build(V2011).hex() == "00040101" + "00000001" + "04" + "0000003c"
    card = DriverCard2011("张三", "430602199001011234", "4306001", "岳阳市交通运输局")
    assert card.build().hex().startswith("04d5c5c8fd")
    assert read(0x0702, card.build().hex(), V2011) == (card, [])


def test_another_edition_that_fits_exactly_is_read_and_noted() -> None:
    params = ParametersAnswer(4, (Parameter.number(1, 60), Parameter.number(2, 10)))
    assert read(0x0104, params.build(V2011).hex()) == (params, [Tolerance.OTHER_EDITION])
    answer = MediaAnswer(9, 7, (1, 2))
    assert read(0x8800, answer.build(V2011).hex()) == (answer, [Tolerance.OTHER_EDITION])
    resend, noted = read(0x8003, "1099" + "0002" + "00010002")
    assert (resend.package_ids, noted) == ((1, 2), [Tolerance.OTHER_EDITION])
    card = DriverCard2011("张三", "430602199001011234", "4306001", "岳阳市交通运输局")
    assert read(0x0702, card.build().hex()) == (card, [Tolerance.OTHER_EDITION])


def test_a_dialect_is_told_by_its_length() -> None:
    sign = b"T000001".ljust(30, b"\x00") + bytes.fromhex("240408064000") + b"\x01\x02\x00\x00"
    octets = b"\x09127.0.0.1" + bytes.fromhex("1f901f91") + sign + b"n".ljust(32, b"\x00")
    order, noted = read(0x9208, (octets + bytes(16)).hex())
    assert (order.alarm_sign.terminal_id, order.alarm_sign.time) == ("T000001", MOMENT)
    assert noted == [Tolerance.OTHER_EDITION]
    known = Form(Edition.V2013, Dialect.GUANGDONG)
    assert read(0x9208, (octets + bytes(16)).hex(), known) == (order, [])


def test_a_driver_card_has_what_its_status_and_result_say() -> None:
    card = Card("张三", "4306001", "岳阳市", "20271231")
    whole = DriverCard(1, MOMENT, 0, card)
    assert read(0x0702, whole.build().hex()) == (whole, [])
    out = DriverCard(2, MOMENT)
    assert out.build().hex() == "02240408064000"
    assert read(0x0702, out.build().hex()) == (out, [])
    failed = DriverCard(1, MOMENT, 3)
    assert read(0x0702, failed.build().hex()) == (failed, [])
    generous = DriverCard(2, MOMENT, 0, card)
    assert read(0x0702, generous.build().hex()) == (
        generous,
        [Tolerance.CARD_FIELDS_WITHOUT_CARD],
    )


def test_the_identity_card_is_of_2019_alone() -> None:
    card = Card("张三", "4306001", "岳阳市", "20271231", "430602199001011234")
    assert card.build(Form()) == card.build(V2019)[:-20]


def test_a_text_has_its_type_in_2019_alone() -> None:
    one = TextMessage(5, 1, "前方危险")
    assert one.build(Form()).hex() == "05" + "前方危险".encode("gbk").hex()
    assert one.build(V2019).hex() == "0501" + "前方危险".encode("gbk").hex()
    with pytest.raises(EncodeError, match="kind"):
        TextMessage(5, text="前方").build(V2019)


def test_a_vehicle_is_controlled_by_a_flag_or_by_a_list() -> None:
    assert ControlVehicle(flag=1).build().hex() == "01"
    locked = ControlVehicle(controls=(Switch(1, 0),))
    assert locked.build(V2019).hex() == "0001" + "0001" + "00"


def test_tracking_ends_with_an_interval_of_nothing() -> None:
    assert Track(0).build().hex() == "0000"
    assert read(0x8202, "0000") == (Track(0), [])
    with pytest.raises(EncodeError, match="validity_s"):
        Track(0, 600).build()
    with pytest.raises(EncodeError, match="validity_s"):
        Track(5).build()


def test_a_circle_has_what_its_attribute_says() -> None:
    circle = Circle(1, 3, 29_370_000, 113_120_000, 500, "000000083000", "000000180000", 40, 10)
    octets = SetCircles(0, (circle,)).build()
    assert len(octets) == 2 + 18 + 12 + 3
    assert read(0x8600, octets.hex()) == (SetCircles(0, (circle,)), [])
    with pytest.raises(EncodeError, match="night_max_speed_kmh"):
        circle.build(V2019)
    with pytest.raises(EncodeError, match="start"):
        Circle(1, 0, 0, 0, 500, "000000083000").build()


def test_a_polygon_has_its_night_speed_behind_the_vertices() -> None:
    polygon = Polygon(
        1, 2, max_speed_kmh=40, overspeed_s=10, vertices=(), night_max_speed_kmh=30, name="危"
    )
    assert polygon.build(V2019).hex() == "00000001" + "0002" + "00280a" + "0000" + "001e" + (
        "0002" + "危".encode("gbk").hex()
    )


def test_a_route_may_leave_out_its_times() -> None:
    """By the text they are always there; libraries leave them out without bit 0."""
    by_the_text = Route(1, 0, "000000000000", "000000000000")
    assert read(0x8606, by_the_text.build().hex()) == (by_the_text, [])
    without = Route(1, 0)
    assert read(0x8606, without.build().hex()) == (without, [Tolerance.ROUTE_WITHOUT_TIMES])
    one, profile = frame(0x8606, without.build(), Form())
    with pytest.raises(BodyError):
        parse_body(one, profile, strict=True)


def test_areas_that_a_terminal_reports_are_read_as_they_were_set() -> None:
    circle = Circle(1, 0, 29_370_000, 113_120_000, 500, name="园区")
    answer = AreasAnswer(1, 2, circle.build(V2019) * 2)
    assert answer.areas(V2019) == (circle, circle)
    with pytest.raises(BodyError, match="claimed"):
        AreasAnswer(1, 3, circle.build(V2019) * 2).areas(V2019)
    with pytest.raises(BodyError, match="none of 1 to 4"):
        AreasAnswer(5, 1, b"").areas(V2019)


def test_a_count_that_is_wrong_does_not_lose_the_parameters() -> None:
    octets = "0004" + "09" + "00000001" + "04" + "0000003c"
    answer, noted = read(0x0104, octets)
    assert answer.params == (Parameter.number(1, 60),)
    assert noted == [Tolerance.WRONG_COUNT]


def test_a_list_without_end_is_no_list_of_parameters() -> None:
    octets = bytes.fromhex("0000000100") * 2000
    with pytest.raises(BodyError, match="more than 1024"):
        ParametersAnswer.parse(b"\x00\x04\xff" + octets)


@pytest.mark.parametrize("message_id", MessageId, ids=lambda one: one.name)
@given(data=st.data())
@settings(QUICK, max_examples=2)
def test_a_value_without_room_is_an_encode_error(message_id: int, data: st.DataObject) -> None:
    """The first number of each body, made too large: the field is named, nothing is cut."""
    body = data.draw(bodies(message_id, Form()))
    for name in body.__slots__:
        value = getattr(body, name)
        if isinstance(value, int) and not isinstance(value, Edition):
            with pytest.raises(EncodeError):
                replace(body, **{name: 1 << 40}).build(Form())
            return


@pytest.mark.parametrize(
    ("id_", "octets", "meaning"),
    [
        (0x0001, "0000003c", 60),
        (0x0031, "01f4", 500),
        (0x0055, "50", 80),
        (0x0013, "777777", "www"),
        (0x0083, "cfe6463332373138", "湘F32718"),
        (0x0032, "22000600", "22000600"),
        (0xF364, "ff", None),
    ],
)
def test_a_parameter_means_what_its_row_says(
    id_: int, octets: str, meaning: int | str | None
) -> None:
    assert Parameter(id_, bytes.fromhex(octets)).meaning() == meaning


def test_a_packed_body_opens_within_a_bound() -> None:
    import gzip

    assert Compressed(gzip.compress(b"hello")).unpacked() == b"hello"
    bomb = Compressed(gzip.compress(bytes(1 << 21)))
    assert len(bomb.data) < 3000
    with pytest.raises(BodyError, match="more than 1048576"):
        bomb.unpacked()
    assert len(bomb.unpacked(1 << 21)) == 1 << 21
    with pytest.raises(BodyError, match="ends too early"):
        Compressed(gzip.compress(b"hello")[:-4]).unpacked()
    with pytest.raises(BodyError, match="no GZIP"):
        Compressed(b"not packed").unpacked()


@pytest.mark.parametrize("strict", [False, True])
def test_an_encrypted_body_is_kept_and_named(strict: bool) -> None:
    for encryption in range(1, 8):
        header = Header(0x0200, Version.V2013, "013900000001", 1, encryption=encryption)
        body = parse_body(Frame(header, location().build(), b""), strict=strict)
        assert body == Unknown(0x0200, location().build(), "encrypted")


def test_a_terminal_is_remembered_by_its_registration() -> None:
    header = Header.new(0x0100, Version.V2013, "13900000001", 1)
    profile = Profile.of(header)
    assert profile.form == Form(Edition.V2013)
    body = parse_body(
        Frame(header, Register(43, 603, "m", "x", "t", 2, "湘F32718", Edition.V2011).build(), b"")
    )
    assert isinstance(body, Register)
    learnt = profile.learn(body.layout)
    assert learnt.form_of(header) == V2011
    newer = Header.new(0x0200, Version.V2019, "13900000001", 1)
    assert learnt.form_of(newer) == V2019
    down = learnt.down(0x8300, 9)
    assert (down.version, down.phone, down.serial) == (Version.V2013, "013900000001", 9)
