"""How far the worker has read, and what it could not handle."""

from __future__ import annotations

from django.db import models


class Checkpoint(models.Model):
    """The stream sequence up to which findings are handled, moved in the handling transaction."""

    name = models.CharField(max_length=40, unique=True)
    sequence = models.BigIntegerField(default=0)


class Parked(models.Model):
    """A message that could not be handled, whole, with the reason. It stops no other."""

    subject = models.CharField(max_length=60)
    sequence = models.BigIntegerField()
    stored_at = models.DateTimeField()
    data = models.BinaryField()
    error = models.CharField(max_length=500)
    parked_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["sequence", "stored_at"], name="parked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.sequence}"
