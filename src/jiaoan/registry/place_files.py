"""GeoJSON and KML files of places, read feature by feature.

The datum must be said by who brings the file: neither form can be trusted to tell it (maps of this
country are mostly GCJ-02 or BD-09 whatever their files claim). What crosses itself is repaired
where that leaves an area, and says so; what cannot be repaired is refused with the reason, and the
other features go on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import shapely
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from lxml import etree
from shapely.geometry.base import BaseGeometry

from jiaoan.kernel.coords import Datum, to_wgs84
from jiaoan.registry.models import RoadClass
from jiaoan.registry.refusals import in_words
from jiaoan.rules.shapes import MICRO, OutlineRefused, check, drawn

LARGEST: Final = 20_000_000
MOST_FEATURES: Final = 5_000
GEOJSON, KML = "application/geo+json", "application/vnd.google-earth.kml+xml"
# Names of coordinate systems in old GeoJSON files that are longitude and latitude in degrees.
_PLAIN_CRS = ("CRS84", "EPSG::4326", "EPSG:4326", "EPSG::4490", "EPSG:4490")
_SHAPES = {
    "Polygon": "polygon", "MultiPolygon": "polygon", "Point": "circle", "LineString": "corridor",
}  # fmt: skip


class FileRefused(ValueError):
    """Not a single feature could be read; the text says why and what to do."""


@dataclass(frozen=True)
class Feature:
    """One feature: its geometry in WGS-84 degrees, or the reason why there is none.

    ``note`` says what was changed to make it usable. ``size_m`` is the radius or width, its own
    or that of the file; ``road_class`` and ``limits_kmh`` are what its properties say of a road.
    """

    number: int
    name: str
    shape: str = ""
    geometry: dict[str, object] | None = None
    note: str | Promise = ""
    reason: str | Promise = ""
    size_m: float | None = None
    road_class: str = ""
    limits_kmh: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class PlaceFile:
    name: str
    content_type: str
    datum: Datum
    features: tuple[Feature, ...]


Properties = Mapping[str, object]


@dataclass(frozen=True)
class Raw:
    """A feature as the file says it; without a geometry it has a reason."""

    name: str
    geometry: BaseGeometry | None = None
    reason: str = ""
    properties: Properties = field(default_factory=dict)


def read_places(
    data: bytes, name: str, datum: Datum, *, lines_as: str = "corridor", size_m: float | None = None
) -> PlaceFile:
    """All features of the file ``name``, in order. Raises :class:`FileRefused`.

    Lines become what ``lines_as`` says (``corridor`` or ``line``); ``size_m`` is the width of
    corridors and the radius of points, which without it are refused.
    """
    if len(data) > LARGEST:
        raise FileRefused(_("The file is larger than 20 MB; split it."))
    if data[:2] == b"PK":
        raise FileRefused(_("This is a packed file (KMZ); unpack it and bring the KML in it."))
    kml = data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<"
    raw = list(_kml(data) if kml else _geojson(data))
    if not raw:
        raise FileRefused(_("There is no feature in this file."))
    if len(raw) > MOST_FEATURES:
        raise FileRefused(_("More than 5,000 features; split the file."))
    made = [
        _feature(number, one, datum, lines_as, size_m) for number, one in enumerate(raw, start=1)
    ]
    return PlaceFile(name, KML if kml else GEOJSON, datum, tuple(made))


def _feature(number: int, raw: Raw, datum: Datum, lines_as: str, size_m: float | None) -> Feature:
    # 80 is what a place's name holds; the original stands in the file that is kept.
    feature = Feature(number, (raw.name.strip() or f"#{number}")[:80])
    if raw.geometry is None:
        return replace(feature, reason=raw.reason)
    try:
        feature = replace(
            feature,
            road_class=road_class_of(raw.properties),
            limits_kmh=limits_of(raw.properties),
        )
        own = _first_number(raw.properties, _SIZE_KEYS, _("metres"))
        return _placed(feature, raw.geometry, datum, lines_as, size_m if own is None else own)
    except (OutlineRefused, ValueError) as refused:
        return replace(feature, reason=in_words(refused)[1])


def _placed(
    feature: Feature, found: BaseGeometry, datum: Datum, lines_as: str, size_m: float | None
) -> Feature:
    if found.is_empty:
        raise OutlineRefused(_("It has no coordinates."))
    shape = _SHAPES.get(found.geom_type, "")
    if not shape:
        raise OutlineRefused(
            _("A %(kind)s is no place: bring polygons, lines or points.")
            % {"kind": found.geom_type}
        )
    shape = lines_as if found.geom_type == "LineString" else shape
    if shape in ("circle", "corridor") and size_m is None:
        raise OutlineRefused(
            _("A point needs a radius and a line a width in metres; say it with the file.")
        )
    check(found)
    found = shapely.force_2d(found)
    if datum is not Datum.WGS84:
        found = shapely.transform(found, lambda points: _converted(points, datum))
    note = ""
    if shape == "polygon":
        found, note = _whole(found)
    geometry: dict[str, object] = json.loads(shapely.to_geojson(found))
    drawn(shape, geometry, size_m)
    sized = size_m if shape in ("circle", "corridor") else None
    return replace(feature, shape=shape, geometry=geometry, note=note, size_m=sized)


def _converted(points: np.ndarray, datum: Datum) -> np.ndarray:
    pairs = [to_wgs84(lat, lon, datum) for lon, lat in points.tolist()]
    return np.array([(lon, lat) for lat, lon in pairs])


_CLASS_KEYS = ("road_class", "道路等级", "公路技术等级", "道路类别", "技术等级")
_SIZE_KEYS = ("size_m", "width_m", "宽度")
_LIMIT_KEYS = ("limit_kmh", "限速", "限速值", "maxspeed")
_CLASSES = {
    "高速公路": RoadClass.EXPRESSWAY, "高速": RoadClass.EXPRESSWAY,
    "一级公路": RoadClass.CLASS_1, "一级": RoadClass.CLASS_1,
    "二级公路": RoadClass.CLASS_2, "二级": RoadClass.CLASS_2,
    "三级公路": RoadClass.CLASS_3, "三级": RoadClass.CLASS_3,
    "四级公路": RoadClass.CLASS_4, "四级": RoadClass.CLASS_4,
    "等外公路": RoadClass.UNCLASSED, "等外": RoadClass.UNCLASSED,
    "城市快速路": RoadClass.URBAN_EXPRESS, "快速路": RoadClass.URBAN_EXPRESS,
    "城市道路": RoadClass.URBAN,
}  # fmt: skip


def road_class_of(properties: Properties) -> str:
    """What the properties say of the class of road, "" = nothing. Raises ``ValueError``."""
    key = next((key for key in _CLASS_KEYS if properties.get(key)), "")
    said = str(properties.get(key) or "").strip()
    words = {str(label).lower(): value for value, label in RoadClass.choices} | _CLASSES
    found = words.get(said.lower(), said)
    if found in RoadClass.values:
        return str(found)
    known = pgettext("list", ", ").join(str(label) for value, label in RoadClass.choices if value)
    raise ValueError(
        _("%(key)s “%(said)s” is no class of road; it is one of %(known)s.")
        % {"key": key, "said": said[:20], "known": known}
    )


def limits_of(properties: Properties) -> dict[str, float]:
    """Limits in km/h by kind of vehicle ("" = others): ``limits_kmh`` as the export writes it, or
    one number for all under the usual names. Raises ``ValueError``.
    """
    said = properties.get("limits_kmh")
    if isinstance(said, str) and said.strip().startswith("{"):
        said = json.loads(said)
    if isinstance(said, Mapping):
        return {str(kind): _measure("limits_kmh", one, "km/h") for kind, one in said.items()}
    found = _first_number(properties, ("limits_kmh", *_LIMIT_KEYS), "km/h")
    return {} if found is None else {"": found}


def _first_number(properties: Properties, keys: Sequence[str], unit: str) -> float | None:
    """The first of the properties that is there and not empty."""
    key = next((key for key in keys if properties.get(key)), "")
    return _measure(key, properties[key], unit) if key else None


def _measure(key: str, said: object, unit: str) -> float:
    pattern = r"(\d{1,6}(?:\.\d+)?)\s*(?:km/h|公里/小时|m|米)?"
    number = re.fullmatch(pattern, str(said).strip(), re.IGNORECASE)
    if number is None:
        raise ValueError(
            _("%(key)s “%(said)s” is no number of %(unit)s.")
            % {"key": key, "said": str(said)[:20], "unit": unit}
        )
    return float(number[1])


def _whole(area: BaseGeometry) -> tuple[BaseGeometry, str]:
    """The area in whole microdegrees, repaired if need be, and what was done."""
    scaled = shapely.transform(area, lambda points: np.rint(points * MICRO))
    note = ""
    if not scaled.is_valid:
        why = in_words(ValueError(shapely.is_valid_reason(scaled)))[1].rstrip("。.")
        mended = _polygons(shapely.make_valid(scaled))
        mended = _polygons(shapely.make_valid(shapely.set_precision(mended, 1.0)))
        if mended.is_empty:
            raise OutlineRefused(_("%(why)s, and no area is left.") % {"why": why})
        note = _("Repaired: %(why)s; %(before)d corners became %(after)d.") % {
            "why": why,
            "before": shapely.get_num_coordinates(scaled),
            "after": shapely.get_num_coordinates(mended),
        }
        scaled = mended
    return shapely.transform(scaled, lambda points: points / MICRO), note


def _polygons(found: BaseGeometry) -> BaseGeometry:
    """Only the areas of a mended geometry: lines and points of it enclose nothing."""
    parts = [one for one in shapely.get_parts(found, return_index=False) if one.area]
    flat = [one for part in parts for one in shapely.get_parts(part) if one.area]
    return shapely.union_all(flat) if flat else shapely.Polygon()


def _geojson(data: bytes) -> Iterator[Raw]:
    try:
        said = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise FileRefused(
            _("Neither GeoJSON in UTF-8 nor KML: %(error)s") % {"error": error}
        ) from error
    if not isinstance(said, Mapping):
        raise FileRefused(_("GeoJSON is an object with a type; this file is not."))
    crs = json.dumps(said.get("crs") or "")
    if said.get("crs") and not any(name in crs for name in _PLAIN_CRS):
        raise FileRefused(
            _("Its coordinate system is not longitude and latitude (%(crs)s); export it again.")
            % {"crs": crs[:80]}
        )
    if said.get("type") == "FeatureCollection":
        features = said.get("features")
        if not isinstance(features, list):
            raise FileRefused(_("A FeatureCollection needs a list of features."))
        yield from (_of_feature(one) for one in features)
    elif said.get("type") == "Feature":
        yield _of_feature(said)
    else:
        yield _of_feature({"type": "Feature", "geometry": said})


def _of_feature(said: object) -> Raw:
    if not isinstance(said, Mapping) or said.get("type") != "Feature":
        return Raw("", reason=_("It is no feature."))
    properties = said.get("properties")
    named = properties if isinstance(properties, Mapping) else {}
    keys = ("name", "NAME", "名称", "title")
    name = next((str(named[key]) for key in keys if named.get(key)), "")
    geometry = said.get("geometry")
    if not isinstance(geometry, Mapping):
        return Raw(name, reason=_("It has no geometry."))
    try:
        return Raw(name, shapely.from_geojson(json.dumps(geometry)), properties=named)
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        return Raw(name, reason=_("Its geometry cannot be read: %(error)s") % {"error": error})


def _kml(data: bytes) -> Iterator[Raw]:
    # No entity, no outside document, no network: the file comes from outside.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise FileRefused(
            _("This KML is no well-formed XML: %(error)s") % {"error": error}
        ) from error
    if etree.QName(root).localname != "kml":
        raise FileRefused(_("This XML is no KML."))
    for mark in root.iter("{*}Placemark"):
        name = (mark.findtext("{*}name") or "").strip()
        try:
            yield Raw(name, _kml_geometry(mark), properties=_kml_data(mark))
        except ValueError as error:
            yield Raw(name, reason=str(error))


def _kml_data(mark: etree._Element) -> Properties:
    """``ExtendedData``, typed or not."""
    plain = {one.get("name", ""): one.findtext("{*}value") or "" for one in mark.iter("{*}Data")}
    typed = {one.get("name", ""): one.text or "" for one in mark.iter("{*}SimpleData")}
    return plain | typed


def _kml_geometry(mark: etree._Element) -> BaseGeometry:
    polygons = [_kml_polygon(one) for one in mark.iter("{*}Polygon")]
    lines = list(mark.iter("{*}LineString"))
    points = list(mark.iter("{*}Point"))
    if len(polygons) > 1 and not lines and not points:
        return shapely.MultiPolygon(polygons)
    found: list[Callable[[], BaseGeometry]] = [
        *((lambda one=one: one) for one in polygons),
        *((lambda one=one: shapely.LineString(_kml_points(one))) for one in lines),
        *((lambda one=one: shapely.Point(_kml_points(one)[0])) for one in points),
    ]
    if not found:
        raise ValueError(_("It has no geometry."))
    if len(found) > 1:
        raise ValueError(_("It mixes geometries; bring each as its own placemark."))
    return found[0]()


def _kml_polygon(element: etree._Element) -> BaseGeometry:
    outer = element.find("{*}outerBoundaryIs")
    if outer is None:
        raise ValueError(_("A polygon without an outer boundary."))
    holes = [_kml_points(one) for one in element.findall("{*}innerBoundaryIs")]
    try:
        return shapely.Polygon(_kml_points(outer), holes)
    except (shapely.errors.GEOSException, ValueError) as error:
        raise ValueError(_("Its geometry cannot be read: %(error)s") % {"error": error}) from error


def _kml_points(element: etree._Element) -> list[tuple[float, float]]:
    said = next((one.text for one in element.iter("{*}coordinates")), "") or ""
    points = []
    for word in said.split():
        parts = word.split(",")
        try:
            points.append((float(parts[0]), float(parts[1])))
        except (IndexError, ValueError):
            raise ValueError(
                _("%(word)s is no coordinate: longitude,latitude") % {"word": word[:40]}
            ) from None
    if not points:
        raise ValueError(_("It has no coordinates."))
    return points
