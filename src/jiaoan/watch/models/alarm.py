"""Alarms 报警 and what was done about them 处置."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models

from jiaoan.registry.endings import Cause
from jiaoan.watch.kinds import AlarmKind, DispositionKind, Severity
from jiaoan.watch.states import AlarmState


class Alarm(models.Model):
    """A work item from a verdict, with its three times and the record that explains it.

    ``key`` is unique: the same verdict opens no second alarm. ``subject`` names what it is about
    (``hazmat.trip:5``) without knowing that room. ``record`` is the verdict's record as it was.

    ``told`` counts the findings of the stream that it stands for, the first and those folded into
    it 折叠; ``figure`` is the gravest of them in short ("78/60"), by ``amount``. ``ended_at`` is
    when the last of them was over, ``None`` while one lasts; ``ended_with`` says why where no
    position but its place ended it.
    """

    key = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=30, choices=AlarmKind.choices)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.HIGH)
    state = models.CharField(max_length=20, default=AlarmState.PENDING, db_index=True)
    vehicle = models.ForeignKey("registry.Vehicle", on_delete=models.PROTECT, related_name="alarms")
    carrier_name = models.CharField(max_length=120, blank=True)
    place_name = models.CharField(max_length=80, blank=True)
    subject = models.CharField(max_length=80, db_index=True)
    rule = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    record = models.JSONField()
    happened_at = models.DateTimeField(db_index=True)
    received_at = models.DateTimeField()
    judged_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    respond_by = models.DateTimeField()
    finish_by = models.DateTimeField()
    answer_by = models.DateTimeField(null=True)
    responded_at = models.DateTimeField(null=True)
    late_noted_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    told = models.PositiveIntegerField(default=0)
    figure = models.CharField(max_length=30, blank=True)
    amount = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    ended_with = models.CharField(max_length=10, choices=Cause.choices, blank=True)
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["happened_at", "id"]
        indexes = [models.Index(fields=["vehicle", "kind", "state"])]

    def __str__(self) -> str:
        return f"{self.vehicle} {self.kind}"

    @property
    def status(self) -> AlarmState:
        return AlarmState(self.state)

    @property
    def folded(self) -> int:
        """折叠: how many findings came in besides the first."""
        return max(self.told - 1, 0)

    @property
    def due(self) -> datetime:
        """The limit that runs now: the first response, the enterprise's answer, or finishing."""
        if self.state == AlarmState.ANSWER and self.answer_by is not None:
            return self.answer_by
        return self.respond_by if self.state == AlarmState.PENDING else self.finish_by


class Disposition(models.Model):
    """处置: what a person did and when, apart from when it was written down."""

    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="dispositions")
    kind = models.CharField(max_length=20, choices=DispositionKind.choices)
    note = models.CharField(max_length=1000)
    reference = models.CharField(max_length=80, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="dispositions"
    )
    happened_at = models.DateTimeField()
    written_at = models.DateTimeField()
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.alarm_id}"
