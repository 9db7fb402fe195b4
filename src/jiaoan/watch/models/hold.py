"""暂停清除: positions of a vehicle that are kept for a case beyond their time."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class TrackHold(models.Model):
    """The local days ``first_day`` to ``last_day`` of a vehicle, both included, until released.

    Nothing of it is ever deleted: a released hold tells what was kept, for how long and why.
    """

    vehicle = models.ForeignKey(
        "registry.Vehicle", on_delete=models.PROTECT, related_name="track_holds"
    )
    first_day = models.DateField()
    last_day = models.DateField()
    reason = models.CharField(max_length=200)
    by = models.ForeignKey("org.User", on_delete=models.PROTECT, related_name="track_holds")
    made_at = models.DateTimeField()
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")
    released_by = models.ForeignKey(
        "org.User", null=True, on_delete=models.PROTECT, related_name="+"
    )
    released_at = models.DateTimeField(null=True, db_index=True)
    release_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=F("first_day")), name="watch_track_hold_days"
            )
        ]

    def __str__(self) -> str:
        return f"{self.vehicle} {self.first_day} – {self.last_day}"
