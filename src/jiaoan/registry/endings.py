"""When a place ceased to be in force for somebody, and why: from its versions in the register.

In force means both: published before the moment, and the moment's local day within the version's
own days (ADR 0034). What lasts in a place cannot outlast that: after it nobody looks whether a
vehicle is still there (ADR 0040).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json
from jiaoan.kernel.clock import at_local
from jiaoan.registry import history, reference
from jiaoan.registry.history import Published
from jiaoan.registry.models import Place

Value = Mapping[str, Json]
Fits = Callable[[Value], bool]
"""Whether a version (:func:`reference.place_value`) concerns somebody, apart from its days."""
_EVER: Final = datetime.min.replace(tzinfo=UTC)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_FIRST, _LAST = date(2, 1, 1), date(9999, 12, 30)  # beyond them a local day has no moments


class Cause(models.TextChoices):
    """Why a place is in force no more: 到期, 停用, 变更."""

    EXPIRED = "expired", _("place expired")
    CLOSED = "closed", _("place closed")
    CHANGED = "changed", _("place changed, for other vehicles or uses")


@dataclass(frozen=True)
class Ending:
    """``version`` is the last one that was in force, 0 = none that is known ever was."""

    at: datetime
    cause: Cause
    version: int


class Tenure:
    """One place through its versions; those before the present one are read when asked for."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._now = Published(place.version, _EVER, reference.place_value(place))
        self._known: list[Published] | None = None

    def ended(self, fits: Fits, now: datetime) -> Ending | None:
        """Since when it is in force no more for whom it ``fits``; ``None`` while it is.

        ``now`` where no version that is known ever was: then nobody can say since when.
        """
        if last_end([self._now], fits, now) is None:
            return None
        return last_end(self._versions(), fits, now)

    def _versions(self) -> Sequence[Published]:
        if self._known is None:
            known = history.published(reference.place_subject(self._place))
            self._known = known if known and known[-1].version == self._now.version else [self._now]
        return self._known


def last_end(versions: Sequence[Published], fits: Fits, now: datetime) -> Ending | None:
    """The same from versions by time, each in force up to the next."""
    over = _days(versions[-1].value)[1] <= now
    found = Ending(now, Cause.EXPIRED if over else Cause.CHANGED, 0)
    ends = [*versions, Published(0, _NEVER, {})]
    for one, after in pairwise(ends):
        first, until = _days(one.value)
        begin, end = max(one.since, first), min(after.since, until)
        if not fits(one.value) or begin >= min(end, now):
            continue
        if end > now:
            return None
        found = Ending(end, _cause(end, until, after), one.version)
    return found


def _cause(end: datetime, until: datetime, after: Published) -> Cause:
    if end == until:
        return Cause.EXPIRED
    return Cause.CLOSED if _days(after.value)[1] <= end else Cause.CHANGED


def _days(value: Value) -> tuple[datetime, datetime]:
    """The moments between which its own days lie."""
    first, last = (_day(value.get(name)) for name in ("valid_from", "valid_to"))
    return (
        _EVER if first is None or first <= _FIRST else at_local(first),
        _NEVER if last is None or last >= _LAST else at_local(last + timedelta(days=1)),
    )


def _day(value: Json) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else None
