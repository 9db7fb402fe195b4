"""``jiaoan tracks day|region|export|retain``: tracks at the command line, for administrators.

What is written to standard output is UTF-8; ``--out FILE`` writes a file instead, whole or not at
all.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jiaoan.kernel.clock import LOCAL, Clock, clock_from_environment, local
from jiaoan.project.refusal import Refusal

if TYPE_CHECKING:
    from jiaoan.registry.models import Vehicle
    from jiaoan.rules.shapes import Outline
    from jiaoan.scope import SystemActor
    from jiaoan.tracks.queries import Day, Region, Store

DAY_FORMS = ("csv", "geojson", "parquet")
REGION_FORMS = ("csv", "geojson")


@dataclass(frozen=True)
class Desk:
    """What every act needs."""

    actor: SystemActor
    store: Store
    clock: Clock


def main(argv: Sequence[str]) -> int:
    """One act; 0, or 1 with a sentence (:class:`Refusal`)."""
    options = _parser().parse_args(list(argv))
    from jiaoan.project.cli import prepare_django

    prepare_django(options.data)
    act: Callable[[argparse.Namespace, Desk], int] = options.act
    return act(options, _desk())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jiaoan tracks", description=__doc__)
    acts = parser.add_subparsers(required=True, metavar="ACTION")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data", type=Path, metavar="DIR")
    day = acts.add_parser("day", parents=[shared], help="what one vehicle did on a day")
    day.add_argument("plate")
    day.add_argument("--day", type=_day, metavar="DATE", help="2024-04-08; without it today")
    day.add_argument("--json", action="store_true")
    day.set_defaults(act=_show)
    export = acts.add_parser("export", parents=[shared], help="one vehicle's day as a file")
    export.add_argument("plate")
    export.add_argument("--day", type=_day, metavar="DATE")
    export.add_argument("--format", choices=DAY_FORMS, default="csv")
    export.add_argument("--out", type=Path, metavar="FILE")
    export.set_defaults(act=_export)
    region = acts.add_parser("region", parents=[shared], help="who was in an area in a time")
    where = region.add_mutually_exclusive_group(required=True)
    where.add_argument("--place", metavar="NAME", help="name or number of a place")
    where.add_argument("--box", metavar="W,S,E,N", help="degrees, WGS-84")
    region.add_argument("--from", dest="start", type=_moment, required=True, metavar="TIME")
    region.add_argument("--to", dest="end", type=_moment, required=True, metavar="TIME")
    region.add_argument("--format", choices=REGION_FORMS, default="csv")
    region.add_argument("--out", type=Path, metavar="FILE")
    region.set_defaults(act=_region)
    retain = acts.add_parser("retain", parents=[shared], help="remove positions that are over")
    retain.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    retain.set_defaults(act=_retain)
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date: write it as 2024-04-08") from None


def _moment(text: str) -> datetime:
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: write it as 2024-04-08T14:30 (local)"
        ) from None
    return said if said.tzinfo else said.replace(tzinfo=LOCAL)


def _desk() -> Desk:
    from django.conf import settings

    from jiaoan.scope import SystemActor
    from jiaoan.tracks.queries import VERB, Store
    from jiaoan.tracks.removal import VERB as RETAIN

    running = Path(settings.DATA_DIR) / "addresses.json"
    bus = os.environ.get("JIAOAN_BUS_URL", "")
    if not bus and running.is_file():
        bus = str(json.loads(running.read_text(encoding="utf-8"))["bus"])
    store = Store(settings.DATA_DIR, bus or settings.BUS_URL)
    return Desk(
        SystemActor("tracks-cli", frozenset({VERB, RETAIN})), store, clock_from_environment()
    )


def _vehicle(plate: str) -> Vehicle:
    from jiaoan.kernel.plates import PlateRefused
    from jiaoan.registry.queries import vehicle_by_plate

    try:
        found = vehicle_by_plate(plate)
    except PlateRefused as refused:
        raise Refusal(str(refused)) from refused
    if found is None:
        raise Refusal(f"{plate}: no such vehicle is registered here.")
    return found


def _day_of(options: argparse.Namespace, desk: Desk) -> Day:
    from jiaoan.tracks.queries import FIRST_DAY, day_of

    today = desk.clock.today()
    wanted: date = options.day or today
    if wanted > today:
        raise Refusal(f"{wanted} has not begun: today is {today}.")
    if wanted < FIRST_DAY:
        raise Refusal(f"{wanted} lies before any record.")
    found = day_of(desk.store, _vehicle(options.plate), wanted, desk.clock)
    _warn(found.missing)
    return found


def _warn(missing: str) -> None:
    if missing:
        print(f"the newest positions may be missing: {missing}", file=sys.stderr)


def _show(options: argparse.Namespace, desk: Desk) -> int:
    from jiaoan.tracks.files import features

    found = _day_of(options, desk)
    reading = found.reading
    if options.json:
        shapes = features(reading, found.driven)
        print(json.dumps({"type": "FeatureCollection", "features": shapes}, ensure_ascii=False))
        return 0
    lines = [
        (each.start, each.end, f"gap {each.reason}", _km(each.metres)) for each in reading.gaps
    ]
    lines += [(each.first.time, each.last.time, "stand", "") for each in reading.stands]
    lines += [(each.start, each.end, "over", each.sentence.zh) for each in found.driven]
    for start, end, what, text in sorted(lines):
        print(f"{local(start):%H:%M:%S}\t{local(end):%H:%M:%S}\t{what}\t{text}".rstrip())
    print(
        f"{len(reading.points)} positions, {reading.bad} bad reports, {_km(reading.metres)}",
        file=sys.stderr,
    )
    return 0


def _km(metres: float | None) -> str:
    return "" if metres is None else f"{metres / 1000:.1f} km"


def _export(options: argparse.Namespace, desk: Desk) -> int:
    from jiaoan.stores.tracks import points_of
    from jiaoan.tracks.files import day_csv, day_geojson, day_parquet

    found = _day_of(options, desk)
    if options.format == "csv":
        octets = day_csv(points_of(found.track))
    elif options.format == "parquet":
        octets = day_parquet(found.track)
    else:
        about = {"plate": found.vehicle.plate, "day": found.day.isoformat()}
        octets = day_geojson(found.reading, found.driven, about)
    return _put(octets, options.out)


def _region(options: argparse.Namespace, desk: Desk) -> int:
    from jiaoan.tracks.files import named, region_csv, region_geojson
    from jiaoan.tracks.queries import LONGEST, TooLong, region_of

    geometry, area = _area(options)
    try:
        found: Region = region_of(
            desk.store, desk.actor, area, options.start, options.end, desk.clock
        )
    except TooLong:
        raise Refusal(
            f"--to must lie behind --from, at most {LONGEST.days} days: ask in parts."
        ) from None
    _warn(found.missing)
    stays = [(named(each.vehicle), each.stay) for each in found.visits]
    passages = [(named(each.vehicle), each.passage) for each in found.passings]
    print(
        f"vehicles: {found.vehicles}, stays: {len(stays)}, inferred ways: {len(passages)}",
        file=sys.stderr,
    )
    octets = (
        region_csv(stays, passages)
        if options.format == "csv"
        else region_geojson(geometry, stays, passages)
    )
    return _put(octets, options.out)


def _area(options: argparse.Namespace) -> tuple[dict[str, object], Outline]:
    from jiaoan.registry.models import Place
    from jiaoan.rules.shapes import OutlineRefused, outline
    from jiaoan.tracks.queries import BoxRefused, box_of

    try:
        if options.box:
            geometry = box_of(options.box)
        else:
            key = "pk" if options.place.isdecimal() else "name"
            places = list(Place.objects.filter(**{key: options.place})[:2])
            if len(places) != 1:
                raise Refusal(f"--place: {len(places) or 'no'} such place; name one by its number.")
            geometry = places[0].ground()
        return geometry, outline(geometry)
    except (BoxRefused, OutlineRefused) as refused:
        raise Refusal(str(refused)) from refused


def _retain(options: argparse.Namespace, desk: Desk) -> int:
    from jiaoan.tracks.removal import retain
    from jiaoan.tracks.retention import PeriodRefused, periods, plan

    try:
        for period in periods().values():
            mark = "" if period.mark == "V" else "（未核实）"
            print(f"{period.kind}\t{period.months} 个月{mark}", file=sys.stderr)
        if options.dry_run:
            for day in plan(desk.store.data, desk.clock.today()):
                print(f"{day.day}\tto remove: {len(day.gone)}\theld: {len(day.held)}")
            return 0
        for done in retain(desk.actor, desk.clock, desk.store.data):
            print(f"{done.day}\tremoved: {len(done.vehicles)}, rows: {done.rows}")
    except PeriodRefused as refused:
        raise Refusal(str(refused)) from refused
    return 0


def _put(octets: bytes, out: Path | None) -> int:
    if out is None:
        sys.stdout.buffer.write(octets)
        return 0
    aside = out.with_name(f"{out.name}.{os.getpid()}.new")
    try:
        aside.write_bytes(octets)
        aside.replace(out)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise Refusal(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        with contextlib.suppress(NotADirectoryError):
            aside.unlink(missing_ok=True)
    return 0
