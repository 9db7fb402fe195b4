"""Platform to platform over JT/T 809, in both roles.

Theory of operation
-------------------
*Superior* 上级平台: subordinates log in on one port; the first frame tells by its access code whose
settings hold, and the sub link is opened to the address that the login gives. Positions are matched
to vehicles by plate and colour, published to ``positions.NN`` and only then counted; a keep-alive
is answered only after all positions before it are on disk. While the bus is gone or full nothing
is read, so TCP carries the pressure to the subordinate.

*Subordinate* 下级平台: reads ``positions.*`` from the bus behind a kept sequence and sends them on.
809 acknowledges no position; but frames are read in order, so the answer to a keep-alive says that
all before it was read. Only then the kept sequence moves. After an outage everything behind it is
sent as back-fill 0x1203, in the order of the bus.

Once an hour each tells the other how many positions went over the link; a report of the links is
answered, and positions that a superior says it misses are sent again.

Both publish what people have to act on to ``platform.up``, and carry out ``platform.down.CODE``.
Our superior recognises what it has already stored; another's may meet the last second twice.
"""
