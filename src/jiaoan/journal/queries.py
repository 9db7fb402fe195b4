"""Every read of the journal."""

from __future__ import annotations

from django.db.models import Model, QuerySet

from jiaoan.journal.actions import name_of
from jiaoan.journal.models import Attachment, Fact
from jiaoan.scope import restrict


def facts(actor: object) -> QuerySet[Fact]:
    """The whole journal, for those who may browse it."""
    return restrict(Fact.objects.all(), actor, "journal.view")


def timeline(*objects: Model) -> QuerySet[Fact]:
    """Facts about rows that the caller has already restricted, newest last."""
    return Fact.objects.filter(obj__in=[name_of(obj) for obj in objects]).order_by("id")


def attachments(actor: object, verb: str) -> QuerySet[Attachment]:
    return restrict(Attachment.objects.all(), actor, verb)
