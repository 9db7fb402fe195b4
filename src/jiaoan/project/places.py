"""``jiaoan places import FILE --datum …``: what became of each feature, line by line."""

from __future__ import annotations

import sys
from pathlib import Path

from jiaoan.kernel.clock import clock_from_environment
from jiaoan.kernel.coords import Datum
from jiaoan.project.refusal import Refusal


def bring(
    file: Path, *, datum: str, kind: str, lines_as: str, size_m: float | None, road_class: str = ""
) -> int:
    """Import; 0 when every feature became a place, 1 when some were refused (they are named)."""
    from jiaoan.registry.actions import import_places
    from jiaoan.registry.models import PlaceKind, PlaceRole, RoadClass
    from jiaoan.registry.place_files import FileRefused, read_places
    from jiaoan.scope import SystemActor

    if kind not in PlaceKind.values:
        raise Refusal(f"--kind does not know {kind!r}; it knows {', '.join(PlaceKind.values)}.")
    if road_class not in RoadClass.values:
        known = ", ".join(filter(None, RoadClass.values))
        raise Refusal(f"--road-class does not know {road_class!r}; it knows {known}.")
    if not file.is_file():
        raise Refusal(f"{file} is no file.")
    data = file.read_bytes()
    try:
        read = read_places(data, file.name, Datum(datum), lines_as=lines_as, size_m=size_m)
    except FileRefused as refused:
        raise Refusal(f"{file.name}: {refused}") from refused
    role = PlaceRole.GATE.value if lines_as == "line" else ""
    actor = SystemActor("places-import", frozenset({"place.manage"}))
    done = import_places(
        actor, clock_from_environment(), read, data, kind=kind, role=role, road_class=road_class
    )
    for one in done:
        said = f"place {one.place.pk} {one.feature.note}".rstrip() if one.place else one.reason
        print(f"{one.feature.number}\t{one.feature.name}\t{said}")
    refused_count = sum(one.place is None for one in done)
    print(f"{len(done) - refused_count} places, {refused_count} refused", file=sys.stderr)
    return 1 if refused_count else 0
