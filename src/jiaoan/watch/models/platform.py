"""Messages between platforms that no procedure here acts on (JT/T 809)."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from jiaoan.watch.others.kinds import REASONS, Why, message_word
from jiaoan.watch.supervision.states import Sender


class PlatformMessage(models.Model):
    """One message, frame or call as it came, for a person to look at.

    ``key`` is unique: what is told twice is one row. ``octets`` are the deciphered body, or what
    could not be read; of a long one the beginning, ``size`` says how long it was. ``message`` is
    the sub id, ``message_id`` the id of the envelope, both empty where the frame was not read.
    ``result`` is what the link answered by itself. ``reason`` and ``host`` are those of a caller
    who was turned away, ``detail`` what was wrong, in the words of the reader. ``more`` counts
    those of a day and reason that were not kept one by one: such a row has no octets. ``seen_at``
    and ``seen_by`` are of the person who has looked at it.
    """

    key = models.CharField(max_length=120, unique=True)
    sender = models.CharField(max_length=12, choices=Sender.choices)
    platform = models.CharField(max_length=80, blank=True)
    access_code = models.PositiveBigIntegerField()
    why = models.CharField(max_length=12, choices=Why.choices)
    reason = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    host = models.CharField(max_length=64, blank=True)
    message_id = models.PositiveIntegerField(null=True)
    message = models.PositiveIntegerField(null=True)
    edition = models.CharField(max_length=4, blank=True)
    plate = models.CharField(max_length=21, blank=True)
    plate_colour = models.PositiveSmallIntegerField(null=True)
    vehicle = models.ForeignKey(
        "registry.Vehicle", null=True, on_delete=models.PROTECT, related_name="platform_messages"
    )
    serial = models.PositiveBigIntegerField(null=True)
    result = models.PositiveSmallIntegerField(null=True)
    octets = models.BinaryField(null=True)
    size = models.PositiveBigIntegerField(default=0)
    more = models.PositiveBigIntegerField(default=0)
    received_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="watch_platform_newest"),
            models.Index(
                fields=["id"], condition=models.Q(seen_at=None), name="watch_platform_unseen"
            ),
        ]

    def __str__(self) -> str:
        return self.message_word

    @property
    def message_word(self) -> str:
        """Number and name of the message; empty where the frame was not read."""
        return "" if self.message is None else message_word(self.message)

    @property
    def reason_word(self) -> str:
        """Why a caller was turned away, in words."""
        return str(REASONS.get(self.reason, self.reason))
