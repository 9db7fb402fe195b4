"""Places: every write is checked, leaves a fact, and queues one reference version."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from jiaoan.journal import files
from jiaoan.journal.models import Attachment, Fact, Outgoing
from jiaoan.kernel.clock import FixedClock
from jiaoan.kernel.coords import Datum
from jiaoan.project import places as command
from jiaoan.project.refusal import Refusal
from jiaoan.registry import reference
from jiaoan.registry.actions import (
    PlaceRefused,
    add_place,
    change_place,
    close_place,
    import_places,
)
from jiaoan.registry.models import Place, Vehicle
from jiaoan.registry.place_files import read_places
from jiaoan.registry.place_words import rule_sentence
from jiaoan.scope import Refused, SystemActor
from jiaoan.stores.bus import Message
from jiaoan.stream.reference import References
from registry.test_place_files import BOW, SQUARE, feature, geojson, polygon

pytestmark = pytest.mark.django_db
CLOCK = FixedClock(datetime(2024, 4, 8, 2, 0, tzinfo=UTC))
DRAWER = SystemActor("drawer", frozenset({"place.manage"}))
MORNING = {"from": "07:00", "to": "09:00"}


def tunnel(**fields: object) -> Place:
    values: dict[str, object] = {
        "name": "东湖隧道", "kind": "forbidden", "geometry": polygon(SQUARE),
        "vehicle_kinds": ["hazmat"], "hours": [MORNING], "law": "示意通告第一条",
    }  # fmt: skip
    return add_place(DRAWER, CLOCK, **{**values, **fields})  # type: ignore[arg-type]


def message(subject: str, value: object) -> Message:
    return Message(subject, json.dumps(value).encode(), 1, CLOCK.now())


def heard(place: Place) -> References:
    """The stream's side, fed with everything that was queued for this place."""
    references = References(None)  # type: ignore[arg-type]
    for sent in Outgoing.objects.filter(topic=reference.place_subject(place)):
        assert references.apply(message(sent.topic, sent.payload))
    references.rebuild()
    return references


def test_each_write_leaves_a_fact_and_a_version_for_the_stream() -> None:
    place = tunnel()
    place = change_place(DRAWER, CLOCK, place, seen_version=1, buffer_m=80)
    place = close_place(DRAWER, CLOCK, place, last_day=date(2024, 12, 31))
    facts = list(Fact.objects.filter(obj=f"registry.place:{place.pk}").order_by("id"))
    assert [one.kind for one in facts] == [
        "registry.place_added", "registry.place_changed", "registry.place_closed"
    ]  # fmt: skip
    assert [one.payload["version"] for one in facts] == [1, 2, 3]
    assert facts[1].payload["fields"] == ["buffer_m"]
    assert len({one.payload["digest"] for one in facts}) == 3
    (fence,) = (one for one in heard(place).fences.all if one)
    assert (fence.version, fence.buffer_m, fence.valid_to) == (3, 80, date(2024, 12, 31))
    assert (fence.role, fence.law) == ("forbidden", "示意通告第一条")
    assert fence.hours[0].start == 420


@pytest.mark.parametrize(
    ("fields", "shape_kind"),
    [
        ({"shape": "circle", "geometry": {"type": "Point", "coordinates": [113, 29]},
          "size_m": 500}, "Polygon"),
        ({"shape": "corridor", "size_m": 60, "kind": "plant",
          "geometry": {"type": "LineString", "coordinates": [[113, 29], [113.1, 29]]}}, "Polygon"),
        ({"shape": "line", "role": "gate", "kind": "gate", "direction": "right",
          "geometry": {"type": "LineString", "coordinates": [[113, 29], [113, 29.1]]}},
         "LineString"),
    ],
)  # fmt: skip
def test_every_shape_reaches_the_stream_as_it_is_judged(
    fields: dict[str, object], shape_kind: str
) -> None:
    place = tunnel(**fields)
    (fence,) = (one for one in heard(place).fences.all if one)
    assert fence.outline.geojson()["type"] == shape_kind
    assert place.ground() == fence.outline.geojson()


def test_a_reference_of_before_is_understood() -> None:
    references = References(None)  # type: ignore[arg-type]
    old = reference.place_value(tunnel())
    for name in ("role", "shape", "size_m", "hours", "limits_kmh", "bound", "direction", "law"):
        del old[name]
    assert references.apply(message("ref.place.1", old))
    assert references.places[1].fence.role == "area"


def test_the_geometry_is_kept_when_only_the_rule_changes() -> None:
    place = tunnel()
    change_place(DRAWER, CLOCK, place, seen_version=1, law="示意通告第二条")
    sent = list(Outgoing.objects.filter(topic=reference.place_subject(place)).order_by("id"))
    references = References(None)  # type: ignore[arg-type]
    outlines = []
    for one in sent:
        references.apply(message(one.topic, one.payload))
        references.rebuild()
        outlines.append(references.places[place.pk].fence.outline)
    assert outlines[0] is outlines[1]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "长" * 81}, "name"),
        ({"kind": "moon"}, "kind"),
        ({"role": "gate"}, "role"),
        ({"geometry": polygon(BOW)}, "geometry"),
        ({"shape": "circle", "geometry": {"type": "Point", "coordinates": [113, 29]}}, "size_m"),
        ({"buffer_m": 5001}, "buffer_m"),
        ({"consecutive": 0}, "consecutive"),
        ({"dwell_s": 0}, "dwell_s"),
        ({"limits_kmh": {"hazmat": 0}}, "limits_kmh"),
        ({"limits_kmh": {"tank": 40}}, "limits_kmh"),
        ({"vehicle_kinds": ["tank"]}, "vehicle_kinds"),
        ({"hours": [{"from": "7", "to": "9"}]}, "hours"),
        ({"role": "route"}, "bound"),
        ({"valid_from": date(2024, 5, 2), "valid_to": date(2024, 5, 1)}, "valid_to"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    fields: dict[str, object], field: str
) -> None:
    with pytest.raises(PlaceRefused) as refused:
        tunnel(**fields)
    assert list(refused.value.errors) == [field]
    assert not Place.objects.exists()
    assert not Fact.objects.exists()
    assert not Outgoing.objects.exists()


def test_only_who_draws_or_keeps_the_register_may_write() -> None:
    place = tunnel()
    nobody = SystemActor("nobody", frozenset({"registry.view"}))
    with pytest.raises(Refused):
        add_place(nobody, CLOCK, name="x", kind="park", geometry=polygon(SQUARE))
    with pytest.raises(Refused):
        change_place(nobody, CLOCK, place, seen_version=1, name="x")
    with pytest.raises(Refused):
        close_place(nobody, CLOCK, place, last_day=date(2024, 5, 1))


def test_two_people_do_not_overwrite_each_other() -> None:
    place = tunnel()
    change_place(DRAWER, CLOCK, place, seen_version=1, name="东湖隧道（北）")
    with pytest.raises(PlaceRefused, match="meanwhile"):
        change_place(DRAWER, CLOCK, place, seen_version=1, name="另一个")
    assert Place.objects.get().name == "东湖隧道（北）"


def test_a_place_is_not_closed_before_it_begins() -> None:
    with pytest.raises(PlaceRefused):
        close_place(DRAWER, CLOCK, tunnel(valid_from=date(2024, 5, 1)), last_day=date(2024, 4, 30))


def test_a_route_knows_its_vehicles() -> None:
    bus = Vehicle.objects.create(plate="湘F00001", plate_colour=2, kind="coach")
    way = {"type": "LineString", "coordinates": [[113, 29], [113.1, 29]]}
    route = tunnel(
        role="route", kind="plant", shape="corridor", size_m=60, geometry=way, bound=[bus]
    )
    (fence,) = (one for one in heard(route).fences.all if one)
    assert fence.bound == {bus.pk}


def test_an_import_keeps_its_file_and_goes_on_past_what_is_wrong(
    settings: LazySettings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    data = geojson(feature(polygon(SQUARE), "一号"), feature(None), feature(polygon(BOW), "三号"))
    read = read_places(data, "parks.geojson", Datum.WGS84)
    done = import_places(DRAWER, CLOCK, read, data, kind="park")
    assert [one.place.name if one.place else "" for one in done] == ["一号", "", "三号"]
    assert done[1].reason
    kept = Attachment.objects.get()
    assert files.read(kept) == data
    assert {place.source_file_id for place in Place.objects.all()} == {kept.pk}
    fact = Fact.objects.get(kind="registry.places_imported")
    assert (fact.payload["refused"], fact.payload["sha256"]) == (1, kept.sha256)


def test_the_command_says_what_became_of_each_feature(
    settings: LazySettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DATA_DIR = tmp_path
    file = tmp_path / "parks.geojson"
    file.write_bytes(geojson(feature(polygon(SQUARE), "一号"), feature(None, "二号")))
    assert command.bring(file, datum="gcj02", kind="park", lines_as="corridor", size_m=None) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[0].startswith("1\t一号\tplace ")
    assert "geometry" in said.out.splitlines()[1]
    assert said.err == "1 places, 1 refused\n"
    for wrong, kind in ((tmp_path / "none", "park"), (file, "moon")):
        with pytest.raises(Refusal):
            command.bring(wrong, datum="wgs84", kind=kind, lines_as="corridor", size_m=None)


def test_the_command_gives_roads_their_class(settings: LazySettings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    file = tmp_path / "roads.geojson"
    way = {"type": "LineString", "coordinates": [[113.0, 29.0], [113.1, 29.0]]}
    file.write_bytes(geojson(feature(way, "示意高速")))
    with pytest.raises(Refusal, match="motorway"):
        command.bring(
            file, datum="wgs84", kind="road", lines_as="corridor", size_m=40, road_class="motorway"
        )
    assert not command.bring(
        file, datum="wgs84", kind="road", lines_as="corridor", size_m=40, road_class="expressway"
    )
    assert Place.objects.get().road_class == "expressway"


def test_its_sentence_says_who_when_and_what() -> None:
    said = rule_sentence(tunnel(), 0)
    assert said == (
        "Hazmat vehicle must not be in 东湖隧道 (07:00–09:00). It counts from one point more than "
        "50 m across, or 2 in a row (unverified). Ground: 示意通告第一条."
    )


def test_roads_are_imported_with_class_and_limit(settings: LazySettings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    way = {"type": "LineString", "coordinates": [[113.0, 29.0], [113.1, 29.0]]}
    said: list[dict[str, object]] = [
        {"name": "示意高速", "road_class": "expressway", "limit_kmh": 100},
        {"name": "示意大道"},
        {"name": "坏路", "limit_kmh": 900},
    ]
    data = geojson(*({"type": "Feature", "properties": one, "geometry": way} for one in said))
    read = read_places(data, "roads.geojson", Datum.WGS84, size_m=40)
    done = import_places(DRAWER, CLOCK, read, data, kind="road", road_class="urban")
    assert [one.reason != "" for one in done] == [False, False, True]
    first, second = Place.objects.order_by("pk")
    assert (first.role, first.road_class, first.limits_kmh) == ("road", "expressway", {"": 100})
    assert (second.road_class, second.limits_kmh, second.size_m) == ("urban", {}, 40)
    road = heard(first).places[first.pk].fence.road
    assert road is not None
    assert (road.grade, road.axis is not None) == ("expressway", True)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"kind": "park", "road_class": "urban"}, "road_class"),
        ({"kind": "park", "role": "road"}, "role"),
        ({"kind": "road", "road_class": "motorway"}, "road_class"),
    ],
)
def test_only_a_road_section_says_which_road_it_is(fields: dict[str, object], wrong: str) -> None:
    with pytest.raises(PlaceRefused) as refused:
        tunnel(**{"role": "area", **fields})
    assert set(refused.value.errors) == {wrong}


def test_a_road_says_what_its_class_means() -> None:
    made = tunnel(kind="road", road_class="expressway", hours=[], vehicle_kinds=[], law="")
    assert made.role == "road"
    assert rule_sentence(made, 0) == (
        "Who enters and leaves 东湖隧道 is not recorded. "
        "It is an expressway: bans and limits of expressways hold on it."
    )
    changed = change_place(DRAWER, CLOCK, made, seen_version=1, road_class="class_3")
    assert "It is no expressway (Class 3 road)" in rule_sentence(changed, 0)


def test_a_reference_carries_what_the_place_was_before() -> None:
    place = tunnel()
    later = FixedClock(CLOCK.now() + timedelta(days=3))
    change_place(DRAWER, later, place, seen_version=1, buffer_m=80)
    sent = Outgoing.objects.filter(topic=reference.place_subject(place)).order_by("id").last()
    assert sent is not None
    assert (sent.payload["version"], sent.payload["since"]) == (2, later.now().isoformat())
    (before,) = sent.payload["before"]
    assert (before["version"], before["buffer_m"]) == (1, 50)
    assert before["since"] == CLOCK.now().isoformat()
    assert "before" not in before
    assert dict(reference.everything())[sent.topic] == sent.payload
    grounds = heard(place).atlas.grounds
    at = [round(each.now().timestamp() * 1000) for each in (CLOCK, later)]
    buffers = [
        [one.buffer_m for one in grounds.at(moment).all if one]
        for moment in (at[0] - 1, at[0], at[1] - 1, at[1])
    ]
    assert buffers == [[], [50], [50], [80]]


def test_versions_of_long_ago_are_not_carried() -> None:
    place = tunnel()
    for days in (40, 80):
        clock = FixedClock(CLOCK.now() + timedelta(days=days))
        place = change_place(DRAWER, clock, place, seen_version=place.version, buffer_m=days)
    sent = Outgoing.objects.filter(topic=reference.place_subject(place)).order_by("id").last()
    assert sent is not None
    # Version 2 held until now; version 1 ended forty days ago.
    assert [each["version"] for each in sent.payload["before"]] == [2]


def test_a_place_that_was_never_published_has_always_been_so() -> None:
    place = tunnel()
    Outgoing.objects.all().delete()
    said = dict(reference.everything())[reference.place_subject(place)]
    assert "since" not in said
