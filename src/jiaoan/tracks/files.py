"""A day and a region as files for others: CSV, GeoJSON (RFC 7946, so WGS-84), Parquet.

CSV has one line a report, UTF-8 with the mark that makes spreadsheets read it as such; times are
local with their offset. Parquet holds the stored columns unchanged, in the units of
``stores.positions.DTYPE``. GeoJSON holds what the page shows: ways, gaps, stands, stretches.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from jiaoan.kernel.clock import local
from jiaoan.registry.models import Vehicle
from jiaoan.stores.region import Passage, Stay
from jiaoan.stores.tracks import Columns, Point
from jiaoan.tracks.driven import Driven
from jiaoan.tracks.reading import Gap, Reading, Stand

DAY_FIELDS: Final = (
    "time", "received", "lat", "lon", "speed_kmh", "direction", "altitude_m", "mileage_km",
    "fixed", "alarm", "status", "source",
)  # fmt: skip
REGION_FIELDS: Final = (
    "plate", "plate_colour", "owner", "before", "first", "last", "after", "begins", "ends",
    "reports", "top_kmh", "kind", "through_m",
)  # fmt: skip
Value = dict[str, object]


def moment(at: datetime | None) -> str:
    """2024-04-08T12:00:00.000+08:00, empty for none."""
    return local(at).isoformat(timespec="milliseconds") if at else ""


def day_csv(points: Sequence[Point]) -> bytes:
    """One line for each report, also those without a fix."""
    return _csv(
        DAY_FIELDS,
        (
            (
                moment(each.time), moment(each.received), f"{each.lat:.6f}", f"{each.lon:.6f}",
                f"{each.speed_kmh:.1f}", each.direction, each.altitude,
                "" if each.mileage_km is None else f"{each.mileage_km:.1f}",
                int(each.fixed), f"{each.alarm:08x}", f"{each.status:08x}", each.source,
            )
            for each in points
        ),
    )  # fmt: skip


Named = tuple[str, int, str]
"""Plate, colour and owner of a vehicle."""


def named(vehicle: Vehicle) -> Named:
    return vehicle.plate, vehicle.plate_colour, vehicle.owner_name


def region_csv(
    stays: Iterable[tuple[Named, Stay]], passages: Iterable[tuple[Named, Passage]]
) -> bytes:
    """One line for each stay, then one for each way that is only inferred; ``kind`` says which."""
    lines = [_stay(name, each) for name, each in stays]
    lines += [_passage(name, each) for name, each in passages]
    return _csv(REGION_FIELDS, lines)


def _stay(name: Named, stay: Stay) -> tuple[object, ...]:
    moments = map(moment, (stay.before, stay.first, stay.last, stay.after))
    ends = (stay.begins.value, stay.ends.value)
    return (*name, *moments, *ends, stay.reports, stay.top_kmh, "reported", "")


def _passage(name: Named, way: Passage) -> tuple[object, ...]:
    times = (moment(way.before), "", "", moment(way.after))
    return (*name, *times, "", "", 0, "", "inferred", round(way.through_m))


def _plain(text: str) -> str:
    """No spreadsheet runs it as a formula (CWE-1236)."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def day_parquet(track: Columns) -> bytes:
    """The stored columns of these reports."""
    import pyarrow
    import pyarrow.parquet

    out = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.table(dict(track)), out, compression="zstd")
    return bytes(out.getvalue())


def day_geojson(
    found: Reading, driven: Sequence[Driven], properties: Mapping[str, object]
) -> bytes:
    """A FeatureCollection of what the page shows, with ``properties`` beside it."""
    value = {
        "type": "FeatureCollection",
        "properties": dict(properties),
        "features": features(found, driven),
    }
    return json.dumps(value, ensure_ascii=False).encode()


def features(found: Reading, driven: Sequence[Driven]) -> list[Value]:
    """Ways between gaps, gaps (those off the map without geometry), stands, stretches, ends."""
    ways = [_line("way", way) for way in ways_of(found)]
    made = [each for each in ways if each]
    made += [_gap(each) for each in found.gaps]
    made += [_stand(each) for each in found.stands]
    for each in driven:
        inside = [point for point in found.points if each.start <= point.time <= each.end]
        line = _line("over", inside)
        if line:
            line["properties"] = {
                "kind": "over", "rule": each.rule.name.lower(), "from": moment(each.start),
                "to": moment(each.end), "limit_kmh": each.limit_kmh, "peak_kmh": each.peak_kmh,
                "zh": each.sentence.zh, "en": each.sentence.en,
            }  # fmt: skip
            made.append(line)
    if found.points:
        made += [_point("start", found.points[0]), _point("end", found.points[-1])]
    return made


def ways_of(found: Reading) -> list[list[Point]]:
    """The points, cut at the gaps."""
    cut = {gap.before.time for gap in found.gaps if gap.before}
    ways: list[list[Point]] = [[]]
    for point in found.points:
        ways[-1].append(point)
        if point.time in cut:
            ways.append([])
    return [way for way in ways if way]


def _line(kind: str, points: Sequence[Point]) -> Value:
    """A line, a point for one report, nothing for none."""
    if not points:
        return {}
    if len(points) == 1:
        return _point(kind, points[0])
    return {
        "type": "Feature",
        "geometry": {
            "type": "LineString",
            "coordinates": [[point.lon, point.lat] for point in points],
        },
        "properties": {
            "kind": kind,
            "from": moment(points[0].time),
            "to": moment(points[-1].time),
            "top_kmh": max(point.speed_kmh for point in points),
        },
    }


def _point(kind: str, point: Point) -> Value:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [point.lon, point.lat]},
        "properties": {"kind": kind, "at": moment(point.time)},
    }


def _gap(gap: Gap) -> Value:
    geometry = None
    if gap.before and gap.after:
        ends = [[point.lon, point.lat] for point in (gap.before, gap.after)]
        geometry = {"type": "LineString", "coordinates": ends}
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {
            "kind": "displaced" if gap.displaced else "gap",
            "reason": gap.reason.value,
            "from": moment(gap.start),
            "to": moment(gap.end),
            "metres": None if gap.metres is None else round(gap.metres),
            "bad_reports": gap.bad,
        },
    }


def _stand(stand: Stand) -> Value:
    made = _point("stand", stand.first)
    made["properties"] = {
        "kind": "stand",
        "from": moment(stand.first.time),
        "to": moment(stand.last.time),
        "seconds": stand.seconds,
        "reports": stand.reports,
    }
    return made


def region_geojson(
    area: Mapping[str, object],
    stays: Iterable[tuple[Named, Stay]],
    passages: Iterable[tuple[Named, Passage]],
) -> bytes:
    """The area as asked for, with the stays, which have no geometry of their own, as its property;
    then a line for each way that is only inferred.
    """
    told = [dict(zip(REGION_FIELDS, _stay(name, each), strict=True)) for name, each in stays]
    features: list[Value] = [
        {"type": "Feature", "geometry": dict(area), "properties": {"stays": told}}
    ]
    features += [
        {
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": [list(each.start), list(each.end)]},
            "properties": dict(zip(REGION_FIELDS, _passage(name, each), strict=True)),
        }
        for name, each in passages
    ]
    value = {"type": "FeatureCollection", "features": features}
    return json.dumps(value, ensure_ascii=False).encode()
