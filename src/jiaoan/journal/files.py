"""Files that prove facts, kept by the hash of their octets outside the database."""

from __future__ import annotations

import hashlib
import os
from datetime import date
from pathlib import Path

from django.conf import settings

from jiaoan.journal.models import Attachment
from jiaoan.kernel.clock import Clock


def path_of(sha256: str) -> Path:
    return Path(settings.DATA_DIR) / "files" / sha256[:2] / sha256


def store(data: bytes) -> str:
    """Write the octets under their SHA-256 (aside, synced, renamed) and return it.

    Call before the transaction that will refer to it: nothing but SQL belongs inside one.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    target = path_of(sha256)
    if target.exists():
        return sha256
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f"{sha256}.{os.getpid()}.part")
    with aside.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    aside.replace(target)
    return sha256


def keep(
    data: bytes,
    *,
    name: str,
    content_type: str,
    clock: Clock,
    organisation_id: int | None = None,
    kept_by_id: int | None = None,
    happened_on: date | None = None,
) -> Attachment:
    """Store the octets and make the row that names them."""
    return Attachment.objects.create(
        sha256=store(data),
        size=len(data),
        name=name[:200],
        content_type=content_type[:100],
        organisation_id=organisation_id,
        kept_by_id=kept_by_id,
        happened_on=happened_on,
        uploaded_at=clock.now(),
    )


def read(attachment: Attachment) -> bytes:
    """The octets, checked against their hash: a changed file is an error, never served."""
    data = path_of(attachment.sha256).read_bytes()
    if hashlib.sha256(data).hexdigest() != attachment.sha256:
        raise ValueError(f"attachment {attachment.pk} no longer has its hash")
    return data
