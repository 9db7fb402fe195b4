"""Every write about post queries 查岗 and messages of platforms. What is said on the links goes by
the outbox."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import User
from jiaoan.scope import Actor, require
from jiaoan.watch.models import Post
from jiaoan.watch.posts.states import POST, PostKind, PostState, PostVerb
from jiaoan.watch.supervision import items
from jiaoan.watch.supervision.messages import Asked, PostAnswered
from jiaoan.watch.supervision.states import Direction

THIS_PLATFORM = 2
"""查岗对象类型 2: the subordinate platform at the other end of the link."""
LEAST_S, MOST_S = 10, 255
"""Seconds to answer a query in: 2019 has one octet for them."""


def default_span() -> timedelta:
    """For a query without a time (809-2011) and for messages: ten minutes, unverified [U] until the
    bureau sets ``WATCH_POST_MINUTES``."""
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
    """A query of ours as typed; ``seconds`` is the time to answer it in."""

    platform: str
    access_code: int
    text: str
    seconds: str


@transaction.atomic
def ask(actor: User, clock: Clock, wanted: Wanted, *, key: str = "") -> Post:
    """查岗: ask a subordinate whether somebody is at its desk (0x9301); the same ``key`` asks once.

    Raises :class:`FieldErrors` (``platform``, ``text``, ``seconds``).
    """
    require(actor, "alarm.handle")
    _check(wanted)
    key = f"sent:{key or uuid.uuid4().hex}"[:120]
    known = Post.objects.filter(key=key).first()
    if known is not None:
        return known
    last = Post.objects.filter(direction=Direction.SENT).aggregate(Max("number"))
    number, now = (last["number__max"] or 0) + 1, clock.now()
    fact = record(
        "watch.post_asked",
        actor=actor,
        obj=f"platform:{wanted.access_code}",
        clock=clock,
        payload={"number": f"{number:08x}", "seconds": int(wanted.seconds)},
    )
    item = Post.objects.create(
        key=key,
        direction=Direction.SENT,
        kind=PostKind.QUERY,
        platform=wanted.platform[:80],
        access_code=wanted.access_code,
        object_type=THIS_PLATFORM,
        object_id=str(wanted.access_code),
        number=number,
        text=wanted.text.strip(),
        by=actor,
        request_serial=0,
        received_at=now,
        opened_at=now,
        deadline=now + timedelta(seconds=int(wanted.seconds)),
        deadline_told=True,
        fact=fact,
    )
    payload: dict[str, Json] = {
        "kind": "post_query",
        "role": items.ROLE[Direction.SENT],
        "object_type": item.object_type,
        "object_id": item.object_id,
        "number": number,
        "answer_seconds": int(wanted.seconds),
        "text": item.text,
    }
    items.order(item, item.access_code, payload, clock)
    items.announce("watch.post_asked", item, clock)
    return item


def _check(wanted: Wanted) -> None:
    errors: dict[str, str | Promise] = {}
    if not wanted.access_code:
        errors["platform"] = _("Choose the subordinate platform.")
    missing = _("Write the question: somebody at the other desk answers it.")
    if problem := items.words_problem(wanted.text, missing):
        errors["text"] = problem
    typed = wanted.seconds.strip()
    if not typed.isdecimal() or not LEAST_S <= int(typed) <= MOST_S:
        errors["seconds"] = _("A whole number from %(least)s to %(most)s.") % {
            "least": LEAST_S,
            "most": MOST_S,
        }
    if errors:
        raise FieldErrors(errors)


@transaction.atomic
def receive_answer(actor: Actor, clock: Clock, answered: PostAnswered) -> Post | None:
    """A subordinate answers our query (0x1301); ``None`` where it is answered already.

    2011 names the number, 2019 the frame. The serial of that is told to us a moment after it was
    read, and is another one where the frame was said twice: so an answer that names no known frame
    is taken for the one query that waits. ``LookupError`` where it is about no query of ours: it is
    parked for a person.
    """
    require(actor, "alarm.open")
    mine = Post.objects.filter(direction=Direction.SENT, access_code=answered.access_code)
    item = _named(mine, answered)
    if item is None:
        raise LookupError(f"{answered.access_code} answers no query of ours")
    if item.status is PostState.DONE:
        return None
    row = POST.row(item.state, PostVerb.ANSWER)
    items.claim(
        item,
        row.source,
        state=row.target,
        answer=answered.text[:500],
        responder=answered.responder[:16],
        responder_phone=answered.responder_phone[:20],
        answered_at=answered.received_at,
    )
    late = answered.received_at > item.deadline
    record(
        row.fact,
        actor=actor,
        obj=item,
        clock=clock,
        happened_at=answered.received_at,
        payload={"late": late},
    )
    items.announce(row.fact, item, clock)
    return item


def _named(mine: QuerySet[Post], answered: PostAnswered) -> Post | None:
    if answered.number is not None:
        return mine.filter(number=answered.number).first()
    found = mine.filter(sent_serial=answered.source_serial).order_by("-id").first()
    if found is not None:
        return found
    waiting = mine.filter(state=PostState.OPEN)[:2]
    return waiting[0] if len(waiting) == 1 else None


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
    """Note once each query whose deadline passed, one to us or one of ours."""
    waiting = Post.objects.filter(state=PostState.OPEN, kind=PostKind.QUERY)
    return items.note_late(actor, clock, waiting)
