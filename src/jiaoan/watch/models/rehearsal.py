"""Rehearsals 试运行: a rule or place that is not switched on yet, over past tracks."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jiaoan.watch.rehearsal.states import RehearsalState


class RehearsalKind(models.TextChoices):
    RULE = "rule", _("Rule")
    PLACE = "place", pgettext_lazy("rehearsal", "Place")


class Outcome(models.TextChoices):
    """A finding of the rehearsal beside those of what holds now."""

    NEW = "new", pgettext_lazy("rehearsal", "New")
    GONE = "gone", pgettext_lazy("rehearsal", "Gone")
    SAME = "same", pgettext_lazy("rehearsal", "Same")


class Rehearsal(models.Model):
    """``subject`` is a rule's name or a place's id ("" = a new place); ``proposal`` the changed
    figures, or the place as reference snapshots say it (:func:`registry.reference.place_value`).

    ``run`` is the number under which it runs: a process under another one stops. Days are local
    and inclusive. ``summary`` stands only when it is done; ``shown`` of its findings are kept.
    """

    kind = models.CharField(max_length=10, choices=RehearsalKind.choices)
    subject = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=120)
    proposal = models.JSONField()
    first_day = models.DateField()
    last_day = models.DateField()
    vehicles = models.JSONField()
    state = models.CharField(max_length=20, default=RehearsalState.QUEUED, db_index=True)
    run = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    heard_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    summary = models.JSONField(null=True)
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.title} {self.first_day}–{self.last_day}"

    @property
    def status(self) -> RehearsalState:
        return RehearsalState(self.state)

    @property
    def total(self) -> int:
        return len(self.vehicles)

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100


class RehearsalFinding(models.Model):
    """One finding with its place on the map and its sentence in both languages."""

    rehearsal = models.ForeignKey(Rehearsal, on_delete=models.CASCADE, related_name="findings")
    outcome = models.CharField(max_length=5, choices=Outcome.choices, db_index=True)
    rule = models.CharField(max_length=40)
    vehicle = models.ForeignKey("registry.Vehicle", on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    lat = models.FloatField()
    lon = models.FloatField()
    zh = models.CharField(max_length=400)
    en = models.CharField(max_length=400)

    class Meta:
        ordering = ["begun_at", "id"]

    def __str__(self) -> str:
        return f"{self.outcome} {self.rule}"
