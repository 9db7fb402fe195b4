"""The life of a terminal's link.

Theory of operation
-------------------
A link begins ``NEW`` and may register and authenticate. ``ADMIT`` (right code) makes it ``LIVE``:
only then are positions taken. ``REFUSE`` (unknown terminal, wrong code, or a terminal whose entry
was withdrawn while it was live) makes it ``REFUSED``: it is still answered, may still
authenticate, and is closed after the grace period; a second refusal does not prolong it.
``END`` is the socket's end, from wherever: the terminal's, ours, a time-out, or the take-over by
a newer link of the same terminal (808-2013 clause 5: the platform takes the old one for dead).
"""

from __future__ import annotations

from enum import StrEnum

from jiaoan.kernel.states import Machine, Transition


class LinkState(StrEnum):
    """Where a link stands."""

    NEW = "new"
    LIVE = "live"
    REFUSED = "refused"
    ENDED = "ended"


class LinkVerb(StrEnum):
    """What happens to a link."""

    ADMIT = "admit"
    REFUSE = "refuse"
    END = "end"


_S, _V = LinkState, LinkVerb
LINK = Machine(
    "terminal link",
    LinkState,
    LinkVerb,
    _S.NEW,
    [
        Transition(_S.NEW, _V.ADMIT, _S.LIVE, "link.admitted"),
        Transition(_S.NEW, _V.REFUSE, _S.REFUSED, "link.refused"),
        Transition(_S.NEW, _V.END, _S.ENDED, "link.ended"),
        Transition(_S.LIVE, _V.ADMIT, _S.LIVE, "link.admitted"),
        Transition(_S.LIVE, _V.REFUSE, _S.REFUSED, "link.refused"),
        Transition(_S.LIVE, _V.END, _S.ENDED, "link.ended"),
        Transition(_S.REFUSED, _V.ADMIT, _S.LIVE, "link.admitted"),
        Transition(_S.REFUSED, _V.REFUSE, _S.REFUSED, "link.refused"),
        Transition(_S.REFUSED, _V.END, _S.ENDED, "link.ended"),
    ],
)
