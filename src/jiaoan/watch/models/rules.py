"""What was decided about the rules of the stream: figures, confirmations and switches."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ChangeKind(models.TextChoices):
    FIGURE = "figure", _("Figure changed")
    WITHDRAWAL = "withdrawal", _("Change withdrawn before it held")
    CONFIRMATION = "confirmation", _("Figure confirmed")
    OFF = "off", _("Switched off")
    ON = "on", _("Switched on")


class RuleChange(models.Model):
    """One decision, insert-only; what holds is all of them in order (``watch.rules.standing``).

    ``subject`` is a figure of :class:`jiaoan.rules.driving.settings.Settings` or the name of a
    rule. ``version`` counts the decisions: it is the version of what the stream judges by.
    """

    version = models.PositiveIntegerField(unique=True)
    kind = models.CharField(max_length=20, choices=ChangeKind.choices)
    subject = models.CharField(max_length=40, db_index=True)
    value = models.IntegerField(null=True)
    valid_from = models.DateField(null=True)
    withdraws = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="withdrawn_by"
    )
    confirmed_by = models.CharField(max_length=60, blank=True)
    confirmed_on = models.DateField(null=True)
    note = models.CharField(max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["version"]

    def __str__(self) -> str:
        return f"{self.version} {self.kind} {self.subject}"
