"""Vehicles, keeping, and rows of the bus as messages."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from jiaoan.gateway.platform.intake import Doubles
from jiaoan.gateway.platform.keeping import Log, Unmatched
from jiaoan.gateway.platform.metrics import Metrics
from jiaoan.gateway.platform.orders import message_of
from jiaoan.gateway.platform.rows import (
    Item,
    backfill_messages,
    content_of,
    items_of,
    live_message,
    row,
)
from jiaoan.gateway.platform.vehicles import Vehicle, Vehicles
from jiaoan.kernel.clock import FixedClock
from jiaoan.stores.positions import BLOCK_2011, DTYPE, GCJ02, V2013, V2019
from jiaoan.wire.jt808.location import SHIFTED
from jiaoan.wire.jt809 import BodyError, Edition, Profile
from jiaoan.wire.jt809.line import Terms

from .helpers import MOMENT, location


def value(vehicle: int, plate: str, colour: int = 2) -> bytes:
    one = {"phone": "1390000", "vehicle_id": vehicle, "plate": plate, "plate_colour": colour}
    return json.dumps(one).encode()


def test_vehicles_are_found_by_plate_and_colour() -> None:
    known = Vehicles(Metrics())
    known.apply("ref.terminal.1", value(7, "湘F32718"))
    known.apply("ref.terminal.2", value(8, "湘F32718", 1))
    known.apply("ref.terminal.3", value(9, "鄂BA7263"))
    found = [known.find(*one) for one in (("湘F·32718", 2), ("湘f32718", 1), ("鄂BA7263", 0))]
    assert [one.id if one else None for one in found] == [7, 8, 9]
    # Two vehicles have the plate and no colour is given: nobody can say which.
    assert known.find("湘F32718", 0) is None
    assert known.find("鄂BA7263", 3) is None


def test_a_vehicle_stays_while_one_of_its_terminals_does() -> None:
    metrics = Metrics()
    known = Vehicles(metrics)
    known.apply("ref.terminal.1", value(7, "湘F32718"))
    known.apply("ref.terminal.2", value(7, "湘F32718"))
    known.apply("ref.terminal.1", b'{"deleted": true}')
    assert known.find("湘F32718", 2) is not None
    known.apply("ref.terminal.2", b'{"deleted": true}')
    assert known.find("湘F32718", 2) is None
    assert known.of(7) is None
    known.apply("ref.terminal.3", b"[]")
    assert metrics.bad_references == 1


def test_a_changed_plate_is_found_under_the_new_one_only() -> None:
    known = Vehicles(Metrics())
    known.apply("ref.terminal.1", value(7, "湘F32718"))
    known.apply("ref.terminal.1", value(7, "湘FD12345", 94))
    assert known.find("湘F32718", 2) is None
    assert known.find("湘FD12345", 94) == known.of(7)


def of_vehicle(vehicle: int, plate: str, colour: int = 2) -> bytes:
    """``ref.vehicle.*``: no phone."""
    return json.dumps({"vehicle_id": vehicle, "plate": plate, "plate_colour": colour}).encode()


def test_a_vehicle_without_a_terminal_of_its_own_is_found() -> None:
    metrics = Metrics()
    known = Vehicles(metrics)
    known.apply("ref.place.3", b'{"place_id": 3}')
    known.apply("ref.vehicle.7", of_vehicle(7, "湘F32718"))
    found = known.find("湘F32718", 2)
    assert found is not None
    assert (found.id, found.phone) == (7, "")
    known.apply("ref.terminal.1390000", value(7, "湘F32718"))
    assert known.of(7) == replace(found, phone="1390000")
    known.apply("ref.vehicle.7", of_vehicle(7, "湘FD12345", 94))  # new plate, told once
    assert known.find("湘F32718", 2) is None
    assert known.find("湘FD12345", 94) == Vehicle(7, "湘FD12345", 94, "1390000")
    known.apply("ref.terminal.1390000", b'{"deleted": true}')
    assert known.of(7) == Vehicle(7, "湘FD12345", 94, "")
    known.apply("ref.vehicle.7", b'{"deleted": true}')
    assert len(known) == metrics.vehicles_known == metrics.bad_references == 0


def test_two_vehicles_that_change_their_plates_are_both_found() -> None:
    known = Vehicles(Metrics())
    known.apply("ref.vehicle.7", of_vehicle(7, "湘F32718"))
    known.apply("ref.vehicle.8", of_vehicle(8, "湘F00001"))
    known.apply("ref.vehicle.7", of_vehicle(7, "湘F00001"))
    known.apply("ref.vehicle.8", of_vehicle(8, "湘F32718"))
    found = [known.find(plate, 2) for plate in ("湘F00001", "湘F32718")]
    assert [one.id if one else None for one in found] == [7, 8]


def test_doubles_are_known_up_to_a_bound() -> None:
    doubles = Doubles(3)
    for number in range(5):
        doubles.add(7, (number,))
    assert [doubles.knows(7, (number,)) for number in range(5)] == [False, False, True, True, True]
    assert not doubles.knows(8, (4,))


def test_unmatched_positions_are_refused_beyond_their_bound(tmp_path: Path) -> None:
    store = Unmatched(tmp_path, 200, FixedClock(MOMENT))
    store.store([{"plate": "京A12345", "hex": "00" * 120}])
    with pytest.raises(OSError, match="bound"):
        store.store([{"plate": "京A12345"}])
    assert (tmp_path / "unmatched" / "2024-04-08.jsonl").is_file()


def test_the_log_keeps_two_generations(tmp_path: Path) -> None:
    metrics = Metrics()
    log = Log(tmp_path, 2000, FixedClock(MOMENT), metrics)
    for number in range(30):
        log.keep("noise", "10.0.0.1", bytes([number]))
    sizes = [file.stat().st_size for file in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert max(sizes) <= 1000
    assert metrics.kept == 30
    last = json.loads((tmp_path / "kept.jsonl").read_text("utf-8").splitlines()[-1])
    assert last["hex"] == "1d"


@pytest.mark.parametrize("edition", Edition)
def test_rows_go_to_messages_and_back(edition: Edition) -> None:
    one = location(5)
    content = content_of(one.build(), V2013, edition)
    (item,) = items_of(live_message(content, "湘F32718", 2))
    assert isinstance(item, Item)
    assert (item.location.time, item.location.latitude) == (one.time, one.latitude)
    many = list(backfill_messages([content] * 12, "湘F32718", 2))
    assert [len(list(items_of(message))) for message in many] == [5, 5, 2]
    assert all(message.build(edition) for message in many)


def test_a_block_of_2011_goes_on_to_a_superior_of_2019() -> None:
    block = content_of(location(5).build(), V2013, Edition.V2011).build()
    carried = content_of(block, BLOCK_2011, Edition.V2019)
    (item,) = items_of(live_message(carried, "湘F32718", 2))
    assert isinstance(item, Item)
    assert item.location.time == location(5).time
    assert content_of(block, BLOCK_2011, Edition.V2011).build() == block


def test_octets_that_are_no_location_are_refused_alone() -> None:
    with pytest.raises(BodyError):
        content_of(b"short", V2019, Edition.V2019)


def test_shifted_coordinates_are_converted_once_and_kept_as_sent() -> None:
    plain, shifted = location(0), location(0, status=0x0C0003 | SHIFTED)
    names = DTYPE.names or ()
    rows = [
        dict(zip(names, row(Item(one, one.build(), V2019), 7, "809-1", 0, 3, 1), strict=True))
        for one in (plain, shifted)
    ]
    assert rows[0]["lat"] == rows[0]["raw_lat"] == rows[1]["raw_lat"]
    assert rows[1]["datum"] == GCJ02
    moved = rows[1]["lat"]
    assert isinstance(moved, int)
    assert 1000 < abs(moved - plain.latitude) < 6000


@pytest.mark.parametrize(
    ("edition", "agreed", "plate"),
    [
        (Edition.V2011, False, "湘F32718"),
        (Edition.V2019, False, None),
        (Edition.V2019, True, "湘F32718"),
    ],
)
def test_a_supervision_request_names_the_vehicle_where_the_edition_or_the_two_sides_say_so(
    edition: Edition, agreed: bool, plate: str | None
) -> None:
    order = {
        "kind": "supervision_request", "plate": "湘F32718", "plate_colour": 2, "number": 5,
        "warn_source": 3, "warn_type": 1, "warn_time": MOMENT.isoformat(),
        "deadline": MOMENT.isoformat(), "level": 0, "supervisor": "李四", "tel": "", "email": "",
    }  # fmt: skip
    message = message_of(order, Terms(1, Profile(edition), plate_in_alarms=agreed))
    assert (message.sub_type, message.plate) == (0x9401, plate)
    with pytest.raises(ValueError, match="time zone"):
        message_of(order | {"deadline": "2024-04-08T00:00:00"}, Terms(1, Profile(edition)))
