"""The network shell around :mod:`jiaoan.wire`: JT/T 808 terminals over TCP.

Theory of operation
-------------------
sockets → ``Reactor`` (compiled: plain reports of live terminals) → ``Publisher`` → bus → 0x8001;
else → ``Connection`` → ``FrameReader`` → ``Session`` (who is this, what is answered at once)
→ ``decode_batch`` → ``Publisher`` (one batch in flight for each partition) → bus → 0x8001.

A location report is answered with "ok" only after the bus said that its batch is on disk:
acknowledged = stored. While the bus is gone or full nothing is answered, the queues fill up to a
bound, and then the gateway stops reading its sockets; TCP carries the pressure to the terminals,
which keep their reports and send them again.
"""
