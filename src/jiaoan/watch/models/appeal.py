"""What an enterprise is asked about an alarm, and what it answered 企业申诉."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from jiaoan.watch.models.alarm import Alarm


class AnswerKind(models.TextChoices):
    """What an answer wants: to tell what was done, or to have the alarm taken back."""

    EXPLAIN = "explain", _("Explanation")
    APPEAL = "appeal", _("Appeal")


class Decision(models.TextChoices):
    """What became of an appeal. The rate of rejected ones 申诉驳回率 is counted from it."""

    UPHELD = "upheld", _("Appeal upheld")
    REJECTED = "rejected", _("Appeal rejected")


class AnswerRequest(models.Model):
    """One request to answer: asked, then answered or taken back; an appeal is then decided.

    ``organisation`` is the firm whose account answers. ``token`` opens the same page by link for a
    carrier without account; only outside vehicles have one.
    """

    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="requests")
    organisation = models.ForeignKey(
        "org.Organisation", null=True, on_delete=models.PROTECT, related_name="+"
    )
    token = models.CharField(max_length=64, unique=True, null=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField()
    question = models.CharField(max_length=1000)
    due = models.DateTimeField(db_index=True)
    late_noted_at = models.DateTimeField(null=True)
    taken_back_at = models.DateTimeField(null=True)
    kind = models.CharField(max_length=10, choices=AnswerKind.choices, blank=True)
    text = models.CharField(max_length=1000, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decision = models.CharField(max_length=10, choices=Decision.choices, blank=True)
    decided_at = models.DateTimeField(null=True)
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")
    answer_fact = models.OneToOneField(
        "journal.Fact", null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["due", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["alarm"],
                condition=models.Q(answered_at=None, taken_back_at=None),
                name="answer_request_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alarm} → {self.organisation or 'link'}"

    @property
    def waits(self) -> bool:
        return self.answered_at is None and self.taken_back_at is None

    def overdue(self, now: datetime) -> bool:
        return self.waits and self.due < now


class AnswerFile(models.Model):
    """A file that the enterprise attached, by the hash of its octets."""

    request = models.ForeignKey(AnswerRequest, on_delete=models.PROTECT, related_name="files")
    attachment = models.ForeignKey("journal.Attachment", on_delete=models.PROTECT, related_name="+")
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.attachment.name
