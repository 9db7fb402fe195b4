"""What a reader must mind about a track: what may be missing, which figures nobody confirmed."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from jiaoan.stores.unsealed import Missing
from jiaoan.tracks.queries import Day
from jiaoan.tracks.retention import PeriodRefused, periods


@dataclass(frozen=True)
class Note:
    """A sentence; ``unverified`` figures in it carry 未核实."""

    text: str
    unverified: bool = False

    def on_paper(self) -> str:
        return f"{self.text.rstrip('。')}（{_('Unverified')}）。" if self.unverified else self.text


def of_missing(missing: Missing) -> list[Note]:
    if missing is Missing.NO_BUS:
        return [Note(_("The position bus gives no answer: the last half minute may be missing."))]
    if missing is Missing.BEHIND:
        return [Note(_("The writer of tracks is behind: the newest positions may be missing."))]
    return []


def of_day(day: Day) -> list[Note]:
    """For the page; a sheet says the same without how long positions are kept: its own are kept."""
    return [*of_reading(day), _kept(day)]


def of_reading(day: Day) -> list[Note]:
    figures = day.figures
    said = _(
        "A silence above %(gap)d s is a gap; a stand lasts %(halt)d s or more within %(near)d m; "
        "%(displaced).0f km or more in %(offline)d min or more off line is a displacement."
    ) % {
        "gap": figures.gap_s,
        "halt": figures.halt_s,
        "near": figures.stay_m,
        "displaced": figures.displaced_m / 1000,
        "offline": figures.offline_s // 60,
    }
    limits = _(
        "Speed is judged by the vehicle's profile and the places of today; what its terminal is "
        "set to is not known here."
    )
    return [*of_missing(day.missing), Note(said, unverified=True), Note(limits)]


def _kept(day: Day) -> Note:
    """How long the positions of this vehicle are kept, or what is wrong with the setting."""
    try:
        period = periods().get(day.vehicle.kind)
    except PeriodRefused as refused:
        return Note(str(refused))
    if period is None:
        return Note(_("Positions of this vehicle are kept as long as those of any."))
    said = _("Positions of this kind of vehicle are kept %(n)d months.") % {"n": period.months}
    return Note(said, unverified=period.mark == "U")
