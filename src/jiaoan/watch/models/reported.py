"""Alarms that other platforms report 上报报警信息 (JT/T 809: 0x1402, 0x1403) or pass on (0x9402,
0x9403)."""

from __future__ import annotations

from django.db import models

from jiaoan.watch.reported.kinds import warn_word
from jiaoan.watch.supervision.states import AlarmSource, HandlingResult, Sender


class ReportedAlarm(models.Model):
    """One report, and what the subordinate says became of it. ``sender`` says who told it.

    ``number`` is the ``info_id`` of 2011, by which 0x1403 tells the result; in 2019 0x1412 tells it
    by the ``serial`` of the report's frame.
    ``vehicle`` is empty where the plate is not registered here.
    """

    key = models.CharField(max_length=160, unique=True)
    sender = models.CharField(max_length=12, choices=Sender.choices, default=Sender.SUBORDINATE)
    platform = models.CharField(max_length=80)
    access_code = models.PositiveBigIntegerField()
    number = models.PositiveBigIntegerField(null=True)
    serial = models.PositiveBigIntegerField(null=True)
    plate = models.CharField(max_length=21, blank=True)
    plate_colour = models.PositiveSmallIntegerField(null=True)
    vehicle = models.ForeignKey(
        "registry.Vehicle", null=True, on_delete=models.PROTECT, related_name="reported_alarms"
    )
    warn_source = models.PositiveSmallIntegerField(null=True, choices=AlarmSource.choices)
    warn_type = models.PositiveIntegerField()
    early = models.BooleanField(default=False)
    text = models.TextField(blank=True)
    happened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(db_index=True)
    result = models.PositiveSmallIntegerField(null=True, choices=HandlingResult.choices)
    result_at = models.DateTimeField(null=True)
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [
            models.Index(fields=["access_code", "number"]),
            models.Index(fields=["access_code", "serial"]),
        ]

    def __str__(self) -> str:
        return f"{self.platform} {self.warn_word}"

    @property
    def warn_word(self) -> str:
        return warn_word(self.warn_type)
