"""Tracks: whoever watches vehicles on the map asks about their days, and only about those."""

from __future__ import annotations

from collections.abc import Mapping

from jiaoan.tracks import holds
from jiaoan.watch.models import TrackHold
from portal.matrix import Row, World

WATCHERS = ("safety_clerk", "section_head", "leader", "enterprise")
OTHERS = ("outside_carrier", "administrator")


def vehicle(world: World) -> Mapping[str, object]:
    return {"pk": world.vehicle().pk}


def day_file(world: World) -> Mapping[str, object]:
    return {**vehicle(world), "form": "csv"}


KEEPERS = ("safety_clerk", "leader", "administrator")


def a_hold(world: World) -> Mapping[str, object]:
    person = world.person("safety_clerk")
    made = TrackHold.objects.first() or holds.hold(
        person, world.clock, plate=world.vehicle().plate, first="2024-05-01", last="2024-05-03",
        reason="示意案件",
    )  # fmt: skip
    return {"pk": made.pk}


ROWS = [
    Row("track_retention", allowed=KEEPERS, denied=("section_head", "enterprise")),
    # Nothing typed: the page comes back with the sentences beside the fields.
    Row("track_hold", "POST", ("safety_clerk",), ("leader", "administrator"), status=422),
    Row(
        "track_release",
        "POST",
        ("safety_clerk",),
        ("leader", "administrator"),
        status=422,
        kwargs=a_hold,
    ),
    Row("tracks", allowed=WATCHERS, denied=OTHERS),
    Row("track_region", allowed=WATCHERS, denied=OTHERS),
    # Without a question there is nothing to export: the sentence says so.
    Row(
        "track_region_export",
        allowed=WATCHERS,
        denied=OTHERS,
        status=400,
        kwargs=lambda _w: {"form": "csv"},
    ),
    Row("track_day", allowed=WATCHERS, denied=OTHERS, elsewhere=("enterprise",), kwargs=vehicle),
    Row("track_data", allowed=WATCHERS, denied=OTHERS, elsewhere=("enterprise",), kwargs=vehicle),
    Row(
        "track_export", allowed=WATCHERS, denied=OTHERS, elsewhere=("enterprise",), kwargs=day_file
    ),
    Row(
        "track_evidence",
        "POST",
        WATCHERS,
        OTHERS,
        elsewhere=("enterprise",),
        kwargs=vehicle,
    ),
]
