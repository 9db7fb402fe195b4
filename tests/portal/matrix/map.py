"""The map and its streams."""

from __future__ import annotations

from portal.matrix import Row

WATCHERS = ("safety_clerk", "section_head", "leader", "enterprise")
OTHERS = ("outside_carrier", "administrator")

ROWS = [
    Row("map", allowed=WATCHERS, denied=OTHERS),
    Row("map", allowed=("safety_clerk",), denied=OTHERS, query="?view=table"),
    Row("map_places", allowed=WATCHERS, denied=OTHERS),
    Row("map_base", allowed=WATCHERS, denied=OTHERS),
    Row("map_vehicles", allowed=WATCHERS, denied=OTHERS),
    Row("map_happenings", allowed=WATCHERS, denied=OTHERS),
    Row("map_live", allowed=WATCHERS, denied=OTHERS),
    Row("live_alarms", allowed=(*WATCHERS, *OTHERS)),
    # One vehicle of the firm: another firm is refused, whatever it writes into the address.
    Row(
        "map_vehicle",
        allowed=WATCHERS,
        denied=OTHERS,
        elsewhere=("enterprise",),
        kwargs=lambda w: {"pk": w.vehicle().pk},
    ),
    Row("map_track", allowed=WATCHERS, denied=OTHERS, status=400),
]
