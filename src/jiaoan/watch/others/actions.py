"""Every write about messages between platforms that no procedure here acts on."""

from __future__ import annotations

import hashlib

from django.db import transaction

from jiaoan.journal.actions import enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.org.models import User
from jiaoan.scope import Actor, require, restrict
from jiaoan.watch.models import PlatformMessage
from jiaoan.watch.others.kinds import Why
from jiaoan.watch.supervision.items import vehicle_of
from jiaoan.watch.supervision.messages import Other, OthersMore
from jiaoan.watch.supervision.states import SENDER_BY_ROLE, Sender


@transaction.atomic
def take(actor: Actor, clock: Clock, told: Other) -> PlatformMessage:
    """Keep one with its octets; told twice it is one row."""
    require(actor, "alarm.open")
    known = PlatformMessage.objects.filter(key=told.id[:120]).first()
    if known is not None:
        return known
    digest = hashlib.sha256(told.octets).hexdigest()
    vehicle = vehicle_of(told.plate, told.plate_colour)
    fact = record(
        "watch.platform_message_kept",
        actor=actor,
        obj=vehicle or f"platform:{told.access_code}",
        clock=clock,
        happened_at=told.received_at,
        reported_at=told.received_at,
        payload={"why": told.why, "message": told.message, "sha256": digest},
    )
    made = PlatformMessage.objects.create(
        key=told.id[:120],
        sender=_sender(told.role, told.access_code, told.why),
        platform=told.platform[:80],
        access_code=told.access_code,
        why=Why(told.why),
        reason=told.reason[:40],
        detail=told.detail[:200],
        host=told.host[:64],
        message_id=told.message_id,
        message=told.message,
        edition=told.edition[:4],
        plate=told.plate[:21],
        plate_colour=told.plate_colour,
        vehicle=vehicle,
        serial=told.serial,
        result=told.result,
        octets=told.octets,
        size=told.size,
        received_at=told.received_at,
        fact=fact,
    )
    _announce(made, clock)
    return made


@transaction.atomic
def count(actor: Actor, clock: Clock, told: OthersMore) -> PlatformMessage:
    """How many of a reason and day were not told one by one: one row, whose number only rises, so
    that news that come again or late change nothing."""
    require(actor, "alarm.open")
    key = f"{told.access_code}:{told.why}:{told.run}:{told.day}"[:120]
    known = PlatformMessage.objects.filter(key=key).first()
    if known is not None:
        if told.more > known.more:
            # What has grown is news again.
            known.more, known.received_at = told.more, told.received_at
            known.seen_at = known.seen_by = None
            known.save(update_fields=["more", "received_at", "seen_at", "seen_by"])
        return known
    fact = record(
        "watch.platform_messages_counted",
        actor=actor,
        obj=f"platform:{told.access_code}",
        clock=clock,
        happened_at=told.received_at,
        payload={"why": told.why, "day": told.day},
    )
    made = PlatformMessage.objects.create(
        key=key,
        sender=_sender(told.role, told.access_code, told.why),
        platform=told.platform[:80],
        access_code=told.access_code,
        why=Why(told.why),
        more=told.more,
        received_at=told.received_at,
        fact=fact,
    )
    _announce(made, clock)
    return made


@transaction.atomic
def see(actor: User, clock: Clock, *, upto: int) -> int:
    """Somebody has looked at all that were kept up to this number; how many were new to anybody."""
    require(actor, "alarm.handle")
    found = restrict(PlatformMessage.objects.all(), actor, "alarm.handle")
    seen = found.filter(seen_at=None, pk__lte=upto).update(seen_at=clock.now(), seen_by=actor)
    if seen:
        record(
            "watch.platform_messages_seen",
            actor=actor,
            obj=f"watch.platform_message:{upto}",
            clock=clock,
            payload={"upto": upto, "count": seen},
        )
    return seen


def _sender(role: str, access_code: int, why: str) -> Sender:
    """Who was not let in is not the platform whose access code he gave."""
    known = access_code and why != Why.TURNED_AWAY
    return SENDER_BY_ROLE[role] if known else Sender.CALLER


def _announce(made: PlatformMessage, clock: Clock) -> None:
    enqueue(
        "events.alarm",
        {
            "kind": made.fact.kind,
            "object": "watch.platform_message",
            "id": made.pk,
            "vehicle": made.vehicle_id,
        },
        clock=clock,
    )
