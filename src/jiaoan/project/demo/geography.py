"""A district of our own drawing: outline, roads, parks, plants. 示意，非真实边界.

All coordinates are (longitude, latitude) in WGS-84 degrees, as GeoJSON wants them. The shape was
drawn by hand for this project and follows no boundary of any real district.
"""

from __future__ import annotations

from collections.abc import Sequence

from jiaoan.journal.actions import Json

Point = tuple[float, float]

OUTLINE: tuple[Point, ...] = (
    (113.176, 29.432),
    (113.214, 29.408),
    (113.262, 29.402),
    (113.318, 29.416),
    (113.366, 29.412),
    (113.404, 29.438),
    (113.418, 29.482),
    (113.402, 29.528),
    (113.372, 29.566),
    (113.330, 29.588),
    (113.282, 29.594),
    (113.240, 29.580),
    (113.204, 29.548),
    (113.182, 29.508),
    (113.170, 29.468),
)

# The trunk road runs west–east through the line; the ring serves the chemical park.
TRUNK: tuple[Point, ...] = (
    (113.120, 29.486),
    (113.150, 29.488),
    (113.182, 29.492),
    (113.220, 29.497),
    (113.262, 29.500),
    (113.300, 29.503),
    (113.340, 29.500),
    (113.380, 29.496),
    (113.420, 29.492),
    (113.460, 29.489),
)
NORTH: tuple[Point, ...] = (
    (113.300, 29.503),
    (113.296, 29.524),
    (113.288, 29.548),
    (113.284, 29.572),
    (113.281, 29.598),
    (113.279, 29.622),
)
SOUTH: tuple[Point, ...] = (
    (113.262, 29.500),
    (113.258, 29.476),
    (113.252, 29.448),
    (113.250, 29.420),
    (113.249, 29.398),
    (113.248, 29.376),
)
RING: tuple[Point, ...] = (
    (113.300, 29.503),
    (113.316, 29.516),
    (113.336, 29.526),
    (113.356, 29.520),
    (113.362, 29.506),
    (113.340, 29.500),
)
# An expressway that passes the district in the south-east.
BYPASS: tuple[Point, ...] = (
    (113.210, 29.388),
    (113.270, 29.412),
    (113.330, 29.436),
    (113.392, 29.470),
    (113.440, 29.520),
    (113.470, 29.570),
)
ROADS: dict[str, tuple[Point, ...]] = {
    "临江大道": TRUNK,
    "北港路": NORTH,
    "南山路": SOUTH,
    "园区环路": RING,
    "临江绕城高速": BYPASS,
}

PARK_SITES: dict[str, Point] = {
    "城东危货停车场": (113.378, 29.498),
    "南山危货停车场": (113.255, 29.458),
}
PLANT_SITES: dict[str, Point] = {
    "松林化工装卸区": (113.336, 29.527),
    "江畔油品库": (113.286, 29.553),
    "石桥新材料厂": (113.357, 29.521),
}
FORBIDDEN_SITE: Point = (113.222, 29.530)


def polygon(points: Sequence[Point]) -> dict[str, Json]:
    ring: list[Json] = [[lon, lat] for lon, lat in (*points, points[0])]
    return {"type": "Polygon", "coordinates": [ring]}


def box(centre: Point, half_km: float) -> dict[str, Json]:
    """A square of twice ``half_km`` around ``centre``; 1° is about 111 km north, 97 km east."""
    lon, lat = centre
    east, north = half_km / 97.0, half_km / 111.0
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return polygon([(round(lon + x * east, 6), round(lat + y * north, 6)) for x, y in corners])


def base_map() -> dict[str, Json]:
    """Roads for the map's background as a GeoJSON collection."""
    features: list[Json] = [
        {
            "type": "Feature",
            "properties": {"kind": "road", "name": name},
            "geometry": {
                "type": "LineString",
                "coordinates": [[lon, lat] for lon, lat in line],
            },
        }
        for name, line in ROADS.items()
    ]
    return {"type": "FeatureCollection", "source": "示意，非真实道路", "features": features}


def reversed_line(line: Sequence[Point]) -> tuple[Point, ...]:
    return tuple(reversed(line))


def out_and_back(line: Sequence[Point]) -> tuple[Point, ...]:
    return (*line, *reversed_line(line)[1:])


# From outside over the western line to the plants, and back the same way.
WEST_TO_SONGLIN: tuple[Point, ...] = (*TRUNK[:6], *RING[1:3], PLANT_SITES["松林化工装卸区"])
EAST_TO_SONGLIN: tuple[Point, ...] = (
    *reversed_line(TRUNK)[:4],
    *reversed_line(RING)[1:4],
    PLANT_SITES["松林化工装卸区"],
)
NORTH_TO_DEPOT: tuple[Point, ...] = (*reversed_line(NORTH)[:4], PLANT_SITES["江畔油品库"])
SOUTH_TO_PARK: tuple[Point, ...] = (*reversed_line(SOUTH)[:5], PARK_SITES["南山危货停车场"])
LOCAL_ROUTES: tuple[tuple[Point, ...], ...] = (
    out_and_back(TRUNK[3:8]),
    (*RING, RING[0]),
    out_and_back((*reversed_line(NORTH)[3:], *TRUNK[6:8])),
    out_and_back((*reversed_line(SOUTH)[2:], *TRUNK[5:7])),
)
OUTSIDE_ROUTES: tuple[tuple[Point, ...], ...] = (
    out_and_back(WEST_TO_SONGLIN),
    out_and_back(EAST_TO_SONGLIN),
    out_and_back(NORTH_TO_DEPOT),
    out_and_back(SOUTH_TO_PARK),
)
