"""Findings of the stream at the desk: recorded, folded into alarms, ended, taken back.

Theory of operation
-------------------
Each finding is recorded once 研判记录, with its message as it came. Its rule's :class:`Response`
says whether it also is an alarm. If the vehicle has an open alarm of the same kind, the finding is
folded into it 折叠; else it opens one. A finding that lasts is told twice: its end writes end and
largest figure on the record and on the alarm, and closes nothing. A finding that late positions
disprove is taken back 撤销, one that they prove is added; the alarm says so, a person decides.

Findings about the quality of data are recorded only: they are scored by the month, and a desk full
of them hides the tanker that matters.
"""
