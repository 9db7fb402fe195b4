"""What all items between platforms have in common: a time limit, words that the protocol can carry,
and messages that go by the outbox and are told back when the other platform has read them."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypeAlias, TypeVar

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked
from jiaoan.registry.models import Vehicle
from jiaoan.scope import Actor, require
from jiaoan.watch.models import Post, Supervision, SupervisionAnswer, UpwardReport
from jiaoan.watch.supervision.messages import Carried
from jiaoan.watch.supervision.states import Direction

Item: TypeAlias = Supervision | Post
Sent: TypeAlias = Supervision | SupervisionAnswer | Post | UpwardReport
"""What can be on its way to another platform."""
ItemT = TypeVar("ItemT", Supervision, Post)
ROLE: Final = {Direction.RECEIVED: "subordinate", Direction.SENT: "superior"}
"""Our role towards the other platform, by the direction of an item."""
_LONGEST = 500
_AT_ONCE = 200
_ORDERED: Final[dict[str, type[models.Model]]] = {
    "request": Supervision,
    "answer": SupervisionAnswer,
    "post": Post,
    "report": UpwardReport,
}
"""The first word of an order, and the rows it is about."""
_NAMES: Final[dict[type[models.Model], str]] = {
    Supervision: "supervision",
    SupervisionAnswer: "supervision",
    Post: "post",
    UpwardReport: "report",
}


def vehicle_of(plate: str, colour: int | None) -> Vehicle | None:
    """The registered vehicle that a message of another platform names."""
    if not plate or colour is None:
        return None
    return Vehicle.objects.filter(plate=plate, plate_colour=colour).first()


def words_problem(said: str, missing: str | Promise) -> str | Promise:
    """What is wrong with words for another platform; ``missing`` is said where there are none,
    empty where none are needed."""
    if missing and not said.strip():
        return missing
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


def order(row: Sent, access_code: int, payload: dict[str, Json], clock: Clock) -> None:
    """Queue what is to be said about ``row``; :func:`note_carried` hears what became of it."""
    word = next(name for name, model in _ORDERED.items() if isinstance(row, model))
    said: dict[str, Json] = {"order": f"{word}-{row.pk}"}
    enqueue(f"platform.down.{access_code}", said | payload, clock=clock)


def claim(item: ItemT, source: str, **changes: object) -> ItemT:
    """Take one row of the table against others who try the same; the item as it is then, or
    :class:`Blocked`."""
    if not type(item).objects.filter(pk=item.pk, state=source).update(**changes):
        raise Blocked(_("Somebody else has just answered this. Look at it again."))
    item.refresh_from_db()
    return item


@transaction.atomic
def note_carried(actor: Actor, clock: Clock, carried: Carried) -> Sent | None:
    """The link told what became of an order: the row, or ``None`` where nothing changed. What it
    does not know any more is no error."""
    require(actor, "alarm.open")
    row = _ordered(carried.order)
    if row is None or (row.sent_at is not None and not carried.reason):
        return None
    row.send_error = carried.reason
    if not carried.reason:
        _sent(row, carried)
    row.save()
    kind = f"watch.{_NAMES[type(row)]}_{'not_sent' if carried.reason else 'sent'}"
    about = row.supervision if isinstance(row, SupervisionAnswer) else row
    record(
        kind,
        actor=actor,
        obj=about.alarm if isinstance(about, UpwardReport) else about,
        clock=clock,
        happened_at=carried.at,
        payload={"link": carried.link, "serial": carried.serial},
    )
    if isinstance(about, Supervision | Post):
        announce(kind, about, clock)
    return row


def _ordered(name: str) -> Sent | None:
    """The row that an order was made for."""
    word, _dash, number = name.partition("-")
    model = _ORDERED.get(word)
    if model is None or not number.isdecimal():
        return None
    row = model._default_manager.filter(pk=number).first()
    assert row is None or isinstance(row, Supervision | SupervisionAnswer | Post | UpwardReport)
    return row


def _sent(row: Sent, carried: Carried) -> None:
    """Note when and how; the time to answer a query of ours runs from its sending."""
    row.sent_at = carried.at
    if isinstance(row, Supervision):
        row.request_serial = carried.serial
        return
    row.sent_link, row.sent_serial = carried.link, carried.serial
    if isinstance(row, Post) and row.direction == Direction.SENT:
        row.deadline += max(carried.at - row.opened_at, timedelta(0))


def note_late(actor: Actor, clock: Clock, waiting: QuerySet[ItemT]) -> int:
    """Note once each item whose deadline passed; claimed by a conditional update."""
    require(actor, "alarm.open")
    now, count = clock.now(), 0
    for item in waiting.filter(late_noted_at=None, deadline__lt=now)[:_AT_ONCE]:
        with transaction.atomic():
            if not waiting.filter(pk=item.pk, late_noted_at=None).update(late_noted_at=now):
                continue
            kind = f"watch.{_NAMES[type(item)]}_late"
            record(kind, actor=actor, obj=item, clock=clock, happened_at=item.deadline)
            announce(kind, item, clock)
            count += 1
    return count


def announce(kind: str, item: Item, clock: Clock) -> None:
    """Tell open pages; ids only, each reader asks for what it may see."""
    enqueue(
        "events.alarm",
        {
            "kind": kind,
            "object": f"watch.{_NAMES[type(item)]}",
            "id": item.pk,
            "vehicle": item.vehicle_id if isinstance(item, Supervision) else None,
            "state": item.state,
        },
        clock=clock,
    )
