"""``jiaoan explain FINDING`` and ``jiaoan explain --from FILE``: does it come out again?

0 = equal in every field, 1 = it differs, 2 = it cannot be said, with one sentence why.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jiaoan.rules.driving.law import IDS, Rule
from jiaoan.stores.positions import (
    DriverCard,
    Positions,
    partition_of,
    subject_of,
    unpack_all,
)
from jiaoan.watch.findings.explaining import Explained, NotEvidence, explain, read

if TYPE_CHECKING:
    from jiaoan.watch.models import Finding

EQUAL, DIFFERS, CANNOT = 0, 1, 2
_CONNECT_S = 5.0


class CannotSay(Exception):
    """Why, as one sentence."""


def from_file(file: Path, *, as_json: bool) -> int:
    """Explain a file of evidence alone: no database, no tracks, no bus."""
    try:
        octets = file.read_bytes()
    except OSError as error:
        return _cannot(f"cannot read {file}: {error.strerror or error}")
    try:
        return _say(explain(read(octets)), as_json=as_json)
    except NotEvidence as reason:
        return _cannot(f"{file.name}: {reason}")


def from_data(id: str, data: Path, bus: str | None, *, as_json: bool, export: Path | None) -> int:
    """Explain a finding of an installation (Django is set up); ``export`` keeps its evidence."""
    try:
        evidence = _evidence(id, data, bus)
        if export is not None:
            _write(evidence, export)
        return _say(explain(evidence), as_json=as_json)
    except (CannotSay, NotEvidence) as reason:
        return _cannot(str(reason))


def _write(evidence: dict[str, Any], export: Path) -> None:
    try:
        export.write_text(json.dumps(evidence, ensure_ascii=False, indent=1), encoding="utf-8")
    except OSError as error:
        raise CannotSay(f"cannot write {export}: {error.strerror or error}") from error


def _evidence(id: str, data: Path, bus: str | None) -> dict[str, Any]:
    from jiaoan.scope import SystemActor
    from jiaoan.watch.findings.evidence import Fresh, NoEvidence, gather
    from jiaoan.watch.findings.queries import by_id

    if not re.fullmatch(r"[0-9a-f]{32}", id):
        raise CannotSay(f"{id!r} is no id of a finding: it has 32 hexadecimal digits")
    actor = SystemActor("explain", frozenset({"alarm.view", "map.view"}))
    finding = by_id(actor, id)
    if finding is None:
        raise CannotSay(f"no finding {id} is recorded in {data}")
    try:
        rows, cards = _unsealed(data, finding, bus)
        return gather(data, finding, Fresh(rows, cards), actor=actor)
    except NoEvidence as reason:
        raise CannotSay(str(reason)) from reason


Unsealed = tuple["Positions | None", list[DriverCard]]


def _unsealed(data: Path, finding: Finding, bus: str | None) -> Unsealed:
    """Reports and driver cards that are on the bus and in no file yet; none without a bus."""
    if bus is None:
        return None, []
    # The rooms of the bus are loaded only where one is asked.
    from jiaoan.stores.bus import BusUnavailable
    from jiaoan.stores.unsealed import sealed_up_to

    try:
        return asyncio.run(_read(bus, _subject(finding), sealed_up_to(data / "tracks")))
    except (BusUnavailable, TimeoutError, LookupError) as error:
        print(f"only sealed tracks are read: {error or 'no answer of the bus'}", file=sys.stderr)
        return None, []


def _subject(finding: Finding) -> str:
    """Of the vehicle's partition; of all where another vehicle is part of it."""
    pair = finding.rule == IDS[Rule.TOGETHER]
    return "positions.*" if pair else subject_of(partition_of(finding.vehicle_id))


async def _read(url: str, subject: str, after: int) -> Unsealed:
    import numpy as np

    from jiaoan.stores.bus import Bus

    async with asyncio.timeout(_CONNECT_S):
        bus = await Bus.connect(url, name="explain")
    try:
        last = await bus.latest(subject)
        parts: list[Positions] = []
        cards: list[DriverCard] = []
        if last is not None and last.sequence > after:
            async for message in bus.read(subject, after=after):
                rows, _, said = unpack_all(message.data)
                parts.append(rows)
                cards += said
                if message.sequence >= last.sequence:
                    break
        return (np.concatenate(parts) if parts else None), cards
    finally:
        await bus.close()


def _say(explained: Explained, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps(_as_json(explained), ensure_ascii=False, indent=1))
    else:
        _print(explained)
    return EQUAL if explained.equal else DIFFERS


def _print(explained: Explained) -> None:
    print(explained.said.zh)
    print(explained.said.en)
    print(f"{explained.id}  {explained.rule} version {explained.version}")
    if explained.equal:
        print(f"equal: judged again from {explained.positions} positions, the same in every field")
        return
    print(f"differs: judged again from {explained.positions} positions")
    for one in explained.differences:
        print(f"  {one.field}: told {one.told!r}, judged again {one.recomputed!r}")


def _as_json(explained: Explained) -> dict[str, object]:
    return {
        "id": explained.id,
        "rule": explained.rule,
        "version": explained.version,
        "equal": explained.equal,
        "positions": explained.positions,
        "zh": explained.said.zh,
        "en": explained.said.en,
        "differences": [
            {"field": one.field, "told": one.told, "judged_again": one.recomputed}
            for one in explained.differences
        ],
    }


def _cannot(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return CANNOT
