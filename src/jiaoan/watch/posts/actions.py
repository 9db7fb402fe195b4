"""Every write about post queries 查岗 and messages of platforms; answers go by the outbox."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import User
from jiaoan.scope import Actor, require
from jiaoan.watch.models import Post
from jiaoan.watch.posts.states import POST, PostKind, PostState, PostVerb
from jiaoan.watch.supervision.messages import Asked, Carried

_LONGEST = 500


def default_span() -> timedelta:
    """For a query without a time (809-2011) and for messages: ten minutes, unverified [U] until the
    bureau sets ``WATCH_POST_MINUTES``."""
    return timedelta(minutes=float(getattr(settings, "WATCH_POST_MINUTES", 10)))


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
    _announce("watch.post_received", item, clock)
    return item


@transaction.atomic
def answer(actor: User, clock: Clock, item: Post, *, text: str) -> Post:
    """Answer a query in words (0x1301), or confirm that a message was read (0x1302).

    Raises :class:`FieldErrors` (``text``), :class:`Blocked`, ``TransitionRefused``.
    """
    require(actor, "alarm.handle", item)
    said = text.strip()
    if problem := _problem(item, said):
        raise FieldErrors({"text": problem})
    row, now = POST.row(item.state, PostVerb.ANSWER), clock.now()
    mine = Post.objects.filter(pk=item.pk, state=row.source)
    if not mine.update(state=row.target, answer=said, by=actor, answered_at=now):
        raise Blocked(_("Somebody else has just answered this. Look at it again."))
    item.refresh_from_db()
    record(row.fact, actor=actor, obj=item, clock=clock, payload={"late": now > item.deadline})
    enqueue(f"platform.down.{item.access_code}", _order(item, actor), clock=clock)
    _announce(row.fact, item, clock)
    return item


def _problem(item: Post, said: str) -> str | Promise:
    if item.kind == PostKind.QUERY and not said:
        return _("Write the answer: the superior platform reads it.")
    if len(said) > _LONGEST:
        return _("At most 500 characters.")
    strange = sorted({letter for letter in said if not _in_gbk(letter)})
    if strange:
        return _("The protocol knows no %(letters)s (GBK): write it in another way.") % {
            "letters": "".join(strange)
        }
    return ""


def _in_gbk(letter: str) -> bool:
    try:
        letter.encode("gbk")
    except UnicodeEncodeError:
        return False
    return True


def _order(item: Post, actor: User) -> dict[str, Json]:
    about: dict[str, Json] = {
        "order": f"post-{item.pk}",
        "role": "subordinate",
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


@transaction.atomic
def note_carried(actor: Actor, clock: Clock, carried: Carried) -> None:
    """The link told what became of an answer; what it does not know any more is no error."""
    require(actor, "alarm.open")
    number = carried.order.removeprefix("post-")
    item = Post.objects.filter(pk=number).first() if number.isdecimal() else None
    if item is None or (item.sent_at is not None and not carried.reason):
        return
    item.send_error = carried.reason
    if not carried.reason:
        item.sent_at, item.sent_link, item.sent_serial = carried.at, carried.link, carried.serial
    item.save(update_fields=["send_error", "sent_at", "sent_link", "sent_serial"])
    fact = "watch.post_not_sent" if carried.reason else "watch.post_sent"
    record(
        fact,
        actor=actor,
        obj=item,
        clock=clock,
        happened_at=carried.at,
        payload={"link": carried.link, "serial": carried.serial},
    )
    _announce(fact, item, clock)


def note_late(actor: Actor, clock: Clock) -> int:
    """Note once each query whose deadline passed; claimed by a conditional update."""
    require(actor, "alarm.open")
    now, count = clock.now(), 0
    waiting = Post.objects.filter(
        state=PostState.OPEN, kind=PostKind.QUERY, late_noted_at=None, deadline__lt=now
    )
    for item in waiting[:200]:
        with transaction.atomic():
            mine = Post.objects.filter(pk=item.pk, late_noted_at=None, state=PostState.OPEN)
            if not mine.update(late_noted_at=now):
                continue
            record("watch.post_late", actor=actor, obj=item, clock=clock, happened_at=item.deadline)
            _announce("watch.post_late", item, clock)
            count += 1
    return count


def _announce(kind: str, item: Post, clock: Clock) -> None:
    """Tell open pages; ids only."""
    enqueue(
        "events.alarm",
        {
            "kind": kind,
            "object": "watch.post",
            "id": item.pk,
            "vehicle": None,
            "state": item.state,
        },
        clock=clock,
    )
