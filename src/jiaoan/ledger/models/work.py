"""What is done about an occurrence: report-back, evidence, closing, extension, urging, reports."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class ReportBack(models.Model):
    """A report-back 反馈; the draft is the row without ``submitted_at``, one for an occurrence."""

    occurrence = models.ForeignKey(
        "ledger.Occurrence", on_delete=models.CASCADE, related_name="reports"
    )
    number = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)
    figures = models.JSONField(default=dict)
    happened_on = models.DateField(null=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    saved_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    return_reason = models.CharField(max_length=500, blank=True)
    returned_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["occurrence", "number"], name="report_number_once"),
            models.UniqueConstraint(
                fields=["occurrence"], condition=Q(submitted_at=None), name="one_report_draft"
            ),
        ]


class SystemEvidence(models.Model):
    """A fact that another room made, offered as evidence 系统自证 until somebody adopts it."""

    occurrence = models.ForeignKey(
        "ledger.Occurrence", on_delete=models.CASCADE, related_name="offers"
    )
    fact = models.ForeignKey("journal.Fact", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    url = models.CharField(max_length=300)
    offered_at = models.DateTimeField()
    adopted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["occurrence", "fact"], name="offer_once"),
        ]


class Evidence(models.Model):
    """A piece of evidence: a kept file, or an adopted fact of the system itself.

    ``happened_on`` is the day of the thing shown; the upload time is the attachment's own and the
    two are never merged.
    """

    occurrence = models.ForeignKey(
        "ledger.Occurrence", on_delete=models.CASCADE, related_name="evidence"
    )
    report = models.ForeignKey(
        ReportBack, null=True, on_delete=models.SET_NULL, related_name="evidence"
    )
    attachment = models.ForeignKey(
        "journal.Attachment", null=True, on_delete=models.PROTECT, related_name="+"
    )
    offer = models.OneToOneField(
        SystemEvidence, null=True, on_delete=models.PROTECT, related_name="evidence"
    )
    title = models.CharField(max_length=200)
    happened_on = models.DateField()
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(attachment__isnull=False) | Q(offer__isnull=False),
                name="evidence_is_file_or_fact",
            ),
        ]


class Closing(models.Model):
    """Check 核查 and closing 销号 of a report-back: two acts, each with its person and time."""

    occurrence = models.ForeignKey(
        "ledger.Occurrence", on_delete=models.CASCADE, related_name="closings"
    )
    report = models.OneToOneField(ReportBack, on_delete=models.PROTECT, related_name="closing")
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    checked_at = models.DateTimeField()
    check_note = models.CharField(max_length=500, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)
    reopened_at = models.DateTimeField(null=True)
    reopen_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["id"]


class Extension(models.Model):
    """An extension 延期 asked for by the obliged and decided by the supervising section."""

    occurrence = models.ForeignKey(
        "ledger.Occurrence", on_delete=models.CASCADE, related_name="extensions"
    )
    until = models.DateField()
    reason = models.CharField(max_length=500)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    granted = models.BooleanField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["occurrence"], condition=Q(granted=None), name="one_open_extension"
            ),
        ]


class Urge(models.Model):
    """One urging 催办 with the sentence that was sent."""

    occurrence = models.ForeignKey(
        "ledger.Occurrence", on_delete=models.CASCADE, related_name="urges"
    )
    day = models.DateField()
    sent_at = models.DateTimeField()
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    text = models.CharField(max_length=500)

    class Meta:
        ordering = ["id"]


class ProgressReport(models.Model):
    """A progress report 推进情况报告 as made: the Word file, its figures, the journal head."""

    plan = models.ForeignKey("ledger.Plan", on_delete=models.PROTECT, related_name="reports")
    report_date = models.DateField()
    attachment = models.ForeignKey("journal.Attachment", on_delete=models.PROTECT, related_name="+")
    figures = models.JSONField()
    journal_seq = models.BigIntegerField(null=True)
    journal_hash = models.CharField(max_length=64, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
