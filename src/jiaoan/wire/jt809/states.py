"""The life of one link, seen from both of its ends.

Theory of operation
-------------------
Two platforms hold two links. The *main link* 主链路 is opened by the subordinate, the *sub link*
从链路 by the superior, to the address that the subordinate gave when it logged in. So each link has
an end that opens it and logs in (the *caller*) and an end that is called (the *called*), and both
links follow the same two tables:

=========  ===================  ===================
link       caller               called
=========  ===================  ===================
main       subordinate          superior
sub        superior             subordinate
=========  ===================  ===================

``LOSE`` is the end of the connection from wherever: the peer, ourselves, a time-out. A refused
login ends the connection after its answer. Logging out and being refused are the only orderly
ends; after ``LOSE`` the caller tries again.
"""

from __future__ import annotations

from enum import StrEnum

from jiaoan.kernel.states import Machine, Transition


class CallerState(StrEnum):
    """Where the end stands that opened the link."""

    DOWN = "down"
    LOGGING_IN = "logging_in"
    LIVE = "live"
    LEAVING = "leaving"


class CallerVerb(StrEnum):
    """What happens to it."""

    CONNECT = "connect"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    LEAVE = "leave"
    LEFT = "left"
    LOSE = "lose"


class CalledState(StrEnum):
    """Where the end stands that was called."""

    DOWN = "down"
    WAITING = "waiting"
    LIVE = "live"


class CalledVerb(StrEnum):
    """What happens to it."""

    CONNECT = "connect"
    ADMIT = "admit"
    REFUSE = "refuse"
    LEFT = "left"
    LOSE = "lose"


_R, _V = CallerState, CallerVerb
CALLER: Machine[CallerState, CallerVerb] = Machine(
    "jt809.caller",
    CallerState,
    CallerVerb,
    _R.DOWN,
    [
        Transition(_R.DOWN, _V.CONNECT, _R.LOGGING_IN, "link.connected"),
        Transition(_R.LOGGING_IN, _V.ACCEPTED, _R.LIVE, "link.live"),
        Transition(_R.LOGGING_IN, _V.REFUSED, _R.DOWN, "link.refused"),
        Transition(_R.LOGGING_IN, _V.LOSE, _R.DOWN, "link.lost"),
        Transition(_R.LIVE, _V.LEAVE, _R.LEAVING, "link.leaving"),
        Transition(_R.LIVE, _V.LOSE, _R.DOWN, "link.lost"),
        Transition(_R.LEAVING, _V.LEFT, _R.DOWN, "link.left"),
        Transition(_R.LEAVING, _V.LOSE, _R.DOWN, "link.left"),
    ],
)

_D, _W = CalledState, CalledVerb
CALLED: Machine[CalledState, CalledVerb] = Machine(
    "jt809.called",
    CalledState,
    CalledVerb,
    _D.DOWN,
    [
        Transition(_D.DOWN, _W.CONNECT, _D.WAITING, "link.connected"),
        Transition(_D.WAITING, _W.ADMIT, _D.LIVE, "link.live"),
        Transition(_D.WAITING, _W.REFUSE, _D.DOWN, "link.refused"),
        Transition(_D.WAITING, _W.LOSE, _D.DOWN, "link.lost"),
        Transition(_D.LIVE, _W.ADMIT, _D.LIVE, "link.live"),
        Transition(_D.LIVE, _W.LEFT, _D.DOWN, "link.left"),
        Transition(_D.LIVE, _W.LOSE, _D.DOWN, "link.lost"),
    ],
)
