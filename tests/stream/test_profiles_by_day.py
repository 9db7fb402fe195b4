"""A vehicle that becomes another one: each point is judged by what the vehicle was then.

Golden cases by hand, from reference values through the stream's own judging and settling.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

import numpy as np
import pytest

from jiaoan.kernel.clock import LOCAL
from jiaoan.registry.models import Place
from jiaoan.registry.reference import place_value, vehicle_value
from jiaoan.rules.driving.findings import Finding
from jiaoan.rules.driving.law import Rule
from jiaoan.stores.bus import Bus
from jiaoan.stores.positions import Positions
from jiaoan.stream.reference import References
from stream.test_profiles import BUS, SOUTH, WEST, apply, drive, vehicle
from stream.world import World

Said = Mapping[str, object]
NOON = "2024-04-08T12:00:00+08:00"
AREA = Place(
    pk=3, kind="forbidden", role="forbidden", shape="polygon", name="禁入区", buffer_m=10,
    vehicle_kinds=["hazmat"],
    geometry={"type": "Polygon", "coordinates": [
        [[WEST, SOUTH - 0.1], [WEST + 0.5, SOUTH - 0.1], [WEST + 0.5, SOUTH + 0.1],
         [WEST, SOUTH + 0.1], [WEST, SOUTH - 0.1]]]},
)  # fmt: skip


def was(since: str | None = None, kind: str = "truck", **profile: object) -> Said:
    return {"since": since, "vehicle_kind": kind, "profile": profile}


def world(now: Said, *before: Said, places: Sequence[Place] = ()) -> World:
    """A vehicle that is ``now`` and was ``before``, the latest first."""
    references = References(cast(Bus, None))
    value = {**vehicle_value(vehicle(kind="truck")), **now, "before": list(before)}
    apply(references, f"ref.vehicle.{BUS}", value)
    for place in places:
        apply(references, f"ref.place.{place.pk}", place_value(place, ()))
    references.rebuild()
    return World(references)


def late(known: World, rows: Positions) -> dict[str, Finding]:
    """What stands after a quiet point of the evening was followed by these, which are late."""
    known.hear(drive("2024-04-08T20:00", 0.2, 40))
    rows["received_ms"] = ms("2024-04-08T20:05")
    known.hear(rows)
    assert known.memory.late, "none of them was late"
    known.settle()
    return driven(known)


def driven(known: World) -> dict[str, Finding]:
    """By rule; the silences before and behind the drives are left out."""
    return {
        each.rule_id: each
        for each in known.standing().values()
        if each.phase == "ended" and each.rule is not Rule.OFFLINE
    }


def ms(local: str) -> int:
    return round(datetime.fromisoformat(local).replace(tzinfo=LOCAL).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "before", "begin", "told"),
    [
        # The firm's limit of 80 was taken away at noon: it still holds for the morning …
        (was(NOON), was(limit=800), "2024-04-08T11:00", True),
        (was(NOON), was(limit=800), "2024-04-08T12:30", False),
        # … or was set at noon: it does not hold for the morning.
        (was(NOON, limit=800), was(), "2024-04-08T11:00", False),
        (was(NOON, limit=800), was(), "2024-04-08T12:30", True),
    ],
)
def test_a_late_point_is_judged_by_the_profile_of_its_moment(
    now: Said, before: Said, begin: str, told: bool
) -> None:
    found = late(world(now, before), drive(begin, 3, 85))
    assert list(found) == (["driving.overspeed"] if told else [])


def test_a_drive_through_the_change_is_judged_on_both_sides_of_it() -> None:
    """Reports at 11:58:00, :10 … 12:01:50; noon itself belongs to the new profile."""
    rows = drive("2024-04-08T11:58", 4, 85)
    strict = late(world(was(NOON), was(limit=800)), rows.copy())["driving.overspeed"]
    assert (strict.start_ms, strict.end_ms) == (ms("2024-04-08T11:58"), ms("2024-04-08T11:59:50"))
    free = late(world(was(NOON, limit=800), was()), rows.copy())["driving.overspeed"]
    assert (free.start_ms, free.end_ms) == (ms("2024-04-08T12:00"), ms("2024-04-08T12:01:50"))


def test_what_it_was_before_holds_up_to_the_next_change_and_from_the_beginning() -> None:
    """No limit at first, 80 from 08:00 on, none again from noon on."""
    known = was(NOON), was("2024-04-08T08:00:00+08:00", limit=800), was(None)
    assert not late(world(*known), drive("2024-04-08T07:00", 3, 85))
    assert late(world(*known), drive("2024-04-08T09:00", 3, 85))
    early = was(NOON), was("2024-04-08T08:00:00+08:00", limit=800)
    assert late(world(*early), drive("2024-04-08T07:00", 3, 85)), "of longer ago nothing is known"


def test_a_coach_that_was_a_relay_coach_kept_its_exemption() -> None:
    at_three = drive("2024-04-08T03:00", 5, 50)
    relay, line = was(kind="coach", service="relay"), was(NOON, "coach", service="long-distance")
    assert not late(world(line, relay), at_three.copy())
    assert late(world(was(NOON, "coach", service="relay"), was(kind="coach")), at_three.copy())


def test_what_comes_in_order_but_was_driven_before_the_change_is_judged_by_the_old_one() -> None:
    known = world(was(NOON), was(limit=800))
    rows = drive("2024-04-08T11:00", 3, 85)
    rows["received_ms"] = ms("2024-04-08T13:00")
    known.hear(np.concatenate([rows, drive("2024-04-08T13:01", 3, 85)]))
    found = driven(known)
    assert list(found) == ["driving.overspeed"]
    assert found["driving.overspeed"].end_ms == ms("2024-04-08T11:02:50")


def test_a_finding_names_the_kind_that_the_vehicle_was_of() -> None:
    """Its clauses, and the limit of its kind, are those of that kind."""
    rows = drive("2024-04-08T11:00", 3, 85)
    found = late(world(was(NOON), was(kind="hazmat")), rows)["driving.overspeed"]
    assert (found.kind, found.limits["limit_milli"]) == ("hazmat", 80_000)


@pytest.mark.parametrize(("begin", "told"), [("11:00", False), ("12:30", True)])
def test_a_place_for_another_kind_concerns_it_from_the_change_on(begin: str, told: bool) -> None:
    known = world(was(NOON, "hazmat"), was(kind="truck"), places=[AREA])
    outside = drive("2024-04-08T10:00", 1, 40, lat=SOUTH + 0.2)
    known.hear(outside)
    rows = drive(f"2024-04-08T{begin}", 3, 40)
    away = drive(f"2024-04-08T{begin}", 0.2, 40, lat=SOUTH + 0.2)
    away["time_ms"] += 600_000
    known.hear(drive("2024-04-08T20:00", 0.4, 40, lat=SOUTH + 0.2))
    both = np.concatenate([rows, away])
    both["received_ms"] = ms("2024-04-08T20:05")
    known.hear(both)
    known.settle()
    rules = {json.loads(each)["rule"] for each in known.places().values()}
    assert ("fence.forbidden" in rules) is told


@pytest.mark.parametrize("begin", ["11:00", "12:30"])
@pytest.mark.parametrize("kinds", [("hazmat", "truck"), ("truck", "hazmat")])
def test_an_outage_that_is_read_out_later_is_judged_by_places_for_the_kind_of_its_moment(
    begin: str, kinds: tuple[str, str]
) -> None:
    """In order, but an hour and more after the change at noon: a block of 0x0704."""
    before, now = kinds
    known = world(was(NOON, now), was(kind=before), places=[AREA])
    known.hear(drive("2024-04-08T10:00", 1, 40, lat=SOUTH + 0.2))
    rows = drive(f"2024-04-08T{begin}", 3, 40)
    rows["received_ms"] = ms("2024-04-08T14:00")
    known.hear(rows)
    rules = {json.loads(each)["rule"] for each in known.places().values()}
    assert ("fence.forbidden" in rules) is ((before if begin == "11:00" else now) == "hazmat")


def test_who_becomes_of_another_kind_inside_a_place_has_nothing_more_to_do_with_it() -> None:
    """It entered as a hazmat vehicle at 11:58; the change at noon lies within one block."""
    known = world(was(NOON, "truck"), was(kind="hazmat"), places=[AREA])
    known.hear(drive("2024-04-08T10:00", 1, 40, lat=SOUTH + 0.2))
    rows = np.concatenate(
        [drive("2024-04-08T11:58", 4, 40), drive("2024-04-08T12:10", 1, 40, lat=SOUTH + 0.2)]
    )
    known.hear(rows)
    kinds = [json.loads(each)["kind"] for each in known.places().values()]
    assert sorted(kinds) == ["entered", "forbidden"]


def test_a_profile_before_that_is_wrong_leaves_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wrong = was("2024-04-08T08:00:00+08:00", limit="fast")
    known = world(was(NOON), wrong, was(limit=800))
    profile = known.references.book().profile(BUS)
    assert [(each.until_ms, each.profile.limit) for each in profile.former] == [
        (ms("2024-04-08T12:00"), 800)
    ]
    assert "limit: must be a whole number" in caplog.text


def test_a_clock_that_was_set_back_makes_no_profile_of_no_moment() -> None:
    later = was("2024-04-08T13:00:00+08:00", limit=700)
    profile = world(was(NOON), later, was(limit=800)).references.book().profile(BUS)
    assert [each.profile.limit for each in profile.former] == [800]


def test_a_reference_without_history_holds_always() -> None:
    references = References(cast(Bus, None))
    apply(references, f"ref.vehicle.{BUS}", vehicle_value(vehicle(kind="truck")))
    assert references.book().profile(BUS).former == ()
