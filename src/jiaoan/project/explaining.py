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

from jiaoan.stores import tracks
from jiaoan.stores.positions import Positions, partition_of, subject_of, unpack
from jiaoan.watch.findings.explaining import Explained, NotEvidence, explain, read

if TYPE_CHECKING:
    from jiaoan.watch.models import Finding

EQUAL, DIFFERS, CANNOT = 0, 1, 2
_RECENT_DAYS = 3
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
    from jiaoan.watch.findings.evidence import NoEvidence, gather
    from jiaoan.watch.findings.queries import by_id

    if not re.fullmatch(r"[0-9a-f]{32}", id):
        raise CannotSay(f"{id!r} is no id of a finding: it has 32 hexadecimal digits")
    finding = by_id(SystemActor("explain", frozenset({"alarm.view"})), id)
    if finding is None:
        raise CannotSay(f"no finding {id} is recorded in {data}")
    try:
        return gather(data, finding, _unsealed(data, finding, bus))
    except NoEvidence as reason:
        raise CannotSay(str(reason)) from reason


def _unsealed(data: Path, finding: Finding, bus: str | None) -> Positions | None:
    """Reports of the vehicle that are on the bus and in no track yet; ``None`` without a bus."""
    if bus is None:
        return None
    # The rooms of the bus are loaded only where one is asked.
    from jiaoan.stores.bus import BusUnavailable

    try:
        return asyncio.run(_read(bus, subject_of(partition_of(finding.vehicle_id)), _sealed(data)))
    except (BusUnavailable, TimeoutError, LookupError) as error:
        print(f"only sealed tracks are read: {error or 'no answer of the bus'}", file=sys.stderr)
        return None


def _sealed(data: Path) -> int:
    """The last message of the bus that is in a track; 0 when none is."""
    days = sorted((data / "tracks").glob("day=*"))[-_RECENT_DAYS:]
    return max((one.last for day in days for one in tracks.sources(day)), default=0)


async def _read(url: str, subject: str, after: int) -> Positions | None:
    import numpy as np

    from jiaoan.stores.bus import Bus

    async with asyncio.timeout(_CONNECT_S):
        bus = await Bus.connect(url, name="explain")
    try:
        last = await bus.latest(subject)
        parts: list[Positions] = []
        if last is not None and last.sequence > after:
            async for message in bus.read(subject, after=after):
                parts.append(unpack(message.data)[0])
                if message.sequence >= last.sequence:
                    break
        return np.concatenate(parts) if parts else None
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
