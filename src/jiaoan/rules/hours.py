"""When a place's rule is in force 时间窗口: hours of the day, weekdays, calendar days.

All in local time (+08:00, without summer time). A window opens at ``start`` and is closed from
``end`` on: at 07:00:00.000 the window 07:00-09:00 is open, at 09:00:00.000 it is not. A window
whose end is not after its start closes on the next day. Weekday and calendar day are those of the
day on which it opens: 22:00-05:00 on Fridays covers the small hours of Saturday.

>>> hours = Hours.parse({"from": "22:00", "to": "05:00", "weekdays": [5]})
>>> hours.opened(1_712_336_400_000) == hours.opened(1_712_325_600_000)  # Sat 01:00, Fri 22:00
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

_DAY_MS: Final = 86_400_000
_MINUTE_MS: Final = 60_000
_LOCAL_MS: Final = 8 * 3_600_000
_EPOCH: Final = date(1970, 1, 1).toordinal()  # a Thursday
MINUTES: Final = 1440
EVERY_DAY: Final = frozenset(range(1, 8))
ALWAYS_OPENED: Final = 0


class HoursRefused(ValueError):
    """A window that is none; the text names the field and says why."""


@dataclass(frozen=True)
class Hours:
    """Minutes of the local day, ISO weekdays (1 = Monday), first and last day both inclusive."""

    start: int
    end: int
    weekdays: frozenset[int] = EVERY_DAY
    first_day: date | None = None
    last_day: date | None = None

    @classmethod
    def parse(cls, said: Mapping[str, object]) -> Hours:
        """From ``{"from": "22:00", "to": "05:00", "weekdays": [5], "first_day", "last_day"}``."""
        start, end = _minute("from", said.get("from", "")), _minute("to", said.get("to", ""))
        if start == end:
            raise HoursRefused(
                "to: must differ from the beginning; the whole day is 00:00 to 24:00"
            )
        if start == MINUTES:
            raise HoursRefused("from: a window begins at 23:59 at the latest; 24:00 is only an end")
        days = said.get("weekdays") or sorted(EVERY_DAY)
        if not isinstance(days, list) or not all(
            isinstance(day, int) and day in EVERY_DAY for day in days
        ):
            raise HoursRefused("weekdays: must be numbers from 1 (Monday) to 7 (Sunday)")
        first, last = _day("first_day", said), _day("last_day", said)
        if first and last and last < first:
            raise HoursRefused("last_day: lies before the first day")
        return cls(start, end, frozenset(days), first, last)

    def as_json(self) -> dict[str, str | list[int] | None]:
        """What :meth:`parse` reads."""
        return {
            "from": _clock(self.start),
            "to": _clock(self.end),
            "weekdays": sorted(self.weekdays),
            "first_day": self.first_day.isoformat() if self.first_day else None,
            "last_day": self.last_day.isoformat() if self.last_day else None,
        }

    @property
    def over_midnight(self) -> bool:
        return self.end <= self.start

    def opened(self, time_ms: int) -> int | None:
        """When (UTC ms) the window opened that is open at ``time_ms``; ``None`` = it is closed."""
        day, rest = divmod(time_ms + _LOCAL_MS, _DAY_MS)
        start, end = self.start * _MINUTE_MS, self.end * _MINUTE_MS
        if self.over_midnight:
            if rest >= start:
                return self._opening(day)
            return self._opening(day - 1) if rest < end else None
        return self._opening(day) if start <= rest < end else None

    def closes(self, time_ms: int) -> int:
        """When (UTC ms) the window closes that is open at ``time_ms``; as :meth:`opened` then."""
        opening = self.opened(time_ms)
        assert opening is not None, "asked only of a window that is open"
        minutes = self.end - self.start + (MINUTES if self.over_midnight else 0)
        return opening + minutes * _MINUTE_MS

    def _opening(self, day: int) -> int | None:
        if (day + 3) % 7 + 1 not in self.weekdays:
            return None
        on = date.fromordinal(day + _EPOCH)
        if (self.first_day and on < self.first_day) or (self.last_day and on > self.last_day):
            return None
        return day * _DAY_MS + self.start * _MINUTE_MS - _LOCAL_MS


def local_day(time_ms: int) -> date:
    return date.fromordinal((time_ms + _LOCAL_MS) // _DAY_MS + _EPOCH)


def local_midnight_after(day: date) -> int:
    """UTC ms at which that local day is over."""
    return (day.toordinal() - _EPOCH + 1) * _DAY_MS - _LOCAL_MS


def opened(windows: Iterable[Hours], time_ms: int) -> int | None:
    """When the rule came into force that is in force at ``time_ms``; ``None`` = it is not.

    Without any window it is always in force: :data:`ALWAYS_OPENED`. Where windows overlap, the one
    that opened first counts.
    """
    windows = tuple(windows)
    if not windows:
        return ALWAYS_OPENED
    found = [at for one in windows if (at := one.opened(time_ms)) is not None]
    return min(found, default=None)


def lapses(windows: Iterable[Hours], time_ms: int, until_ms: int) -> int:
    """When the rule that is in force at ``time_ms`` no longer is, ``until_ms`` at the latest.

    A window that opens by the moment at which another closes goes on with it.
    """
    windows, moment = tuple(windows), time_ms
    while moment < until_ms:
        ends = [one.closes(moment) for one in windows if one.opened(moment) is not None]
        if not ends:
            break
        moment = max(ends)
    return min(moment, until_ms) if windows else until_ms


def _minute(name: str, value: object) -> int:
    hour, colon, minute = str(value).partition(":")
    if not (colon and hour.isdecimal() and minute.isdecimal() and len(minute) == 2):
        raise HoursRefused(f"{name}: {str(value)[:20]!r} is no time of day; write it as 07:00")
    found = int(hour) * 60 + int(minute)
    if int(minute) > 59 or found > MINUTES:
        raise HoursRefused(f"{name}: {str(value)[:20]!r} is no time from 00:00 to 24:00")
    return found


def _day(name: str, said: Mapping[str, object]) -> date | None:
    value = said.get(name)
    if not value:
        return None
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise HoursRefused(
            f"{name}: {str(value)[:20]!r} is no day; write it as 2024-04-08"
        ) from None


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
