"""What the worker does to the database: plain synchronous steps, each in its own transaction.

All of them run in one thread (:mod:`jiaoan.worker.loop`), so they never wait for each other.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import OperationalError, transaction
from django.db.models import F

from jiaoan.flows.actions import run_pending
from jiaoan.hazmat import actions as hazmat
from jiaoan.hazmat.findings import parse
from jiaoan.journal import chain
from jiaoan.journal.models import Fact, Outgoing
from jiaoan.kernel.clock import Clock, local
from jiaoan.ledger.actions import keep_current
from jiaoan.scope import SystemActor
from jiaoan.stores.compaction import Stopped
from jiaoan.tracks import removal, retention
from jiaoan.watch import actions as watch
from jiaoan.watch.appeals import actions as appeals
from jiaoan.watch.commands import actions as commands
from jiaoan.watch.findings import actions as findings
from jiaoan.watch.findings import messages
from jiaoan.watch.models import UpwardReport
from jiaoan.watch.others import actions as others
from jiaoan.watch.posts import actions as posts
from jiaoan.watch.posts import orders
from jiaoan.watch.reported import actions as reported
from jiaoan.watch.supervision import actions as supervision
from jiaoan.watch.supervision import items
from jiaoan.watch.supervision import messages as platform_messages
from jiaoan.watch.uploads import actions as uploads
from jiaoan.watch.upward import actions as upward
from jiaoan.worker.batches import Found, Handler, handle_some, park
from jiaoan.worker.models import Checkpoint

log = logging.getLogger("jiaoan.worker")
ACTOR = SystemActor(
    "worker", frozenset({"hazmat.judge", "alarm.open", "ledger.assign", "command.note"})
)
PLATFORM = "platform"
GIVE_UP = 100  # tries after which a message of the outbox is left for a person
QUIET = 3  # the hour of the night in which a day's positions may be written anew
_BATCH = 200


@dataclass(frozen=True)
class Letter:
    """One message of the outbox, ready for the bus."""

    pk: int
    subject: str
    data: bytes
    message_id: str


def handle_findings(waiting: Sequence[Found], read_to: int, clock: Clock) -> list[Found]:
    """Handle some of these findings and what follows from them; those that still wait."""
    return handle_some(waiting, read_to, clock, _handler)


def _finding(clock: Clock, data: bytes) -> None:
    """Driving findings to the desk, fence findings to the stays of hazmat vehicles and the desk."""
    rule = messages.rule_of(data)
    if not rule.startswith(messages.DRIVING):
        _fence(clock, data)
    if messages.concerns(rule):
        findings.take(ACTOR, clock, messages.read(data))


def _fence(clock: Clock, data: bytes) -> None:
    finding = parse(data)
    hazmat.handle_finding(ACTOR, clock, finding)
    if finding.rule in messages.OVER:
        findings.end_by_place(ACTOR, clock, messages.over(data))


def _command(clock: Clock, data: bytes) -> None:
    commands.apply_news(ACTOR, clock, json.loads(data))


def _attachment(clock: Clock, data: bytes) -> None:
    commands.take_file(ACTOR, clock, json.loads(data))


def _upload(clock: Clock, data: bytes) -> None:
    uploads.take_upload(ACTOR, clock, json.loads(data))


# Findings of the stream have the number of their partition; the gateway's have a name.
_HANDLERS: dict[str, Handler] = {
    "command": _command,
    "attachment": _attachment,
    "upload": _upload,
}


def _handler(subject: str) -> Handler:
    return _HANDLERS.get(subject.partition(".")[2]) or _finding


def platform_checkpoint() -> int:
    """The sequence of the last message of the links between platforms that was handled."""
    return Checkpoint.objects.get_or_create(name=PLATFORM)[0].sequence


def handle_platform(data: bytes, sequence: int, stored_at: datetime, clock: Clock) -> bool:
    """Handle one message of ``platform.up`` and move its checkpoint, both or neither.

    Returns ``False`` when it was parked. ``OperationalError`` as :func:`handle_findings`.
    """
    if sequence <= platform_checkpoint():
        return True
    try:
        with transaction.atomic():
            _take_platform(platform_messages.parse(data), clock)
            Checkpoint.objects.filter(name=PLATFORM).update(sequence=sequence)
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001  # whatever is wrong with one must not stop the rest
        log.warning("platform message %s parked: %s: %s", sequence, type(error).__name__, error)
        with transaction.atomic():
            park("platform.up", data, sequence, stored_at, error, clock)
            Checkpoint.objects.filter(name=PLATFORM).update(sequence=sequence)
        return False
    return True


def _take_platform(message: platform_messages.Told, clock: Clock) -> None:
    match message:
        case platform_messages.Request():
            supervision.receive_request(ACTOR, clock, message)
        case platform_messages.Answer():
            supervision.receive_answer(ACTOR, clock, message)
        case platform_messages.Asked():
            posts.receive(ACTOR, clock, message)
        case platform_messages.PostAnswered():
            posts.receive_answer(ACTOR, clock, message)
        case platform_messages.Papers():
            posts.receive_papers(ACTOR, clock, message, uploads.take_papers(ACTOR, clock, message))
        case platform_messages.PapersAsked():
            uploads.tell_papers(ACTOR, clock, message)
        case platform_messages.AlarmReport():
            reported.receive(ACTOR, clock, message)
        case platform_messages.AlarmHandled():
            reported.note_result(ACTOR, clock, message)
        case platform_messages.VehicleOrder():
            orders.receive(ACTOR, clock, message)
        case platform_messages.VehicleAnswer():
            orders.receive_answer(ACTOR, clock, message)
        case platform_messages.Other():
            others.take(ACTOR, clock, message)
        case platform_messages.OthersMore():
            others.count(ACTOR, clock, message)
        case platform_messages.Carried():
            row = items.note_carried(ACTOR, clock, message)
            if isinstance(row, UpwardReport):
                upward.go_on(ACTOR, clock, row)
        case platform_messages.Nothing(kind):
            log.info("platform message of kind %s is for nobody here", kind)


def follow(clock: Clock) -> None:
    """What follows from facts that other processes wrote."""
    run_pending(clock)


def due(clock: Clock) -> None:
    """Rows whose time has come, each claimed by a conditional update."""
    watch.note_late(ACTOR, clock)
    appeals.note_late(ACTOR, clock)
    commands.note_times(ACTOR, clock)
    uploads.forget_telemetry(ACTOR, clock)
    supervision.note_late(ACTOR, clock)
    posts.note_late(ACTOR, clock)
    hazmat.expire_filings(ACTOR, clock)
    hazmat.end_with_places(ACTOR, clock)
    findings.end_with_places(ACTOR, clock)


# After these facts some firm owes other duties than before.
_CHANGED_FIRMS = ("registry.enterprise_added", "registry.accident_prone")


def keep_ledger(clock: Clock) -> bool:
    """Each new day, and after firms changed: windows begin, and firms owe what the rules say.

    Returns whether there was anything to look at; walking all duties is too dear to do always.
    """
    facts = (
        Fact.objects.filter(kind__in=_CHANGED_FIRMS).order_by("-id").values_list("id", flat=True)
    )
    state = {"ledger day": clock.today().toordinal(), "ledger firms": facts.first() or 0}
    rows = {row.name: row.sequence for row in Checkpoint.objects.filter(name__in=state)}
    if rows == state:
        return False
    keep_current(ACTOR, clock)
    for name, sequence in state.items():
        Checkpoint.objects.update_or_create(name=name, defaults={"sequence": sequence})
    return True


KEEPER = SystemActor("tracks-retention", frozenset({removal.VERB}))


def keep_tracks(clock: Clock, stop: threading.Event) -> int:
    """Once a day from :data:`QUIET` on: remove positions whose time is over; how many days.

    Only when somebody has confirmed the figures: what is removed does not come back.
    """
    now = local(clock.now())
    today = now.date().toordinal()
    done = Checkpoint.objects.get_or_create(name="tracks day")[0].sequence
    if done >= today or now.hour < QUIET or not retention.confirmed_by():
        return 0
    try:
        days = sum(1 for _ in removal.retain(KEEPER, clock, Path(settings.DATA_DIR), stop))
    except Stopped:
        return 0
    Checkpoint.objects.filter(name="tracks day").update(sequence=today)
    return days


def seal(clock: Clock) -> int:
    return chain.seal(Path(settings.JOURNAL_HEAD), clock)


def letters() -> list[Letter]:
    """The oldest unsent messages, in order."""
    waiting = Outgoing.objects.filter(sent_at=None, tries__lt=GIVE_UP).order_by("id")[:_BATCH]
    return [
        Letter(
            row.pk,
            row.topic,
            json.dumps(row.payload, ensure_ascii=False).encode(),
            # The moment belongs to it: after a new database the same number is another message.
            f"outbox-{row.pk}-{row.made_at.timestamp():.6f}",
        )
        for row in waiting
    ]


def sent(ids: Sequence[int]) -> None:
    """The bus has stored these. Real time: it is about the machine, not about the case."""
    Outgoing.objects.filter(pk__in=ids).update(sent_at=datetime.now(UTC))


def not_sent(ids: Iterable[int], error: str, *, hopeless: bool = False) -> None:
    """Keep why; ``hopeless`` ones (too large, no such stream) wait for a person."""
    rows = Outgoing.objects.filter(pk__in=list(ids))
    if hopeless:
        rows.update(tries=GIVE_UP, last_error=error[:300])
    else:
        # Trouble of the bus is no fault of the message: it is counted below the limit only.
        rows.filter(tries__lt=GIVE_UP - 1).update(tries=F("tries") + 1, last_error=error[:300])
