"""What happened on a day, in the order of time: one list for the page, the sheet and the curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from jiaoan.rules.driving.sentences import span_en, span_zh
from jiaoan.tracks.driven import Driven
from jiaoan.tracks.queries import Day
from jiaoan.tracks.reading import Gap, GapReason, Stand

Text = str | Promise
REASONS: dict[GapReason, Text] = {
    GapReason.OFFLINE: pgettext_lazy("gap of a track", "Off line"),
    GapReason.NOT_REPORTED: pgettext_lazy("gap of a track", "Not reported"),
    GapReason.BAD_DATA: pgettext_lazy("gap of a track", "Bad data"),
}


@dataclass(frozen=True)
class Event:
    """``kind`` is displaced, gap, stand or over, as on the curve; ``at`` moves the slider there."""

    kind: str
    start: datetime
    end: datetime
    label: Text
    text: str

    @property
    def span(self) -> str:
        return span(round((self.end - self.start).total_seconds()))

    @property
    def at_ms(self) -> int:
        return round(self.start.timestamp() * 1000)


def span(seconds: int) -> str:
    return span_zh(seconds) if _chinese() else span_en(seconds)


def _chinese() -> bool:
    return (get_language() or "zh").startswith("zh")


def events_of(day: Day) -> list[Event]:
    found = [_gap(each) for each in day.reading.gaps]
    found += [_stand(each) for each in day.reading.stands]
    found += [_driven(each) for each in day.driven]
    return sorted(found, key=lambda each: (each.start, each.end))


def _gap(gap: Gap) -> Event:
    parts = []
    if gap.before is None and gap.after is None:
        parts.append(_("no position on this day"))
    elif gap.before is None:
        parts.append(_("before the first position"))
    elif gap.after is None:
        parts.append(_("no position since"))
    if gap.metres is not None:
        parts.append(_("%(km).1f km in a straight line") % {"km": gap.metres / 1000})
    if gap.bad:
        parts.append(_("%(n)d reports without a usable place") % {"n": gap.bad})
    kind = "displaced" if gap.displaced else "gap"
    label: Text = _("Moved while off line") if gap.displaced else REASONS[gap.reason]
    return Event(kind, gap.start, gap.end, label, _join(parts))


def _stand(stand: Stand) -> Event:
    where = f"{stand.first.lon:.5f}, {stand.first.lat:.5f}"
    label = pgettext("of a vehicle", "Stand")
    return Event("stand", stand.first.time, stand.last.time, label, where)


def _driven(each: Driven) -> Event:
    chinese = _chinese()
    label = each.title_zh if chinese else each.title_en
    text = each.sentence.zh if chinese else each.sentence.en
    return Event("over", each.start, each.end, label, text)


def _join(parts: Sequence[str]) -> str:
    return ("，" if _chinese() else "; ").join(parts)
