"""The rail: which pages stand on it, for whom, and the number beside a word.

An entry is shown when its address exists (the room is installed) and the person holds its verb.
Rooms add a number with :func:`register_badge` from their ``urls`` module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from jiaoan.kernel.clock import Clock
from jiaoan.scope import can

Count = Callable[[object, Clock], int]


@dataclass(frozen=True)
class Entry:
    """One word on the rail. ``key`` names its page, its icon and its badge."""

    key: str
    label: str | Promise
    url_name: str
    verb: str
    opens_group: bool = False

    @property
    def url(self) -> str:
        return reverse(self.url_name)


RAIL = (
    Entry("desk", pgettext_lazy("rail", "Desk"), "desk", "desk.view"),
    Entry("notice", pgettext_lazy("rail", "Notices"), "notices", "notice.view"),
    Entry("ledger", pgettext_lazy("rail", "Ledger"), "ledger", "ledger.view"),
    Entry("map", pgettext_lazy("rail", "Map"), "map", "map.view", opens_group=True),
    Entry("vehicles", pgettext_lazy("rail", "Vehicles"), "vehicles", "registry.view"),
    Entry("places", pgettext_lazy("rail", "Places"), "places", "registry.view"),
    Entry("rules", pgettext_lazy("rail", "Rules"), "rules", "rule.view"),
    Entry("alarm", pgettext_lazy("rail", "Alarms"), "alarms", "alarm.view"),
    Entry("appeals", pgettext_lazy("rail", "My alarms"), "my_alarms", "alarm.answer"),
    Entry("hazmat", pgettext_lazy("rail", "Hazmat"), "hazmat", "filing.view"),
    Entry("reports", pgettext_lazy("rail", "Reports"), "reports", "paper.make", opens_group=True),
    Entry("journal", pgettext_lazy("rail", "Journal"), "journal", "journal.view"),
    Entry("system", pgettext_lazy("rail", "System"), "system", "org.manage"),
)

_counts: dict[str, Count] = {}


def register_badge(key: str, count: Count) -> None:
    """``count(actor, clock)`` answers how much waits behind the entry ``key``."""
    _counts[key] = count


def badge(key: str, actor: object, clock: Clock) -> int:
    count = _counts.get(key)
    return count(actor, clock) if count else 0


def entries(actor: object) -> list[Entry]:
    return [entry for entry in RAIL if _exists(entry) and can(actor, entry.verb)]


def _exists(entry: Entry) -> bool:
    try:
        reverse(entry.url_name)
    except NoReverseMatch:
        return False
    return True
