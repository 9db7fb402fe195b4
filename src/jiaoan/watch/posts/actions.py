"""Every write about post queries 查岗, messages and requests for papers between platforms. What is
said on the links goes by the outbox."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import User
from jiaoan.registry.models import Vehicle
from jiaoan.scope import Actor, require
from jiaoan.watch.models import Post, Upload
from jiaoan.watch.posts.kinds import ORDERS
from jiaoan.watch.posts.states import PAPERS, POST, Addressee, PostKind, PostState, PostVerb
from jiaoan.watch.supervision import items
from jiaoan.watch.supervision.messages import Asked, Papers, PostAnswered
from jiaoan.watch.supervision.states import Direction

NO_PLATFORM: Final = _("Choose the subordinate platform.")
_ASKED: Final = {
    PostKind.QUERY: "watch.post_asked",
    PostKind.MESSAGE: "watch.message_told",
    PostKind.DRIVER: "watch.papers_asked",
    PostKind.WAYBILL: "watch.papers_asked",
}
"""The facts of what we ask and tell."""
LEAST_S, MOST_S = 10, 255
"""Seconds to answer a query in: 2019 has one octet for them."""


def default_span() -> timedelta:
    """For a query without a time (809-2011), for messages and requests for papers: ten minutes,
    unverified [U] until the bureau sets ``WATCH_POST_MINUTES``."""
    return timedelta(minutes=float(getattr(settings, "WATCH_POST_MINUTES", 10)))


def answer_seconds() -> int:
    """For a query of ours, two minutes, unverified [U] until the bureau sets
    ``WATCH_POST_SECONDS``."""
    return int(getattr(settings, "WATCH_POST_SECONDS", 120))


@transaction.atomic
def receive(actor: Actor, clock: Clock, asked: Asked) -> Post:
    """A superior asks or tells: open an item, or answer the one that this frame already opened."""
    require(actor, "alarm.open")
    day = asked.received_at.date().isoformat()
    key = f"{asked.access_code}:{asked.kind}:{asked.number:08x}:{asked.serial}:{day}"
    known = Post.objects.filter(key=key).first()
    if known is not None:
        return known
    fact = record(
        "watch.post_received",
        actor=actor,
        obj=f"platform:{asked.access_code}",
        clock=clock,
        happened_at=asked.received_at,
        reported_at=asked.received_at,
        payload={"number": f"{asked.number:08x}", "kind": asked.kind},
    )
    item = Post.objects.create(
        key=key,
        kind=PostKind(asked.kind),
        platform=asked.platform[:80],
        access_code=asked.access_code,
        object_type=asked.object_type,
        object_id=asked.object_id[:20],
        number=asked.number,
        text=asked.text,
        request_serial=asked.serial,
        received_at=asked.received_at,
        opened_at=clock.now(),
        deadline=asked.deadline or asked.received_at + default_span(),
        deadline_told=asked.deadline is not None,
        fact=fact,
    )
    items.announce("watch.post_received", item, clock)
    return item


@dataclass(frozen=True)
class Wanted:
    """A query or message of ours as typed; ``seconds`` is the time to answer a query in.
    ``platform_id`` is the platform's own code, where the settings of the links know it."""

    platform: str
    access_code: int
    text: str
    seconds: str = ""
    kind: PostKind = PostKind.QUERY
    platform_id: str = ""

    @property
    def object_id(self) -> str:
        return self.platform_id or str(self.access_code)


@transaction.atomic
def ask(actor: User, clock: Clock, wanted: Wanted, *, key: str = "") -> Post:
    """查岗: ask a subordinate whether somebody is at its desk (0x9301), or tell it something
    (0x9302); the same ``key`` asks once.

    Raises :class:`FieldErrors` (``platform``, ``text``, ``seconds``).
    """
    require(actor, "alarm.handle")
    _check(wanted)
    query = wanted.kind is PostKind.QUERY
    payload: dict[str, Json] = {
        "kind": "post_query" if query else "post_message",
        "object_type": Addressee.THIS_PLATFORM.value,
        "object_id": wanted.object_id,
        "text": wanted.text.strip(),
    }
    if query:
        payload["answer_seconds"] = int(wanted.seconds)
    return say(actor, clock, wanted, payload, key)


@transaction.atomic
def ask_papers(
    actor: User, clock: Clock, vehicle: Vehicle, wanted: Wanted, *, key: str = ""
) -> Post:
    """Ask a subordinate who drives a vehicle (0x920A), or what its waybill says (0x920B); the same
    ``key`` asks once.

    One at a time: 2011 does not say which request is answered. Raises :class:`FieldErrors`
    (``platform``, ``kind``).
    """
    require(actor, "alarm.handle", vehicle)
    name = f"{key}:{wanted.kind.value}:{vehicle.pk}" if key else ""
    before = known(name)
    if before is not None:
        return before
    if not wanted.access_code:
        raise FieldErrors({"platform": NO_PLATFORM})
    if wanted.kind not in PAPERS.values():
        raise FieldErrors({"kind": _("Choose what is asked for.")})
    refuse_second(wanted.access_code, wanted.kind, vehicle, clock)
    payload: dict[str, Json] = {
        "kind": f"{wanted.kind.value}_request",
        "plate": vehicle.plate,
        "plate_colour": int(vehicle.plate_colour),
    }
    return say(actor, clock, wanted, payload, name, vehicle)


def refuse_second(access_code: int, kind: PostKind, vehicle: Vehicle, clock: Clock) -> None:
    """:class:`FieldErrors` (``kind``) while the same waits for its answer in time."""
    mine = ours(access_code, kind).filter(vehicle=vehicle)
    if mine.filter(state=PostState.OPEN, deadline__gt=clock.now()).exists():
        raise FieldErrors({"kind": _("This is asked already; wait for its answer or its end.")})


def say(
    actor: User,
    clock: Clock,
    wanted: Wanted,
    payload: dict[str, Json],
    key: str,
    vehicle: Vehicle | None = None,
    arguments: Mapping[str, Json] | None = None,
) -> Post:
    """Write the item and the order that carries it down. Its time runs from the sending."""
    before = known(key)
    if before is not None:
        return before
    asked = _ASKED.get(wanted.kind, "watch.order_given")
    last = Post.objects.filter(direction=Direction.SENT).aggregate(Max("number"))
    number, now = (last["number__max"] or 0) + 1, clock.now()
    told = wanted.kind is PostKind.QUERY
    span = timedelta(seconds=int(wanted.seconds)) if told else default_span()
    fact = record(
        asked,
        actor=actor,
        obj=vehicle or f"platform:{wanted.access_code}",
        clock=clock,
        payload={
            "kind": wanted.kind.value,
            "number": f"{number:08x}",
            "seconds": round(span.total_seconds()),
            "access_code": wanted.access_code,
        },
    )
    item = Post.objects.create(
        key=_key(key),
        direction=Direction.SENT,
        kind=wanted.kind,
        platform=wanted.platform[:80],
        access_code=wanted.access_code,
        object_type=Addressee.THIS_PLATFORM,
        object_id=wanted.object_id,
        number=number,
        text=wanted.text.strip(),
        vehicle=vehicle,
        plate=vehicle.plate if vehicle else "",
        plate_colour=vehicle.plate_colour if vehicle else None,
        arguments=dict(arguments or {}),
        by=actor,
        request_serial=0,
        received_at=now,
        opened_at=now,
        deadline=now + span,
        deadline_told=told,
        fact=fact,
    )
    said: dict[str, Json] = {"role": items.ROLE[Direction.SENT], "number": number}
    items.order(item, item.access_code, said | payload, clock)
    items.announce(asked, item, clock)
    return item


def _key(key: str) -> str:
    return f"sent:{key or uuid.uuid4().hex}"[:120]


def known(key: str) -> Post | None:
    return Post.objects.filter(key=_key(key)).first() if key else None


def ours(access_code: int, kind: str) -> QuerySet[Post]:
    """What we asked or told this subordinate."""
    return Post.objects.filter(direction=Direction.SENT, access_code=access_code, kind=kind)


def _check(wanted: Wanted) -> None:
    errors: dict[str, str | Promise] = {}
    if not wanted.access_code:
        errors["platform"] = NO_PLATFORM
    query = wanted.kind is PostKind.QUERY
    missing = (
        _("Write the question: somebody at the other desk answers it.")
        if query
        else _("Write the message: somebody at the other desk reads it.")
    )
    if problem := items.words_problem(wanted.text, missing):
        errors["text"] = problem
    typed = wanted.seconds.strip()
    if query and (not typed.isdecimal() or not LEAST_S <= int(typed) <= MOST_S):
        errors["seconds"] = _("A whole number from %(least)s to %(most)s.") % {
            "least": LEAST_S,
            "most": MOST_S,
        }
    if errors:
        raise FieldErrors(errors)


@transaction.atomic
def receive_answer(actor: Actor, clock: Clock, answered: PostAnswered) -> Post | None:
    """A subordinate answers our query (0x1301), or has read our message (0x1302); ``None`` where
    it is answered already.

    2011 names the number, 2019 the frame. The serial of that is told to us a moment after it was
    read, and is another one where the frame was said twice: so an answer that names no known frame
    is taken for the one that waits. ``LookupError`` where it is about nothing of ours: it is
    parked for a person.
    """
    require(actor, "alarm.open")
    mine = ours(answered.access_code, answered.kind)
    if answered.number is not None:
        item = mine.filter(number=answered.number).first()
    else:
        item = named(mine, answered.source_serial) or _only(mine)
    if item is None:
        raise LookupError(f"{answered.access_code} answers no {answered.kind} of ours")
    return end(
        actor,
        clock,
        item,
        answered.received_at,
        answer=answered.text[:500],
        responder=answered.responder[:16],
        responder_phone=answered.responder_phone[:20],
    )


def named(mine: QuerySet[Post], serial: int | None) -> Post | None:
    """The newest that went out as this frame."""
    return None if serial is None else mine.filter(sent_serial=serial).order_by("-id").first()


def _only(mine: QuerySet[Post]) -> Post | None:
    waiting = mine.filter(state=PostState.OPEN)[:2]
    return waiting[0] if len(waiting) == 1 else None


@transaction.atomic
def receive_papers(actor: Actor, clock: Clock, papers: Papers, kept: Upload) -> Post | None:
    """Papers of a vehicle that were ``kept`` answer our request for them, where there is one.

    2019 names the frame that asked; else they answer the last request for them that waits. Papers
    that a subordinate tells unasked are an answer to nothing.
    """
    require(actor, "alarm.open")
    kind = PAPERS.get(papers.message)
    if kind is None:
        return None
    mine = ours(papers.access_code, kind).filter(vehicle=kept.vehicle_id)
    waiting = mine.filter(state=PostState.OPEN).order_by("-id")
    item = named(mine, papers.source_serial) or waiting.first()
    return None if item is None else end(actor, clock, item, papers.received_at, papers=kept)


def end(
    actor: Actor, clock: Clock, item: Post, answered_at: datetime, **said: object
) -> Post | None:
    """The one answer to something of ours; ``None`` where it was answered already."""
    if item.status is PostState.DONE:
        return None
    row = POST.row(item.state, PostVerb.ANSWER)
    items.claim(item, row.source, state=row.target, answered_at=answered_at, **said)
    record(
        row.fact,
        actor=actor,
        obj=item,
        clock=clock,
        happened_at=answered_at,
        payload={"late": answered_at > item.deadline},
    )
    items.announce(row.fact, item, clock)
    return item


@transaction.atomic
def answer(actor: User, clock: Clock, item: Post, *, text: str) -> Post:
    """Answer a query in words (0x1301), or confirm that a message was read (0x1302).

    Raises :class:`FieldErrors` (``text``), :class:`Blocked`, ``TransitionRefused``.
    """
    require(actor, "alarm.handle", item)
    if item.direction != Direction.RECEIVED:
        raise Blocked(_("This is our own query: the subordinate platform answers it."))
    said, query = text.strip(), item.kind == PostKind.QUERY
    missing = _("Write the answer: the superior platform reads it.") if query else ""
    if problem := items.words_problem(said, missing):
        raise FieldErrors({"text": problem})
    row, now = POST.row(item.state, PostVerb.ANSWER), clock.now()
    items.claim(item, row.source, state=row.target, answer=said, by=actor, answered_at=now)
    record(row.fact, actor=actor, obj=item, clock=clock, payload={"late": now > item.deadline})
    items.order(item, item.access_code, _answer(item, actor), clock)
    items.announce(row.fact, item, clock)
    return item


def _answer(item: Post, actor: User) -> dict[str, Json]:
    about: dict[str, Json] = {
        "role": items.ROLE[Direction.RECEIVED],
        "number": item.number,
        "serial": item.request_serial,
    }
    if item.kind == PostKind.MESSAGE:
        return about | {"kind": "post_read"}
    return about | {
        "kind": "post_answer",
        "object_type": item.object_type,
        "object_id": item.object_id,
        # Eight Chinese characters are what the protocol has room for.
        "responder": actor.name[:8],
        "responder_phone": "",
        "text": item.answer,
    }


def note_late(actor: Actor, clock: Clock) -> int:
    """Note once each query whose deadline passed, and whatever of ours nobody answered in time."""
    timed = Q(kind__in=(PostKind.QUERY, *ORDERS)) | Q(direction=Direction.SENT)
    return items.note_late(actor, clock, Post.objects.filter(timed, state=PostState.OPEN))
