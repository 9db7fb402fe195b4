"""Rehearsal 试运行: what a rule or a place that is not switched on yet would have found.

:mod:`~.worlds` judges a past track once as things are and once as they are proposed, with the
rules that the stream runs; :mod:`~.comparing` lays both side by side; :mod:`~.running` walks the
vehicles of one rehearsal in a process of its own.
"""
