"""Files of places as they come: several forms, three datums, and everything that can be wrong."""

from __future__ import annotations

import json

import pytest
import shapely

from jiaoan.kernel.coords import Datum, distance_m, from_wgs84
from jiaoan.registry.place_files import GEOJSON, KML, Feature, FileRefused, read_places

SQUARE = [[113.0, 29.0], [113.1, 29.0], [113.1, 29.1], [113.0, 29.1], [113.0, 29.0]]
BOW = [[113.0, 29.0], [113.1, 29.1], [113.1, 29.0], [113.0, 29.1], [113.0, 29.0]]


def geojson(*features: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}).encode()


def feature(geometry: object, name: str = "示意园区") -> dict[str, object]:
    return {"type": "Feature", "properties": {"name": name}, "geometry": geometry}


def polygon(*rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def kml(*marks: str) -> bytes:
    body = "".join(f"<Placemark><name>示意</name>{mark}</Placemark>" for mark in marks)
    space = 'xmlns="http://www.opengis.net/kml/2.2"'
    return f'<?xml version="1.0"?><kml {space}><Document>{body}</Document></kml>'.encode()


def kml_ring(points: list[list[float]]) -> str:
    text = " ".join(f"{x},{y},0" for x, y in points)
    return f"<LinearRing><coordinates>{text}</coordinates></LinearRing>"


def kml_polygon(points: list[list[float]]) -> str:
    return f"<Polygon><outerBoundaryIs>{kml_ring(points)}</outerBoundaryIs></Polygon>"


def read(data: bytes, datum: Datum = Datum.WGS84, **more: object) -> tuple[Feature, ...]:
    return read_places(data, "places", datum, **more).features  # type: ignore[arg-type]


def test_it_reads_geojson_and_kml_alike() -> None:
    one = read_places(geojson(feature(polygon(SQUARE))), "a.geojson", Datum.WGS84)
    two = read_places(kml(kml_polygon(SQUARE)), "a.kml", Datum.WGS84)
    assert (one.content_type, two.content_type) == (GEOJSON, KML)
    assert one.features[0].geometry == two.features[0].geometry == polygon(SQUARE)
    assert one.features[0].name == "示意园区"


@pytest.mark.parametrize("datum", [Datum.GCJ02, Datum.BD09])
def test_it_brings_every_datum_to_wgs84(datum: Datum) -> None:
    moved = [list(reversed(from_wgs84(y, x, datum))) for x, y in SQUARE]
    (found,) = read(geojson(feature(polygon(moved))), datum)
    assert found.geometry is not None
    for (x, y), (lon, lat) in zip(SQUARE, found.geometry["coordinates"][0], strict=True):  # type: ignore[index]
        assert distance_m(y, x, lat, lon) < 0.2
    assert distance_m(29.0, 113.0, moved[0][1], moved[0][0]) > 300


def test_it_reads_many_polygons_holes_and_bare_geometries() -> None:
    hole = [[113.02, 29.02], [113.04, 29.02], [113.04, 29.04], [113.02, 29.02]]
    many = {"type": "MultiPolygon", "coordinates": [[SQUARE], [[[x + 1, y] for x, y in SQUARE]]]}
    whole = read(geojson(feature(polygon(SQUARE, hole)), feature(many)))
    assert [one.shape for one in whole] == ["polygon", "polygon"]
    assert len(whole[0].geometry["coordinates"]) == 2  # type: ignore[index, arg-type]
    assert read(json.dumps(polygon(SQUARE)).encode())[0].geometry == polygon(SQUARE)
    assert read(b"\xef\xbb\xbf" + json.dumps(feature(polygon(SQUARE))).encode())[0].geometry
    both = read(kml(f"<MultiGeometry>{kml_polygon(SQUARE)}{kml_polygon(BOW)}</MultiGeometry>"))
    assert both[0].geometry is not None


def test_it_repairs_what_crosses_itself_and_says_so() -> None:
    (found,) = read(geojson(feature(polygon(BOW))))
    assert found.geometry is not None
    assert "Self-intersection" in str(found.note)
    area = shapely.from_geojson(json.dumps(found.geometry))
    assert area.is_valid
    assert area.area == pytest.approx(0.005, rel=1e-6)


@pytest.mark.parametrize(
    ("geometry", "why"),
    [
        (None, "no geometry"),
        (polygon([[113, 29], [113.1, 29], [113, 29], [113, 29]]), "three different corners"),
        (polygon([[29, 113], [29.1, 113], [29.1, 113.1], [29, 113]]), "longitude first"),
        (polygon([[113, 29], [113.1]]), "cannot be read"),
        (polygon([["a", 29], [113.1, 29], [113, 30], ["a", 29]]), "cannot be read"),
        ({"type": "GeometryCollection", "geometries": []}, "no coordinates"),
        ({"type": "MultiPoint", "coordinates": [[113, 29], [113, 29.1]]}, "is no place"),
        ({"type": "LineString", "coordinates": [[113, 29], [113, 29.1]]}, "needs a radius"),
        ({"type": "Point", "coordinates": [113, 29]}, "needs a radius"),
    ],
)
def test_one_bad_feature_is_named_and_does_not_stop_the_others(geometry: object, why: str) -> None:
    good = feature(polygon(SQUARE))
    found = read(geojson(good, feature(geometry), good, 7))
    assert [one.geometry is None for one in found] == [False, True, False, True]
    assert why in str(found[1].reason)
    assert [one.number for one in found] == [1, 2, 3, 4]


def test_points_and_lines_take_their_size_from_who_brings_them() -> None:
    way = {"type": "LineString", "coordinates": [[113, 29, 30], [113, 29.1, 40]]}
    data = geojson(feature(way), feature({"type": "Point", "coordinates": [113, 29]}))
    assert [one.shape for one in read(data, size_m=50.0)] == ["corridor", "circle"]
    assert read(data, lines_as="line")[0].shape == "line"
    assert read(data, size_m=50.0)[0].geometry == {
        "type": "LineString", "coordinates": [[113, 29], [113, 29.1]]
    }  # fmt: skip
    assert "A width is" in str(read(data, size_m=0.5)[0].reason)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "Neither GeoJSON"),
        ("名称".encode("gbk"), "Neither GeoJSON"),
        (b"[]", "is an object"),
        (b'{"type": "FeatureCollection"}', "list of features"),
        (geojson(), "no feature"),
        (b"PK\x03\x04", "KMZ"),
        (b"<html/>", "no KML"),
        (b"<kml><Placemark>", "no well-formed XML"),
        (b"<kml/>", "no feature"),
        (json.dumps({"type": "FeatureCollection", "crs": {"properties": {"name": "EPSG:3857"}},
                     "features": []}).encode(), "coordinate system"),
    ],
)  # fmt: skip
def test_it_refuses_a_file_without_any_feature_with_the_reason(data: bytes, why: str) -> None:
    with pytest.raises(FileRefused, match=why):
        read(data)


@pytest.mark.parametrize(
    ("mark", "why"),
    [
        ("", "no geometry"),
        ("<Polygon/>", "outer boundary"),
        ("<Point><coordinates>113;29</coordinates></Point>", "no coordinate"),
        ("<Point><coordinates/></Point>", "no coordinates"),
        (f"<MultiGeometry>{kml_polygon(SQUARE)}<Point><coordinates>113,29</coordinates></Point>"
         "</MultiGeometry>", "mixes"),
        ("<Polygon><outerBoundaryIs><LinearRing><coordinates>113,29 113.1,29</coordinates>"
         "</LinearRing></outerBoundaryIs></Polygon>", "cannot be read"),
    ],
)  # fmt: skip
def test_one_bad_placemark_does_not_stop_the_others(mark: str, why: str) -> None:
    found = read(kml(kml_polygon(SQUARE), mark))
    assert found[0].geometry is not None
    assert why in str(found[1].reason)


def test_it_opens_no_entity_and_no_outside_document() -> None:
    outside = (
        b'<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
        b"<kml><Placemark><name>&x;</name>" + kml_polygon(SQUARE).encode() + b"</Placemark></kml>"
    )
    assert read(outside)[0].name == "#1"
    bomb = b'<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8)
    )
    with pytest.raises(FileRefused, match="no well-formed XML"):
        read(bomb + b"]><kml><Placemark><name>&i;</name></Placemark></kml>")


WAY = {"type": "LineString", "coordinates": [[113.0, 29.0], [113.1, 29.0]]}


def road(**properties: object) -> dict[str, object]:
    return {"type": "Feature", "properties": {"name": "示意路", **properties}, "geometry": WAY}


@pytest.mark.parametrize(
    ("properties", "grade", "limits", "size_m"),
    [
        ({}, "", {}, 30),
        ({"road_class": "expressway", "size_m": 60}, "expressway", {}, 60),
        ({"道路等级": "高速公路", "限速": "100"}, "expressway", {"": 100}, 30),
        ({"技术等级": "一级", "maxspeed": "60 km/h"}, "class_1", {"": 60}, 30),
        ({"road_class": "Class 2 road"}, "class_2", {}, 30),
        ({"limits_kmh": {"hazmat": 40, "": 60}, "宽度": "24.5米"}, "",
         {"hazmat": 40, "": 60}, 24.5),
    ],
)  # fmt: skip
def test_a_road_says_its_class_limit_and_width(
    properties: dict[str, object], grade: str, limits: dict[str, float], size_m: float
) -> None:
    (found,) = read(geojson(road(**properties)), size_m=30)
    assert (found.road_class, found.limits_kmh, found.size_m) == (grade, limits, size_m)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"road_class": "motorway"}, "road_class “motorway”"),
        ({"限速": "慢行"}, "限速 “慢行”"),
        ({"limits_kmh": {"hazmat": "slow"}}, "limits_kmh “slow”"),
        ({"width_m": "-3"}, "width_m “-3”"),
    ],
)
def test_a_road_with_a_property_that_nobody_understands_is_refused_alone(
    properties: dict[str, object], said: str
) -> None:
    bad, good = read(geojson(road(**properties), road()), size_m=30)
    assert bad.geometry is None
    assert said in str(bad.reason)
    assert good.geometry is not None


def test_kml_says_it_in_its_extended_data() -> None:
    mark = (
        "<ExtendedData><Data name='road_class'><value>urban</value></Data>"
        "<SchemaData><SimpleData name='limit_kmh'>40</SimpleData></SchemaData></ExtendedData>"
        "<LineString><coordinates>113,29 113.1,29</coordinates></LineString>"
    )
    (found,) = read(kml(mark), size_m=30)
    assert (found.road_class, found.limits_kmh) == ("urban", {"": 40})
