"""Every write about tracks: an evidence sheet is noted in the journal."""

from __future__ import annotations

import hashlib

from django.db import transaction

from jiaoan.journal.actions import Json, record
from jiaoan.journal.models import Fact
from jiaoan.kernel.clock import Clock
from jiaoan.scope import Actor, require
from jiaoan.stores.tracks import points_of
from jiaoan.tracks.files import day_csv
from jiaoan.tracks.queries import VERB, Day

EVIDENCE = "tracks.evidence"
RETAINED = "tracks.retained"


def digest_of(day: Day) -> str:
    """SHA-256 of the day's CSV file, which anybody can compute again from the export."""
    return hashlib.sha256(day_csv(points_of(day.track))).hexdigest()


def note_evidence(actor: Actor, clock: Clock, day: Day) -> Fact:
    """Note that the day was taken as evidence: from now on its positions are kept (留存).

    The fact holds vehicle, day, digest and number of reports; raises ``scope.Refused``.
    """
    require(actor, VERB, day.vehicle)
    payload: dict[str, Json] = {
        "vehicle": day.vehicle.pk,
        "day": day.day.isoformat(),
        "sha256": digest_of(day),
        "reports": len(day.track["time_ms"]),
    }
    with transaction.atomic():
        return record(EVIDENCE, actor=actor, obj=day.vehicle, clock=clock, payload=payload)
