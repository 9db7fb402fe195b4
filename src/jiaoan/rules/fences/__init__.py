"""What the position alone tells about a vehicle and a fence 电子围栏.

Theory of operation (``docs/theory/fence-*.md`` say why, with the golden cases)
-------------------------------------------------------------------------------
The rule, version ``4`` (issue 2 section 3; domain.md 5.5; buffer 50 m and two points are [U],
so they come with each place):

*entered* 驶入: at the first fixed point deeper inside than the buffer, else at the second
(``consecutive``) inside point in a row. A point on the edge is inside.
*left* 驶离: the same, outside. It says when the stay began that it ends.
*stayed* 滞留: at the first point inside more than ``dwell_s`` seconds after the stay began (its
first inside point), once a stay.
*forbidden* 禁入: a place that forbids tells a vehicle that is confirmed inside at its first point
inside while the ban is in force, once for each opening of its hours: on entry, or when the hours
begin while it is inside.
*off route* 偏离线路: a vehicle bound to a route has left it, by the rule of *left*, while the
route is in force. It must have been on it; other vehicles are not judged. It is over when the
vehicle is back, by the rule of *entered*, or when the route is in force no more (its hours, its
days, the binding), and says how far off the vehicle was.
*crossed* 越线: the way between two points, no more than five minutes apart [U], crosses a gate
line, confirmed like an entry: by a point farther from the line than the buffer, or by the second
point in a row beyond it.

*Never flap.* Counting points in a row confirms a change only when the vehicle was *settled* on
the side it comes from: seen there deeper than the buffer since its last change, or never changed.
Without that, a lorry parked on the line would enter and leave for ever, two noisy points at a
time. After a change within the buffer only a point deeper than the buffer changes it back.

Which points count. A point moves the state of its vehicle only if it is fixed (status bit 1), has
a device time, lies on the earth and not at 0,0, is not stamped later than ten minutes after its
arrival [U], and is later than the last point that counted. So repeated, late and out-of-order
reports change nothing, and any cutting of the stream into batches gives the same findings. What
late ones change is settled behind them, against the whole track (:mod:`~.grounds`).

When a place holds. Where a vehicle is is followed on every day; findings are told only on days from
``valid_from`` to ``valid_to``, both included, by the local day of the point. So nobody "enters" at
midnight because a place begins to hold.

What is not known. A vehicle never seen before counts as outside: a lorry that appears inside is
inside, and says so by the ordinary rule. When a place is new, or redrawn, every known vehicle
whose last point lies inside it is taken as inside without a finding (:func:`adopt`); its leaving
is told. A stay seen so begins at that last point.
"""

from jiaoan.rules.fences.judging import Fences, Found, Outcome, adopt, counts, judge, look, look_up
from jiaoan.rules.fences.kinds import Kinds, Steady
from jiaoan.rules.fences.roads import Road, RoadClass, road_of
from jiaoan.rules.fences.steps import step
from jiaoan.rules.fences.values import (
    AHEAD_MS,
    FIXED,
    KEPT_POINTS,
    OUTSIDE,
    RULES,
    VERSION,
    Confirmed,
    Evidence,
    Fence,
    Finding,
    Kind,
    Point,
    Presence,
    Role,
    Stay,
    Vehicle,
)

__all__ = [
    "AHEAD_MS",
    "FIXED",
    "KEPT_POINTS",
    "OUTSIDE",
    "RULES",
    "VERSION",
    "Confirmed",
    "Evidence",
    "Fence",
    "Fences",
    "Finding",
    "Found",
    "Kind",
    "Kinds",
    "Outcome",
    "Point",
    "Presence",
    "Road",
    "RoadClass",
    "Role",
    "Stay",
    "Steady",
    "Vehicle",
    "adopt",
    "counts",
    "judge",
    "look",
    "look_up",
    "road_of",
    "step",
]
