"""Tracks: whoever watches vehicles on the map asks about their days, and only about those."""

from __future__ import annotations

from collections.abc import Mapping

from portal.matrix import Row, World

WATCHERS = ("safety_clerk", "section_head", "leader", "enterprise")
OTHERS = ("outside_carrier", "administrator")


def vehicle(world: World) -> Mapping[str, object]:
    return {"pk": world.vehicle().pk}


def day_file(world: World) -> Mapping[str, object]:
    return {**vehicle(world), "form": "csv"}


ROWS = [
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
