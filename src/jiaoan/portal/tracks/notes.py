"""What a reader must mind about a track: what may be missing, which figures nobody confirmed."""

from __future__ import annotations

from django.utils.translation import gettext as _

from jiaoan.stores.unsealed import Missing
from jiaoan.tracks.queries import Day


def of_missing(missing: Missing) -> list[str]:
    if missing is Missing.NO_BUS:
        return [_("The position bus gives no answer: the last half minute may be missing.")]
    if missing is Missing.BEHIND:
        return [_("The writer of tracks is behind: the newest positions may be missing.")]
    return []


def of_day(day: Day) -> list[str]:
    figures = day.figures
    said = _(
        "A silence above %(gap)d s is a gap; a stand lasts %(halt)d s or more within %(near)d m; "
        "%(displaced).0f km or more in %(offline)d min or more off line is a displacement "
        "(figures of the house, unverified)."
    ) % {
        "gap": figures.gap_s,
        "halt": figures.halt_s,
        "near": figures.stay_m,
        "displaced": figures.displaced_m / 1000,
        "offline": figures.offline_s // 60,
    }
    limits = _(
        "Speed is judged by the limits of the kind of vehicle and of places; what the firm or the "
        "terminal is set to is not known here."
    )
    return [*of_missing(day.missing), said, limits]
