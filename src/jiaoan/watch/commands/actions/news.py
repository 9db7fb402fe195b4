"""What became of a command: news of the gateway, and what the clock alone says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction

from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.scope import Actor, require
from jiaoan.watch.commands import figures
from jiaoan.watch.commands.actions.asking import announce
from jiaoan.watch.commands.states import COMMAND, CommandState, CommandVerb
from jiaoan.watch.models import Command, TerminalFile

_VERBS: Final = {
    "sent": CommandVerb.SEND,
    "answered": CommandVerb.ANSWER,
    "refused": CommandVerb.REFUSE,
    "timed_out": CommandVerb.TIME_OUT,
    "undeliverable": CommandVerb.FAIL,
}


@transaction.atomic
def apply_news(actor: Actor, clock: Clock, news: Mapping[str, Json]) -> bool:
    """Take one message of ``findings.command``; whether it changed anything.

    Repetitions and news that the state table does not allow change nothing. Raises ``LookupError``
    for a command that is not here and ``ValueError`` for what is no news.
    """
    require(actor, "command.note")
    try:
        key, verb = str(news["id"]), _VERBS[str(news["state"])]
        at = datetime.fromisoformat(str(news["at"]))
        tries, reason, result = int(str(news["tries"])), str(news["reason"]), news["result"]
    except KeyError as missing:
        raise ValueError(f"no news of a command: {missing} is missing or unknown") from missing
    command = Command.objects.filter(key=key).first()
    if command is None:
        raise LookupError(f"no command {key}")
    if verb is CommandVerb.SEND and command.tries >= tries:
        return False
    changes: dict[str, object] = {"tries": max(tries, command.tries), "reason": reason[:200]}
    if verb is CommandVerb.SEND:
        changes["sent_at"] = command.sent_at or at
    else:
        changes |= {"ended_at": at, "result": result}
    return _move(actor, clock, command, verb, changes, at)


def note_times(actor: Actor, clock: Clock) -> int:
    """What the clock alone says: not connected, expired, never answered. Returns how many."""
    require(actor, "command.note")
    now, count = clock.now(), 0
    unsent = [CommandState.QUEUED, CommandState.WAITING]
    found = Command.objects.filter(state=CommandState.QUEUED, made_at__lt=now - figures.CONNECTED)
    for command in found[:200]:
        count += _move(actor, clock, command, CommandVerb.WAIT, {}, now)
    for command in Command.objects.filter(state__in=unsent, expires_at__lt=now - figures.NEWS)[
        :200
    ]:
        count += _move(actor, clock, command, CommandVerb.EXPIRE, {"ended_at": now}, now)
    late = Command.objects.filter(state=CommandState.SENT, expires_at__lt=now - figures.NEWS)
    for command in late[:200]:
        count += _move(actor, clock, command, CommandVerb.TIME_OUT, {"ended_at": now}, now)
    return count


@transaction.atomic
def _move(
    actor: Actor,
    clock: Clock,
    command: Command,
    verb: CommandVerb,
    changes: Mapping[str, object],
    at: datetime,
) -> bool:
    """Take one row of the table against others who try the same; ``False`` where there is none."""
    if not COMMAND.allows(command.state, verb):
        return False
    row = COMMAND.row(command.state, verb)
    mine = Command.objects.filter(pk=command.pk, state=row.source, tries=command.tries)
    if not mine.update(state=row.target, **changes):
        return False
    record(row.fact, actor=actor, obj=command, clock=clock, happened_at=at)
    announce(row.fact, command, clock)
    return True


@transaction.atomic
def take_file(actor: Actor, clock: Clock, news: Mapping[str, Json]) -> TerminalFile:
    """Take one message of ``findings.attachment``: a file that the gateway has stored whole.

    The same file of the same command is one row. Raises ``LookupError`` and ``ValueError``.
    """
    require(actor, "command.note")
    try:
        command = Command.objects.filter(key=str(news["command"])).first()
        values = {
            "identification": str(news["identification"])[:80],
            "kind": int(str(news["kind"])),
            "size": int(str(news["size"])),
            "received_at": datetime.fromisoformat(str(news["at"])),
        }
        name, sha256 = str(news["name"])[:100], str(news["sha256"])
    except KeyError as missing:
        raise ValueError(f"no news of a file: {missing} is missing") from missing
    if command is None:
        raise LookupError(f"no command {news['command']}")
    known = TerminalFile.objects.filter(command=command, name=name, sha256=sha256).first()
    if known is not None:
        return known
    fact = record(
        "watch.file_received",
        actor=actor,
        obj=command,
        clock=clock,
        happened_at=values["received_at"],  # type: ignore[arg-type]
        payload={"sha256": sha256, "size": values["size"]},  # type: ignore[dict-item]
    )
    made = TerminalFile.objects.create(
        command=command, name=name, sha256=sha256, fact=fact, **values
    )
    announce("watch.file_received", command, clock)
    return made
