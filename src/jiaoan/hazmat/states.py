"""State tables of hazmat: filing 备案 and trip 行程.

Theory of operation
-------------------
A *filing* is what a carrier says about one vehicle for some days. The officer approves it, returns
it 退回补正 (the carrier supplements and hands it in again) or refuses it with a legal ground. An
approved one expires by its last day, or after its trip when it was for a single trip; approved or
open ones can be withdrawn. A filing is a registration, not a licence: no state of it forbids a
vehicle to drive.

A *trip* is one stay of a vehicle in the district. It is inside until the exit is seen. When the
same vehicle is found entering again and no exit was seen (terminal off at the line), the earlier
trip is superseded, never silently closed. So it is when its district line is in force no more
(closed, its last day over): nobody sees the exit then. Where another line takes its place, the exit
over that one ends the trip after all.

Positions that come late 迟到点 correct this. A disproved exit makes the vehicle inside again (or
superseded, where it entered again since), a disproved entry withdraws the trip; nothing is
deleted. An entry that is found in the place of a withdrawn one is the same stay: the trip is
restored with its papers, verdicts and alarms.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.kernel.states import Machine, Transition


class FilingState(StrEnum):
    APPLIED = "applied"
    RETURNED = "returned"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> Promise:
        return _FILING_LABELS[self]

    @property
    def tone(self) -> str:
        """Colour of the state's word: it speaks of time, so it takes the lights' colours."""
        return _FILING_TONES[self]


_FILING_LABELS: dict[FilingState, Promise] = {
    FilingState.APPLIED: _("To approve"),
    FilingState.RETURNED: _("Returned for supplement"),
    FilingState.APPROVED: _("Filed"),
    FilingState.REFUSED: _("Not filed"),
    FilingState.EXPIRED: _("Filing expired"),
    FilingState.WITHDRAWN: _("Withdrawn"),
}
_FILING_TONES: dict[FilingState, str] = {
    FilingState.APPLIED: "near",
    FilingState.RETURNED: "near",
    FilingState.APPROVED: "ok",
    FilingState.REFUSED: "late",
    FilingState.EXPIRED: "late",
    FilingState.WITHDRAWN: "idle",
}


class FilingVerb(StrEnum):
    APPROVE = "approve"
    RETURN = "return"
    REFUSE = "refuse"
    RESUBMIT = "resubmit"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"


F, V = FilingState, FilingVerb
FILING: Machine[FilingState, FilingVerb] = Machine(
    "hazmat.filing",
    FilingState,
    FilingVerb,
    F.APPLIED,
    [
        Transition(F.APPLIED, V.APPROVE, F.APPROVED, "hazmat.filing_approved"),
        Transition(F.APPLIED, V.RETURN, F.RETURNED, "hazmat.filing_returned"),
        Transition(F.APPLIED, V.REFUSE, F.REFUSED, "hazmat.filing_refused"),
        Transition(F.APPLIED, V.WITHDRAW, F.WITHDRAWN, "hazmat.filing_withdrawn"),
        Transition(F.RETURNED, V.RESUBMIT, F.APPLIED, "hazmat.filing_resubmitted"),
        Transition(F.RETURNED, V.WITHDRAW, F.WITHDRAWN, "hazmat.filing_withdrawn"),
        Transition(F.APPROVED, V.EXPIRE, F.EXPIRED, "hazmat.filing_expired"),
        Transition(F.APPROVED, V.WITHDRAW, F.WITHDRAWN, "hazmat.filing_withdrawn"),
    ],
)


class TripState(StrEnum):
    INSIDE = "inside"
    LEFT = "left"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"

    @property
    def label(self) -> Promise:
        return _TRIP_LABELS[self]


_TRIP_LABELS: dict[TripState, Promise] = {
    TripState.INSIDE: _("In the district"),
    TripState.LEFT: _("Has left"),
    TripState.SUPERSEDED: _("Exit not seen"),
    TripState.WITHDRAWN: _("Entry withdrawn"),
}


class TripVerb(StrEnum):
    LEAVE = "leave"
    SUPERSEDE = "supersede"
    END_WITH_PLACE = "end_with_place"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    RESTORE = "restore"


TRIP: Machine[TripState, TripVerb] = Machine(
    "hazmat.trip",
    TripState,
    TripVerb,
    TripState.INSIDE,
    [
        Transition(TripState.INSIDE, TripVerb.LEAVE, TripState.LEFT, "hazmat.left"),
        Transition(
            TripState.INSIDE, TripVerb.SUPERSEDE, TripState.SUPERSEDED, "hazmat.trip_superseded"
        ),
        Transition(
            TripState.INSIDE, TripVerb.END_WITH_PLACE, TripState.SUPERSEDED, "hazmat.place_ended"
        ),
        Transition(TripState.SUPERSEDED, TripVerb.LEAVE, TripState.LEFT, "hazmat.left"),
        Transition(TripState.LEFT, TripVerb.REOPEN, TripState.INSIDE, "hazmat.exit_withdrawn"),
        Transition(TripState.SUPERSEDED, TripVerb.REOPEN, TripState.INSIDE, "hazmat.trip_resumed"),
        *(
            Transition(state, TripVerb.WITHDRAW, TripState.WITHDRAWN, "hazmat.entry_withdrawn")
            for state in (TripState.INSIDE, TripState.LEFT, TripState.SUPERSEDED)
        ),
        Transition(
            TripState.WITHDRAWN, TripVerb.RESTORE, TripState.INSIDE, "hazmat.entry_corrected"
        ),
    ],
)
