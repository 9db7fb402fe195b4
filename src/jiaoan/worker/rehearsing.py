"""Rehearsals 试运行: the worker starts each in a process of its own; ``jiaoan rehearse`` by hand.

Judging weeks of hundreds of vehicles takes minutes of a processor, and the database thread of the
worker has none to spare: so the worker only claims what waits, starts ``jiaoan rehearse run``, and
breaks off what ended without a result. One at a time, at the lowest priority.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import TypeVar

from django.conf import settings

from jiaoan.kernel.clock import Clock, clock_from_environment
from jiaoan.kernel.plates import display
from jiaoan.ledger.errors import FieldErrors
from jiaoan.registry.models import Place, Vehicle, VehicleKind
from jiaoan.registry.profiles import profile_by_day
from jiaoan.registry.reference import place_value
from jiaoan.rules.driving.law import BY_ID
from jiaoan.scope import SystemActor
from jiaoan.watch.models import Rehearsal
from jiaoan.watch.models.rehearsal import Outcome
from jiaoan.watch.rehearsal import actions, running
from jiaoan.watch.rehearsal.running import NEW_PLACE, Plan, Result
from jiaoan.watch.rehearsal.states import RehearsalState
from jiaoan.watch.rehearsal.worlds import BadPlace
from jiaoan.watch.rules.actions import parse_figures
from jiaoan.watch.rules.catalogue import COMMON, FIGURES_OF
from jiaoan.watch.rules.queries import standing

T = TypeVar("T")
log = logging.getLogger("jiaoan.worker")
ACTOR = SystemActor("rehearsal", frozenset({"alarm.open"}))
LOOK_S = 1.0
_TELL_S = 0.5
_STOP_S = 3.0
_NICE = 10
_PLACE_FIGURES = ("buffer_m", "consecutive", "dwell_s", "size_m")

Database = Callable[[Callable[[], object]], Awaitable[object]]


async def watch(database: Database, clock: Clock) -> None:
    """Start what waits, one after the other, for ever. ``database`` runs a step in its thread."""
    await database(lambda: actions.break_all(ACTOR, clock))
    while True:
        try:
            asked = await database(lambda: actions.claim(ACTOR, clock))
            if isinstance(asked, Rehearsal):
                reason = await _child(asked)
                await database(
                    lambda one=asked, why=reason: actions.break_off(  # type: ignore[misc]
                        ACTOR, clock, one, why
                    )
                )
                continue
        except Exception:
            log.exception("a rehearsal could not be started")
        await asyncio.sleep(LOOK_S)


async def _child(asked: Rehearsal) -> str:
    """Run it to its end; what its last words were. The process ends with the worker."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jiaoan.project.cli", "rehearse", "run",
        str(asked.pk), str(asked.run),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        _out, said = await child.communicate()
    except asyncio.CancelledError:
        child.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_S):
                await child.wait()
        if child.returncode is None:
            child.kill()
        raise
    words = said.decode("utf-8", "replace").strip().splitlines()
    return f"{words[-1] if words else 'no word'} (exit {child.returncode})"


def run(pk: int, number: int, clock: Clock) -> int:
    """The process of one rehearsal. 0 = its result is stored, or nobody wants it any more."""
    asked = Rehearsal.objects.filter(pk=pk, run=number, state=RehearsalState.RUNNING).first()
    if asked is None:
        print(f"rehearsal {pk} does not run under {number}", file=sys.stderr)
        return 1
    plan = running.plan_of(asked)
    told_at = 0.0

    def tell(done: int) -> bool:
        nonlocal told_at
        now = time.monotonic()
        if now - told_at < _TELL_S:
            return True
        told_at = now
        return actions.tell(clock, asked, done)

    result = running.rehearse(
        Path(settings.DATA_DIR),
        plan,
        running.profiles_of(asked.vehicles),
        asked.first_day,
        asked.last_day,
        actions.most_findings(),
        tell,
    )
    if result is not None:
        rows = running.rows_of(asked, result)
        actions.finish(ACTOR, clock, asked, result.summary(asked.total, len(rows)), rows)
    return 0


def main(argv: Sequence[str]) -> int:
    """``jiaoan rehearse rule|place|run``. 0 = done, 1 = refused with a sentence."""
    options = _parser().parse_args(list(argv))
    try:
        if options.what == "run":
            os.nice(_NICE)
            return run(options.rehearsal, options.number, clock_from_environment())
        plan = _rule(options) if options.what == "rule" else _place(options)
        return _by_hand(plan, options)
    except (FieldErrors, BadPlace, LookupError) as refused:
        print(f"rehearse: {refused}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jiaoan rehearse", description="Try a rule or a place on past tracks; writes nothing."
    )
    acts = parser.add_subparsers(required=True, dest="what", metavar="WHAT")
    rule = acts.add_parser("rule", help="a driving rule, with changed figures")
    rule.add_argument("rule", help="e.g. driving.overspeed, or driving.common")
    place = acts.add_parser("place", help="a place of the register, or a new one from a file")
    place.add_argument("place", help="its number, or a JSON file in the form of ref.place.*")
    for one in (rule, place):
        one.add_argument(
            "--set", action="append", default=[], metavar="FIGURE=VALUE",
            help="a changed figure, as the page writes it",
        )  # fmt: skip
        one.add_argument("--from", dest="first", type=_day, metavar="DAY")
        one.add_argument("--to", dest="last", type=_day, metavar="DAY", help="default: yesterday")
        one.add_argument("--kind", choices=VehicleKind.values, help="only vehicles of this kind")
        one.add_argument("--plate", action="append", default=[], help="only this vehicle")
        one.add_argument("--most", type=int, default=2000, help="findings listed of each outcome")
        one.add_argument("--json", action="store_true", help="the whole result as JSON")
        one.add_argument("--data", type=Path, metavar="DIR", help="of the installation")
    job = acts.add_parser("run", help="what the worker calls")
    job.add_argument("rehearsal", type=int)
    job.add_argument("number", type=int)
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no day; write 2024-06-05") from None


def _typed(options: argparse.Namespace, known: Sequence[str]) -> dict[str, str]:
    typed: dict[str, str] = {}
    for each in options.set:
        name, sign, value = each.partition("=")
        if not sign or name not in known:
            raise LookupError(f"--set {each}: it knows {', '.join(known) or 'no figure'}")
        typed[name] = value
    return typed


def _rule(options: argparse.Namespace) -> Plan:
    name = options.rule
    if name == "driving.common":
        known: Sequence[str] = COMMON
    elif name in BY_ID:
        known = FIGURES_OF[BY_ID[name]]
    else:
        raise LookupError(f"{name} cannot be rehearsed; these can: {', '.join(sorted(BY_ID))}")
    today = clock_from_environment().today()
    return running.plan_of_rule(name, parse_figures(_typed(options, known), standing(), today))


def _place(options: argparse.Namespace) -> Plan:
    if options.place.isdecimal():
        place = Place.objects.prefetch_related("bound").filter(pk=options.place).first()
        if place is None:
            raise LookupError(f"there is no place {options.place}")
        value: dict[str, object] = dict(place_value(place))
    else:
        path = Path(options.place)
        if not path.is_file():
            raise LookupError(f"{path} is no file and no number of a place")
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise LookupError(f"{path}: {error}") from error
        if not isinstance(said, dict):
            raise LookupError(f"{path}: must hold one JSON object")
        value = {"place_id": NEW_PLACE, "version": 0, **said}
    for name, text in _typed(options, _PLACE_FIGURES).items():
        try:
            value[name] = float(text) if name == "size_m" else int(text)
        except ValueError:
            raise LookupError(f"--set {name}={text}: must be a number") from None
    return running.plan_of_place(value)


def _by_hand(plan: Plan, options: argparse.Namespace) -> int:
    last = options.last or clock_from_environment().today() - timedelta(days=1)
    first = options.first or last - timedelta(days=6)
    if last < first:
        raise LookupError("the last day lies before the first")
    found = Vehicle.objects.order_by("id")
    if options.kind:
        found = found.filter(kind=options.kind)
    if options.plate:
        found = found.filter(plate__in=options.plate)
    vehicles = [(each.pk, profile_by_day(each)) for each in found.prefetch_related("profiles")]
    if not vehicles:
        raise LookupError("there are no such vehicles")
    result = running.rehearse(Path(settings.DATA_DIR), plan, vehicles, first, last, options.most)
    assert result is not None  # nobody says to stop
    _print(result, first, last, len(vehicles), as_json=options.json)
    return 0


def _print(result: Result, first: date, last: date, vehicles: int, *, as_json: bool) -> None:
    ids = {each.vehicle for events in result.kept.values() for each in events}
    plates = dict(Vehicle.objects.filter(pk__in=ids).values_list("pk", "plate"))
    shown = sum(len(events) for events in result.kept.values())
    summary = result.summary(vehicles, shown)
    if as_json:
        findings = [
            {
                "outcome": outcome.value, "id": each.id, "rule": each.rule,
                "vehicle_id": each.vehicle, "plate": plates.get(each.vehicle, ""),
                "begun_ms": each.start_ms, "ended_ms": each.end_ms or None,
                "lat": each.lat / 1e6, "lon": each.lon / 1e6, "zh": each.zh, "en": each.en,
            }
            for outcome, events in result.kept.items()
            for each in events
        ]  # fmt: skip
        days = {"first_day": first.isoformat(), "last_day": last.isoformat()}
        print(json.dumps({**days, **summary, "findings": findings}, ensure_ascii=False))
        return
    for outcome in Outcome:
        for each in result.kept[outcome]:
            print(f"{outcome.value}\t{display(plates.get(each.vehicle, ''))}\t{each.zh}")
    print(
        f"{first} to {last}, {vehicles} vehicles ({summary['with_track']} with tracks, "
        f"{summary['points']} positions): {summary['new']} new, {summary['gone']} gone, "
        f"{summary['same']} same",
        file=sys.stderr,
    )
