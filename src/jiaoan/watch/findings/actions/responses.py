"""报警设置: what findings of a rule lead to."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.errors import FieldErrors
from jiaoan.org.models import User
from jiaoan.scope import require
from jiaoan.watch import models
from jiaoan.watch.findings.responses import kind_of
from jiaoan.watch.kinds import Severity

LONGEST: Final = timedelta(days=30)


@transaction.atomic
def set_response(
    actor: User,
    clock: Clock,
    rule: str,
    *,
    raises: bool,
    severity: str,
    respond_minutes: int,
    finish_hours: int,
    confirmed: bool,
) -> models.Response:
    """Say what findings of ``rule`` lead to from now on; alarms that are open stay as they are.

    ``confirmed`` = the bureau answers for these figures, else they stay 未核实. Raises
    :class:`FieldErrors` (``rule``, ``severity``, ``respond_minutes``, ``finish_hours``).
    """
    require(actor, "alarm.handle")
    errors: dict[str, str | Promise] = {}
    try:
        kind_of(rule)
    except KeyError:
        errors["rule"] = _("There is no such rule.")
    if severity not in Severity.values:
        errors["severity"] = _("Choose a severity from the list.")
    respond, finish = timedelta(minutes=respond_minutes), timedelta(hours=finish_hours)
    if not timedelta() < respond <= LONGEST:
        errors["respond_minutes"] = _("From 1 minute to 30 days.")
    if not respond <= finish <= LONGEST:
        errors["finish_hours"] = _("Not before the first response, and 30 days at most.")
    if errors:
        raise FieldErrors(errors)
    payload: dict[str, Json] = {
        "rule": rule, "raises": raises, "severity": severity, "respond_minutes": respond_minutes,
        "finish_hours": finish_hours, "confirmed": confirmed,
    }  # fmt: skip
    fact = record("watch.response_set", actor=actor, obj=f"watch.response:{rule}", clock=clock,
                  payload=payload)  # fmt: skip
    row, _made = models.Response.objects.update_or_create(
        rule=rule,
        defaults={
            "raises": raises,
            "severity": severity,
            "respond_minutes": respond_minutes,
            "finish_hours": finish_hours,
            "confirmed_by": actor.name if confirmed else "",
            "changed_at": clock.now(),
            "fact": fact,
        },
    )
    return row
