"""Every read of commands, through ``restrict``."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from jiaoan.registry.models import Terminal, Vehicle
from jiaoan.registry.queries import live_terminals
from jiaoan.scope import restrict
from jiaoan.watch.commands.kinds import CommandKind
from jiaoan.watch.commands.states import CommandState
from jiaoan.watch.models import Command, TerminalFile


def commands(actor: object) -> QuerySet[Command]:
    found = restrict(Command.objects.all(), actor, "alarm.view")
    return found.select_related("vehicle", "by", "fact").prefetch_related("files")


def of_vehicle(actor: object, vehicle: Vehicle) -> QuerySet[Command]:
    """All commands to the terminals of a vehicle, newest first."""
    return commands(actor).filter(vehicle=vehicle)


def recent(actor: object, vehicle: Vehicle, most: int) -> list[Command]:
    """The newest ``most`` of them."""
    return list(of_vehicle(actor, vehicle)[:most])


def last_reading(actor: object, vehicle: Vehicle) -> Command | None:
    """The newest answer to a reading of parameters."""
    answered = of_vehicle(actor, vehicle).filter(state=CommandState.ANSWERED)
    return answered.filter(kind=CommandKind.READ).first()


def terminal_of(vehicle: Vehicle, day: date) -> Terminal | None:
    """The terminal that is told what the vehicle is told."""
    return live_terminals(day).filter(vehicle=vehicle).order_by("-id").first()


_TRACKING = (CommandKind.TRACK, CommandKind.UNTRACK)


def tracking(actor: object, vehicle: Vehicle, now: datetime) -> Command | None:
    """The tracking that is to be stopped when it is wanted no longer; ``None`` when there is none.

    The newest that the terminal has confirmed and that is not over
    (:attr:`~jiaoan.watch.models.Command.tracked_until`), or one that it may follow: asked for
    since, and neither refused nor expired.
    """
    undone = (CommandState.REFUSED, CommandState.FAILED, CommandState.EXPIRED)
    said = of_vehicle(actor, vehicle).filter(kind__in=_TRACKING).exclude(state__in=undone)
    # A stop that was never answered leaves open whether the tracking before it goes on.
    stopped = Q(kind=CommandKind.UNTRACK) & ~Q(state=CommandState.ANSWERED)
    last = said.exclude(stopped).first()
    if last is None or last.kind == CommandKind.UNTRACK:
        return None
    longest = timedelta(seconds=int(last.arguments["validity_s"]))
    return last if (last.tracked_until or last.expires_at + longest) > now else None


def files(actor: object) -> QuerySet[TerminalFile]:
    return restrict(TerminalFile.objects.all(), actor, "alarm.view").select_related("command")


def vehicles(actor: object, verb: str) -> QuerySet[Vehicle]:
    """Vehicles to whose terminals the actor may ``verb``."""
    found = restrict(Vehicle.objects.all(), actor, verb)
    return found.select_related("enterprise__organisation")
