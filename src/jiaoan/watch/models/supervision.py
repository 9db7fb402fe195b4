"""Supervision items 督办 and their answers."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models

from jiaoan.watch.reported.kinds import warn_word
from jiaoan.watch.supervision.states import (
    AlarmSource,
    Direction,
    HandlingResult,
    Level,
    SupervisionState,
)


class Supervision(models.Model):
    """One request, with its three times. ``key`` is unique: the same request opens one item.

    ``number`` is the supervision id of the protocol (a DWORD). ``source_type`` and
    ``source_serial`` name the alarm report that is meant, where the request does;
    ``request_serial`` is the serial of the request itself. ``vehicle`` is empty where the request
    names none (2019) or one that is not registered; the plate is kept as it was told.
    """

    key = models.CharField(max_length=120, unique=True)
    direction = models.CharField(max_length=10, choices=Direction.choices)
    state = models.CharField(max_length=20, default=SupervisionState.OPEN, db_index=True)
    platform = models.CharField(max_length=80)
    access_code = models.PositiveBigIntegerField()
    number = models.PositiveBigIntegerField()
    warn_source = models.PositiveSmallIntegerField(null=True, choices=AlarmSource.choices)
    warn_type = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField(choices=Level.choices)
    plate = models.CharField(max_length=21, blank=True)
    plate_colour = models.PositiveSmallIntegerField(null=True)
    vehicle = models.ForeignKey(
        "registry.Vehicle", null=True, on_delete=models.PROTECT, related_name="supervisions"
    )
    supervisor = models.CharField(max_length=16, blank=True)
    tel = models.CharField(max_length=20, blank=True)
    email = models.CharField(max_length=32, blank=True)
    text = models.CharField(max_length=500, blank=True)
    source_type = models.PositiveIntegerField(null=True)
    source_serial = models.PositiveBigIntegerField(null=True)
    request_serial = models.PositiveBigIntegerField(null=True)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    deadline = models.DateTimeField(db_index=True)
    deadline_told = models.BooleanField(default=True)
    sent_at = models.DateTimeField(null=True)
    send_error = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField(null=True)
    late_noted_at = models.DateTimeField(null=True)
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["deadline", "id"]

    def __str__(self) -> str:
        return f"{self.number:08X}"

    @property
    def status(self) -> SupervisionState:
        return SupervisionState(self.state)

    @property
    def warn_word(self) -> str:
        """The alarm type in words; a type that the standard does not name as its number."""
        return warn_word(self.warn_type)

    def overdue(self, now: datetime) -> bool:
        return self.status is not SupervisionState.DONE and self.deadline < now


class SupervisionAnswer(models.Model):
    """One answer 督办应答. Ours has ``by`` and is sent; a subordinate's has neither."""

    supervision = models.ForeignKey(Supervision, on_delete=models.PROTECT, related_name="answers")
    result = models.PositiveSmallIntegerField(choices=HandlingResult.choices)
    note = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    happened_at = models.DateTimeField()
    written_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    sent_link = models.CharField(max_length=10, blank=True)
    sent_serial = models.PositiveBigIntegerField(null=True)
    send_error = models.CharField(max_length=200, blank=True)
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.supervision_id} {self.result}"
