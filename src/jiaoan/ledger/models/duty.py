"""What the notice obliges: duty, its units, and its occurrences."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from jiaoan.ledger.states import Group, OccurrenceState, group_of


class DutyRole(models.TextChoices):
    LEAD = "lead", _("Leading")
    JOINT = "joint", _("Jointly responsible")
    COOP = "coop", _("Cooperating")


class Duty(models.Model):
    """One demand 任务 of a clause with its frequency or deadline.

    ``document``: the second document that it comes from, when ``sentence`` is not of the plan
    itself; ``source_label`` is the place in it (``实施方案 二·1``). ``outside_units``: bodies of
    other authorities that the text names.
    """

    plan = models.ForeignKey("ledger.Plan", on_delete=models.PROTECT, related_name="duties")
    clause = models.ForeignKey("ledger.Clause", on_delete=models.PROTECT, related_name="duties")
    sentence = models.ForeignKey(
        "ledger.SourceSentence", on_delete=models.PROTECT, related_name="duties"
    )
    draft = models.OneToOneField(
        "ledger.IntakeDraft", null=True, on_delete=models.PROTECT, related_name="duty"
    )
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    actor_phrase = models.CharField(max_length=120, blank=True)
    subject = models.CharField(max_length=20)
    condition = models.CharField(max_length=40, default="all")
    every = models.CharField(max_length=12, blank=True)
    min_count = models.PositiveSmallIntegerField(default=1)
    per_person = models.BooleanField(default=False)
    deadline = models.DateField(null=True)
    phrase = models.CharField(max_length=200, blank=True)
    targets = models.JSONField(default=list)
    ongoing = models.BooleanField(default=False)
    evidence = models.JSONField(default=list)
    activity = models.CharField(max_length=20, default="general")
    tags = models.JSONField(default=list)
    replaces = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    is_progress_report = models.BooleanField(default=False)
    document = models.ForeignKey(
        "ledger.Plan", null=True, on_delete=models.PROTECT, related_name="own_duties"
    )
    source_label = models.CharField(max_length=80, blank=True)
    outside_units = models.JSONField(default=list)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="duty_once")]

    def __str__(self) -> str:
        return self.title

    @property
    def source(self) -> str:
        """Where it is written: 要点 二·5, or 要点 二·5 › 实施方案 一·1."""
        return " › ".join(filter(None, [self.clause.label, self.source_label]))


class DutyUnit(models.Model):
    """Who leads 牵头, shares or cooperates 配合 in a duty."""

    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="units")
    organisation = models.ForeignKey(
        "org.Organisation", on_delete=models.PROTECT, related_name="duty_units"
    )
    role = models.CharField(max_length=8, choices=DutyRole.choices)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["duty", "organisation"], name="duty_unit_once"),
        ]


class Occurrence(models.Model):
    """One window of a duty for one obliged organisation 事项.

    ``starts`` and ``ends`` are the window, ``due`` the last day after extensions; all local days,
    inclusive. ``why`` says in words which rule made it.
    """

    duty = models.ForeignKey(Duty, on_delete=models.PROTECT, related_name="occurrences")
    organisation = models.ForeignKey(
        "org.Organisation", on_delete=models.PROTECT, related_name="occurrences"
    )
    window_key = models.CharField(max_length=40)
    window_label = models.CharField(max_length=60)
    starts = models.DateField()
    ends = models.DateField()
    due = models.DateField()
    min_count = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=12, default=OccurrenceState.NOT_STARTED)
    why = models.CharField(max_length=300, blank=True)
    changed_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["due", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["duty", "organisation", "window_key"], name="occurrence_once"
            ),
        ]
        indexes = [
            models.Index(fields=["state", "due"]),
            models.Index(fields=["organisation", "state"]),
        ]

    def __str__(self) -> str:
        return f"{self.duty_id}/{self.organisation_id}/{self.window_key}"

    @property
    def status(self) -> OccurrenceState:
        return OccurrenceState(self.state)

    def group(self, today: date) -> Group:
        return group_of(self.status, self.starts, self.due, today)
