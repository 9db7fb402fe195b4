"""What the map knows of alarms: rows of other rooms, handed in by the pages of those rooms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jiaoan.kernel.clock import Clock
from jiaoan.portal.components import Light, Text


@dataclass(frozen=True)
class MapAlarm:
    """One line of the list below the map. ``is_open`` ones also mark their vehicle."""

    vehicle: int
    plate: str
    plate_colour: int
    label: Text
    happened_at: datetime
    note: Text
    light: Light
    url: str
    is_open: bool


Source = Callable[[object, Clock], Sequence[MapAlarm]]
_sources: list[Source] = []


def register_alarm_source(source: Source) -> None:
    """``source(actor, clock)`` answers today's alarms and movements that the actor may see."""
    _sources.append(source)


def connected() -> bool:
    """Whether any room hands in alarms; if none does, the page says so instead of 0."""
    return bool(_sources)


def alarms(actor: object, clock: Clock) -> list[MapAlarm]:
    """All of them, newest first."""
    found = [alarm for source in _sources for alarm in source(actor, clock)]
    return sorted(found, key=lambda alarm: alarm.happened_at, reverse=True)
