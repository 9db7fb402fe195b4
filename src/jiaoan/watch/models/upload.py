"""Waybills and media that terminals sent on their own or for a command."""

from __future__ import annotations

from django.db import models

from jiaoan.watch.uploads.kinds import MediaEvent, UploadKind


class Upload(models.Model):
    """One message of a terminal that is evidence: a waybill 电子运单 or a medium 多媒体.

    ``key`` is unique: a message that comes again is no second row. ``octets`` are the content as it
    came; they are empty where it lies under ``DATA/attachments`` by its hash. ``media`` is what
    0x0801 says beside the data; ``number`` its media id.
    """

    key = models.CharField(max_length=130, unique=True)
    kind = models.CharField(max_length=20, choices=UploadKind.choices)
    vehicle = models.ForeignKey(
        "registry.Vehicle", on_delete=models.PROTECT, related_name="uploads"
    )
    terminal = models.CharField(max_length=20)
    number = models.PositiveBigIntegerField(null=True)
    media = models.JSONField(null=True)
    octets = models.BinaryField(null=True)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    happened_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    fact = models.OneToOneField("journal.Fact", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [models.Index(fields=["vehicle", "-received_at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.terminal}"

    @property
    def channel(self) -> int:
        return int((self.media or {}).get("channel", 0))

    @property
    def event_word(self) -> str:
        """Why a medium was made, in words; what 808 does not name as its number."""
        event = (self.media or {}).get("event")
        known: dict[object, str] = {choice.value: str(choice.label) for choice in MediaEvent}
        return known.get(event, str(event))

    @property
    def is_picture(self) -> bool:
        """A JPEG by what the terminal says: the page that shows it looks at the octets too."""
        return (self.media or {}).get("type") == 0 and (self.media or {}).get("format") == 0
