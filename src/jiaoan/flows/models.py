"""Which flow has run for which fact, and how far the sealed journal has been read."""

from __future__ import annotations

from django.db import models


class Step(models.Model):
    """One flow for one fact. ``key`` is unique, so it runs once; ``error`` says why it failed.

    A step with an error is parked: it is shown to the administrator and never retried by itself.
    """

    key = models.CharField(max_length=120, unique=True)
    fact = models.ForeignKey("journal.Fact", on_delete=models.PROTECT, related_name="+")
    flow = models.CharField(max_length=60)
    ran_at = models.DateTimeField()
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.key


class Mark(models.Model):
    """Up to which sealed ``seq`` the journal has been gone through."""

    name = models.CharField(max_length=40, unique=True)
    seq = models.BigIntegerField(default=0)
