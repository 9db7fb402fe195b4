"""研判记录: what the rules of the stream found, whether it became an alarm or not."""

from __future__ import annotations

from typing import Any

from django.db import models

from jiaoan.registry.endings import Cause
from jiaoan.watch.kinds import AlarmKind, Severity


class Finding(models.Model):
    """One thing that a rule found, from its beginning to its end.

    ``key`` is the id of its beginning (of the finding itself where nothing lasts) and is unique: a
    replay records nothing twice. ``record`` and ``end_record`` are the messages as they came, so
    that it is explained and recomputed from them alone. ``alarm`` is the work item it opened or was
    folded into, if any. ``corrected_at`` is when the stream last took it back or told it again.
    ``ended_with`` says that no position ended it but its place, which is in force no more, and why.
    """

    key = models.CharField(max_length=32, unique=True)
    end_key = models.CharField(max_length=32, blank=True, db_index=True)
    rule = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    kind = models.CharField(max_length=30, choices=AlarmKind.choices)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    vehicle = models.ForeignKey(
        "registry.Vehicle", on_delete=models.PROTECT, related_name="findings"
    )
    alarm = models.ForeignKey(
        "watch.Alarm", null=True, on_delete=models.PROTECT, related_name="findings"
    )
    place = models.PositiveIntegerField(default=0)
    place_name = models.CharField(max_length=80, blank=True)
    figure = models.CharField(max_length=30, blank=True)
    amount = models.BigIntegerField(default=0)
    late = models.BooleanField(default=False)
    record = models.JSONField()
    end_record = models.JSONField(null=True)
    happened_at = models.DateTimeField(db_index=True)
    certain_at = models.DateTimeField()
    received_at = models.DateTimeField()
    judged_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_with = models.CharField(max_length=10, choices=Cause.choices, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    corrected_at = models.DateTimeField(null=True)
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-happened_at", "-id"]
        indexes = [
            models.Index(fields=["vehicle", "rule", "-happened_at"]),
            models.Index(fields=["kind", "-happened_at"]),
            models.Index(
                fields=["place"],
                name="watch_finding_lasting",
                condition=models.Q(ended_at=None, withdrawn_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vehicle} {self.rule}"

    @property
    def end(self) -> dict[str, Any] | None:
        """The message of its end; ``None`` while it lasts, also where an end was taken back."""
        return self.end_record if self.ended_at is not None else None

    @property
    def subject(self) -> str:
        """How alarms and facts name the vehicle that it is about."""
        return f"registry.vehicle:{self.vehicle_id}"


class Response(models.Model):
    """报警设置: what a rule's findings lead to where it is not as shipped.

    ``confirmed_by`` is who answers for the figures; empty = 未核实.
    """

    rule = models.CharField(max_length=40, unique=True)
    raises = models.BooleanField()
    severity = models.CharField(max_length=10, choices=Severity.choices)
    respond_minutes = models.PositiveIntegerField()
    finish_hours = models.PositiveIntegerField()
    confirmed_by = models.CharField(max_length=60, blank=True)
    changed_at = models.DateTimeField()
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["rule"]

    def __str__(self) -> str:
        return self.rule
