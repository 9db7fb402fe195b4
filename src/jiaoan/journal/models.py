"""Facts 日志事实, what leaves the house afterwards (outbox), and evidence files by hash."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Fact(models.Model):
    """Something that happened, with its three times, insert-only.

    An action inserts the row unchained; the sealer gives committed rows ``seq``, ``prev_hash`` and
    ``hash``. The payload holds ids, figures and digests, never personal data.
    """

    kind = models.CharField(max_length=60)
    actor = models.CharField(max_length=60)
    obj = models.CharField(max_length=80, db_index=True)
    happened_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    payload = models.JSONField(default=dict)
    seq = models.BigIntegerField(null=True, unique=True)
    prev_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["kind", "happened_at"])]

    def __str__(self) -> str:
        return f"{self.seq or '-'} {self.kind} {self.obj}"

    @property
    def short_hash(self) -> str:
        return f"{self.hash[:4]}…{self.hash[-4:]}" if self.hash else ""


class Outgoing(models.Model):
    """The outbox 待发: written with the fact in one transaction, sent by the worker after it."""

    topic = models.CharField(max_length=60)
    payload = models.JSONField()
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, db_index=True)
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["topic"], name="outgoing_by_topic")]


class Attachment(models.Model):
    """An evidence file 附件 by the SHA-256 of its octets, which lie outside the database.

    ``happened_on`` is when the thing shown took place, ``uploaded_at`` when the file came in; the
    two are never merged.
    """

    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField()
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    organisation = models.ForeignKey(
        "org.Organisation", null=True, on_delete=models.PROTECT, related_name="+"
    )
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    happened_on = models.DateField(null=True)
    uploaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @property
    def short_hash(self) -> str:
        return f"{self.sha256[:4]}…{self.sha256[-4:]}"
