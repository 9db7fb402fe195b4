"""Driving and data quality: what the positions of one vehicle tell about how it was driven.

Theory of operation
-------------------
*In.* :func:`jiaoan.rules.driving.judge.judge` takes one batch of positions (a structured array with
the fields of ``stores.positions.DTYPE``) in stored order, the :class:`~.cards.Card` events of the
same stream (driver identity 驾驶员身份), what the places say about each row
(:data:`~.columns.SURROUNDINGS`: road class, section limit, inside a known place; zeros where
nothing is known), the :class:`~.book.Book` (who each vehicle is, which figures hold on which day)
and the :class:`~.memory.Memory` of the partition, which it does not change.

*Out.* An :class:`~.judge.Outcome`: the :class:`~.findings.Finding` s in order, ``late`` (the rows
that were older than the state) and the changed rows of the memory. When every finding is stored the
caller says ``memory.take(outcome)``: a batch is taken whole or not at all. ``memory.encode()`` and
``Memory.decode()`` are the form in a snapshot (versioned, refused with a sentence when foreign).

*Which points count.* As for fences: fixed, with a device time, on the earth and not at 0,0, not
stamped more than ten minutes after their arrival [U], and later than the last point of the vehicle
that counted. So a repeated report changes nothing and any cutting into batches gives the same
findings. Rules in :data:`~.law.ON_ARRIVAL` (invalid data, clock) look at every row instead, once
per field and day of receipt.

*Late points* never move the live state. The caller collects ``outcome.late`` (vehicle and time),
reads the vehicle's track back from the history for :func:`~.settle.window_ms` and calls
:func:`~.settle.settle`, which judges the sorted track without doubles from the beginning and says
what is ``confirmed`` (same id as told live), ``added`` and ``withdrawn``. Confirmed and added
together are exactly the findings of the undisturbed run in time order. A card event that arrives
late counts from its place in the stream on and is settled in the same way.

*Two phases.* A rule that lasts tells ``begun`` at the point that makes it certain (this raises the
alarm) and ``ended`` when it is over, with end, duration, maximum and number of points. Both carry
the same ``first_key``; ``Finding.id`` is made from rule, version, vehicle, first key and, for an
end, the word ``ended``; ``Finding.begun_id`` of an end names its beginning. Rules that are over at
once tell only ``begun``. ``judge`` has no clock: a vehicle that went silent is told by
:func:`~.judge.silent`, a pure function of memory and now, whose id does not depend on when it was
asked; the end of that silence comes with the vehicle's next point.

*Explained.* A finding carries the first and the deciding point, the figures it looked at
(``values``), the figures it was held against (``limits``), rule, version and the clauses that held
on the day of the act (:func:`~.law.clauses_on`). :func:`~.sentences.sentence` makes the Chinese and
the English sentence from the finding alone; :func:`~.settle.recompute` says from exported positions
whether a finding comes out again, or field by field where it differs.

*One pass.* ``kernel`` is the jitted pass over integer columns; ``twin`` says the same in plain
Python from whole tracks, written from the text of the rules; tests hold them equal event by event.
Call :func:`~.kernel.warm` before listening.

*Across vehicles.* Two hazmat vehicles too long together need all partitions, so
:class:`~.together.Together` is a pass of its own over all hazmat positions.

Who calls it
------------
The stream (``stream/judging.py``) judges every block and settles late points
(``stream/settling.py``); ``stream/reference.py`` makes the ``Book`` (unknown vehicles get
``Profile()``: the rules for every driver hold, those of a kind do not), ``stream/cards.py`` a
:class:`~.cards.Card` of each 0x0702 (``qualified``: read without error and certificate valid; card
out is no event), ``rules/fences/surroundings.py`` the SURROUNDINGS. A rehearsal is
``settle.run(track, book, ...)`` with changed :class:`~.settings.Settings`.

Units: UTC milliseconds, microdegrees WGS-84, 0.1 km/h, 0.1 km of mileage, metres, seconds.
"""
