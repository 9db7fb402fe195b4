"""Every decision about the rules: a fact, a new version, and the stream told by the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.org.models import User
from jiaoan.rules.driving.law import BY_ID
from jiaoan.scope import require
from jiaoan.watch.models import RuleChange
from jiaoan.watch.models.rules import ChangeKind
from jiaoan.watch.rules.queries import standing
from jiaoan.watch.rules.standing import FIGURES, Standing, with_figures
from jiaoan.watch.rules.values import parse

SUBJECT: Final = "ref.rules.driving"
_NOTE = 500
_FACTS = {
    ChangeKind.FIGURE: "watch.rule_figure_changed",
    ChangeKind.WITHDRAWAL: "watch.rule_figure_withdrawn",
    ChangeKind.CONFIRMATION: "watch.rule_figure_confirmed",
    ChangeKind.OFF: "watch.rule_switched_off",
    ChangeKind.ON: "watch.rule_switched_on",
}


def parse_figures(typed: Mapping[str, str], held: Standing, day: date) -> dict[str, int]:
    """The figures that differ from those of ``day``. :class:`FieldErrors` names each bad one."""
    errors: dict[str, str | Promise] = {}
    changed: dict[str, int] = {}
    now = held.on(day)
    for name, text in typed.items():
        if name not in FIGURES:
            continue
        try:
            value = parse(name, text)
        except FieldErrors as bad:
            errors |= bad.errors
            continue
        if value != getattr(now, name):
            changed[name] = value
    if errors:
        raise FieldErrors(errors)
    try:
        with_figures(held.settings(), changed)
    except ValueError:
        raise FieldErrors(
            {
                next(iter(changed)): _(
                    "These figures do not go together: a gap lies between 0 and a day, and a "
                    "short stand is not longer than a rest."
                )
            }
        ) from None
    return changed


@transaction.atomic
def change_figures(
    actor: User,
    clock: Clock,
    typed: Mapping[str, str],
    *,
    valid_from: str,
    note: str,
    seen_version: int,
) -> list[RuleChange]:
    """Set figures from a day on, tomorrow at the earliest: a day is judged by the figures it
    began with, today and on replay.

    ``typed`` is figure → as people write it; those that already hold on that day change nothing.
    Raises :class:`FieldErrors` (figure names, ``valid_from``, ``note``) and :class:`Blocked`.
    """
    require(actor, "rule.manage")
    held = standing()
    _require_seen(held, seen_version)
    errors: dict[str, str | Promise] = {}
    day = _day(valid_from)
    if day is None:
        errors["valid_from"] = _("Write the day as 2024-06-05.")
    elif day <= clock.today():
        errors["valid_from"] = _("Tomorrow at the earliest: what was driven is judged already.")
    if problem := _note_problem(note):
        errors["note"] = problem
    changed: dict[str, int] = {}
    try:
        changed = parse_figures(typed, held, day or clock.today())
    except FieldErrors as bad:
        errors |= bad.errors
    if errors:
        raise FieldErrors(errors)
    if not changed:
        raise FieldErrors({"note": _("No figure differs from what holds on that day.")})
    version = held.version
    made = [
        _decide(
            actor, clock, ChangeKind.FIGURE, name, version + number, note, value, valid_from=day
        )
        for number, (name, value) in enumerate(sorted(changed.items()), start=1)
    ]
    _publish(clock)
    return made


@transaction.atomic
def withdraw(
    actor: User, clock: Clock, change: RuleChange, *, note: str, seen_version: int
) -> RuleChange:
    """Take a change back that does not hold yet. One that holds is changed, never undone."""
    require(actor, "rule.manage", change)
    held = standing()
    _require_seen(held, seen_version)
    pending = {each.version: each for each in held.changes}
    if change.kind != ChangeKind.FIGURE or change.version not in pending:
        raise Blocked(_("This change is withdrawn already."))
    if pending[change.version].valid_from <= clock.today():
        raise Blocked(_("This figure holds already. Set another one from a coming day on."))
    _require_note(note)
    made = _decide(
        actor,
        clock,
        ChangeKind.WITHDRAWAL,
        change.subject,
        held.version + 1,
        note,
        change.value,
        withdraws=change,
    )
    _publish(clock)
    return made


@transaction.atomic
def confirm(
    actor: User,
    clock: Clock,
    name: str,
    *,
    confirmed_by: str,
    confirmed_on: str,
    note: str,
    seen_version: int,
) -> RuleChange:
    """核实: somebody by name stands for the figure that holds today, by the text in ``note``.

    Raises :class:`FieldErrors` (``confirmed_by``, ``confirmed_on``, ``note``).
    """
    require(actor, "rule.manage")
    held = standing()
    _require_seen(held, seen_version)
    if name not in FIGURES:
        raise Blocked(_("There is no such figure."))
    errors: dict[str, str | Promise] = {}
    if not 2 <= len(confirmed_by.strip()) <= 60:
        errors["confirmed_by"] = _("Write who confirmed it, by name and post.")
    day = _day(confirmed_on)
    if day is None:
        errors["confirmed_on"] = _("Write the day as 2024-06-05.")
    elif day > clock.today():
        errors["confirmed_on"] = _("This day has not come yet.")
    if problem := _note_problem(note):
        errors["note"] = problem
    if errors:
        raise FieldErrors(errors)
    made = _decide(
        actor,
        clock,
        ChangeKind.CONFIRMATION,
        name,
        held.version + 1,
        note,
        getattr(held.on(clock.today()), name),
        confirmed_by=confirmed_by.strip(),
        confirmed_on=day,
    )
    _publish(clock)
    return made


@transaction.atomic
def switch(
    actor: User, clock: Clock, rule: str, *, on: bool, note: str, seen_version: int
) -> RuleChange:
    """Switch a rule on or off for everybody, at once, with the reason."""
    require(actor, "rule.manage")
    held = standing()
    _require_seen(held, seen_version)
    if rule not in BY_ID:
        raise Blocked(_("There is no such rule."))
    if on == (rule not in held.off):
        raise Blocked(_("It is on already.") if on else _("It is off already."))
    _require_note(note)
    kind = ChangeKind.ON if on else ChangeKind.OFF
    made = _decide(actor, clock, kind, rule, held.version + 1, note, None)
    _publish(clock)
    return made


def _decide(
    actor: User,
    clock: Clock,
    kind: ChangeKind,
    subject: str,
    version: int,
    note: str,
    value: int | None,
    *,
    valid_from: date | None = None,
    withdraws: RuleChange | None = None,
    confirmed_by: str = "",
    confirmed_on: date | None = None,
) -> RuleChange:
    """The row and its fact. The unique version stops two who decide at the same moment."""
    payload: dict[str, Json] = {"version": version, "value": value}
    if valid_from is not None:
        payload["valid_from"] = valid_from.isoformat()
    fact = record(
        _FACTS[kind], actor=actor, obj=f"watch.rule:{subject}", clock=clock, payload=payload
    )
    try:
        with transaction.atomic():
            return RuleChange.objects.create(
                version=version,
                kind=kind,
                subject=subject,
                value=value,
                valid_from=valid_from,
                withdraws=withdraws,
                confirmed_by=confirmed_by,
                confirmed_on=confirmed_on,
                note=note.strip(),
                by=actor,
                at=clock.now(),
                fact=fact,
            )
    except IntegrityError as taken:
        raise Blocked(_CHANGED) from taken


_CHANGED = _("Somebody else has just changed the rules. Look at them again.")


def _require_seen(held: Standing, seen_version: int) -> None:
    if seen_version != held.version:
        raise Blocked(_CHANGED)


def _publish(clock: Clock) -> None:
    """Tell the stream, in the same transaction: replaced whole, the last one holds."""
    enqueue(SUBJECT, standing().document(), clock=clock)


def tomorrow(clock: Clock) -> date:
    """The first day that a changed figure can hold from."""
    return clock.today() + timedelta(days=1)


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed.strip())
    except ValueError:
        return None


def _note_problem(note: str) -> str | Promise:
    if not note.strip():
        return _("Write why, or by which text; it stays with the decision.")
    return _("At most 500 characters.") if len(note) > _NOTE else ""


def _require_note(note: str) -> None:
    if problem := _note_problem(note):
        raise FieldErrors({"note": problem})
