"""Kinds of duty work 事项类别 and the figures each report-back carries.

A meeting, a led check, a drill and a training leave different records; the table below is the
only place that knows which. ``guess`` proposes the kind from the words of the duty, a person may
change it on the draft.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Activity(StrEnum):
    MEETING = "meeting"
    LED_CHECK = "led_check"
    DRILL = "drill"
    TRAINING = "training"
    CASE = "case"
    PROGRESS = "progress"
    GENERAL = "general"

    @property
    def label(self) -> Promise:
        return _LABELS[self]


_LABELS: dict[Activity, Promise] = {
    Activity.MEETING: _("Meeting"),
    Activity.LED_CHECK: _("Led check"),
    Activity.DRILL: _("Drill"),
    Activity.TRAINING: _("Training"),
    Activity.CASE: _("Case publication"),
    Activity.PROGRESS: _("Progress report"),
    Activity.GENERAL: _("General"),
}


@dataclass(frozen=True)
class FigureField:
    """One figure or short text of a report-back."""

    key: str
    label: Promise
    whole_number: bool = False
    required: bool = True


COUNT = FigureField("count", _("Times done"), whole_number=True)
FIELDS: dict[Activity, tuple[FigureField, ...]] = {
    Activity.MEETING: (
        COUNT,
        FigureField("chair", _("Chaired by")),
        FigureField("attended", _("People attending"), whole_number=True, required=False),
    ),
    Activity.LED_CHECK: (
        COUNT,
        FigureField("leader", _("Led by")),
        FigureField("place", _("Place checked")),
        FigureField("hazards", _("Hazards found"), whole_number=True),
    ),
    Activity.DRILL: (
        COUNT,
        FigureField("subject", _("Subject of the drill")),
        FigureField("attended", _("People attending"), whole_number=True, required=False),
    ),
    Activity.TRAINING: (
        COUNT,
        FigureField("attended", _("People attending"), whole_number=True),
        FigureField("passed", _("People passed"), whole_number=True, required=False),
    ),
    Activity.CASE: (COUNT, FigureField("link", _("Published at"), required=False)),
    Activity.PROGRESS: (),
    Activity.GENERAL: (COUNT,),
}

# The first word that occurs decides; more special words stand first.
_WORDS: tuple[tuple[str, Activity], ...] = (
    ("典型案例", Activity.CASE),
    ("演练", Activity.DRILL),
    ("带队", Activity.LED_CHECK),
    ("会议", Activity.MEETING),
    ("例会", Activity.MEETING),
    ("集体学习", Activity.TRAINING),
    ("培训", Activity.TRAINING),
    ("抽考", Activity.TRAINING),
    ("考核", Activity.GENERAL),
)


def guess(words: str) -> Activity:
    """The kind that the words of a duty point to."""
    return next((kind for word, kind in _WORDS if word in words), Activity.GENERAL)


# Duties on which facts of other rooms may land as evidence: all words of a row → tag.
_TAG_WORDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("电子围栏",), "geofence"),
    (("进出辖区",), "geofence"),
    (("全过程监控",), "geofence"),
    (("电子备案",), "hazmat_filing"),
    (("外籍", "备案"), "hazmat_filing"),
    (("电子运单",), "waybill"),
)


def tags_for(words: str) -> list[str]:
    """Tags by which ``offer_evidence`` finds a duty."""
    found = (tag for needed, tag in _TAG_WORDS if all(word in words for word in needed))
    return list(dict.fromkeys(found))
