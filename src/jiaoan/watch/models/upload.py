"""What terminals sent besides positions and answers, on their own or for a command."""

from __future__ import annotations

from django.db import models

from jiaoan.watch.uploads.kinds import MediaEvent, UploadKind


class Upload(models.Model):
    """One message of a terminal: a waybill 电子运单, a medium 多媒体, a driver card 驾驶员身份, …

    ``key`` is unique: a message that comes again is no second row. ``message`` is its id in 808;
    where a subordinate ``platform`` forwards a driver or a waybill it is the sub id in 809, and
    ``terminal`` is empty. ``edition`` is the one whose table the body follows, empty where that was
    not told. ``octets`` are
    the content as it came; they are empty where it lies under ``DATA/attachments`` by its hash.
    ``media`` is what 0x0800 and 0x0801 say beside the data; ``number`` the media id. ``more``
    counts the unknown messages of a terminal's day beyond those that are kept: such a row has no
    octets and no message. Only evidence (``kinds.EVIDENCE``) has a ``fact``.
    """

    key = models.CharField(max_length=130, unique=True)
    kind = models.CharField(max_length=20, choices=UploadKind.choices)
    message = models.PositiveIntegerField()
    platform = models.CharField(max_length=80, blank=True)
    edition = models.CharField(max_length=4, blank=True)
    vehicle = models.ForeignKey(
        "registry.Vehicle", on_delete=models.PROTECT, related_name="uploads"
    )
    terminal = models.CharField(max_length=20)
    number = models.PositiveBigIntegerField(null=True)
    media = models.JSONField(null=True)
    octets = models.BinaryField(null=True)
    more = models.PositiveBigIntegerField(default=0)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    happened_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    fact = models.OneToOneField(
        "journal.Fact", null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["-received_at", "-id"]
        indexes = [
            models.Index(fields=["vehicle", "-received_at"]),
            # What is removed when its time is over.
            models.Index(
                fields=["received_at"], condition=models.Q(fact=None), name="watch_upload_telemetry"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.terminal}"

    @property
    def message_word(self) -> str:
        """``0x0901``."""
        return f"0x{self.message:04X}"

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
        media = self.media or {}
        jpeg = media.get("type") == 0 and media.get("format") == 0
        return self.kind == UploadKind.MEDIUM and jpeg
