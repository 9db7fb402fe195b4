"""The columns of the integer tables that the jitted pass over fences works on (all ``int64``)."""

from __future__ import annotations

from typing import Final

FORM: Final = 2  # of PAIR in a snapshot: raise it when a column changes
NONE: Final = -1  # no opening: an opening is a whole minute, which -1 ms is not

# One position; the first five are its key.
MS, LAT, LON, ALARM, STATUS, VEHICLE = range(6)
POINT_COLUMNS: Final = 6

# A vehicle and a place, the fields of values.Presence: R_, S_, H_ are keys (of the first point of
# the run, of the stay, and of the one that fell into the hours).
INSIDE, SETTLED, RUN, STAYED, NET, TOLD, HIT = range(7)
R_KEY, S_KEY, H_KEY, FAR = 7, 12, 17, 22
PAIR_COLUMNS: Final = 23

# A fence.
(
    F_ROLE, F_CONSECUTIVE, F_DWELL_MS, F_KINDS, F_BOUND, F_BOUND_END, F_FIRST_DAY, F_LAST_DAY,
    F_HOURS, F_HOURS_END, F_DIRECTION, F_CORNER, F_CORNER_END, F_WEST, F_SOUTH, F_EAST, F_NORTH,
) = range(17)  # fmt: skip
FENCE_COLUMNS: Final = 17
AREA, FORBIDDEN, ROUTE, GATE, NO_FENCE = range(5)

# Hours of a fence: minutes of the local day, weekdays as bits (1 = Monday), days since 1970.
H_START, H_END, H_WEEKDAYS, H_FIRST_DAY, H_LAST_DAY = range(5)
HOURS_COLUMNS: Final = 5

# One event; E_FIRST… is the key of its first position, E_POINTS… the points it rests on. The last
# three, values.Stay, are written where a stay ends and mean nothing elsewhere.
(
    E_ROW, E_FENCE, E_KIND, E_BY, E_OPENED, E_SIDE, E_FIRST, E_COUNT, E_POINTS, E_FAR, E_STAY,
    E_STAYED, E_TOLD,
) = (0, 1, 2, 3, 4, 5, 6, 11, 12, 17, 18, 23, 24)  # fmt: skip
EVENT_COLUMNS: Final = 25

ENTERED, LEFT, STAYED_LONG, FORBIDDEN_INSIDE, OFF_ROUTE, CROSSED, OFF_ROUTE_OVER = range(7)
BY_DEPTH, BY_CONSECUTIVE, BY_DWELL, BY_HOURS, BY_LAPSE = range(5)

DAY_MS: Final = 86_400_000
LOCAL_MS: Final = 28_800_000  # GMT+8
