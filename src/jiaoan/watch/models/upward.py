"""Alarms that we report to superior platforms, and what became of them (JT/T 809)."""

from __future__ import annotations

from django.db import models

from jiaoan.watch.supervision.states import HandlingResult
from jiaoan.watch.upward.kinds import ReportKind


class UpwardReport(models.Model):
    """One message about one alarm to one superior.

    ``key`` is unique, so the same is never ordered twice. ``queued_at`` is when its order was given
    to the link: in 2019 a result names the frame of its report, and so waits until that was sent.
    """

    key = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=10, choices=ReportKind.choices)
    alarm = models.ForeignKey(
        "watch.Alarm", on_delete=models.PROTECT, related_name="upward_reports"
    )
    platform = models.CharField(max_length=80)
    access_code = models.PositiveBigIntegerField()
    edition = models.CharField(max_length=4)
    result = models.PositiveSmallIntegerField(null=True, choices=HandlingResult.choices)
    made_at = models.DateTimeField()
    queued_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    sent_link = models.CharField(max_length=10, blank=True)
    sent_serial = models.PositiveBigIntegerField(null=True)
    send_error = models.CharField(max_length=200, blank=True)
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.key
