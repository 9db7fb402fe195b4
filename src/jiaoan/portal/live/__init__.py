"""Live push: one broadcaster a process reads the bus, every open page has a light stream of it.

Theory of operation
-------------------
:mod:`positions` keeps the last fix of every vehicle in the order of change. A page's stream
pulls what changed since it last looked, at most once a second, so a slow page never makes a queue
grow: it simply sees the newest. Events (alarms, ledger) are few and go out at once through a
bounded queue that drops its oldest.

Rights are asked when a stream begins; the stream ends after :data:`hub.LIFETIME` seconds and the
browser comes again, so a right that was taken away is gone within minutes. What an event carries
to a page is only ids; the page fetches rows through the ordinary, restricted addresses.
"""
