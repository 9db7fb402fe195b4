"""The rules of the stream as the bureau set them: figures from a day on, confirmed, on or off.

Decisions are rows of :class:`jiaoan.watch.models.RuleChange`. :mod:`~.standing` folds them into
what holds, :mod:`~.catalogue` says what each rule and figure is, :mod:`~.actions` writes, and what
the stream knows goes to the bus as ``ref.rules.driving`` by the outbox.
"""
