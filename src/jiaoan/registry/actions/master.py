"""Enterprises and terminals; a change of a terminal also queues its new reference."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.crypto import get_random_string

from jiaoan.journal.actions import enqueue, record
from jiaoan.kernel.clock import Clock
from jiaoan.org.models import Organisation
from jiaoan.registry import reference
from jiaoan.registry.models import AccidentProne, Enterprise, Terminal, Vehicle
from jiaoan.scope import Actor, require


@transaction.atomic
def add_enterprise(
    actor: Actor, clock: Clock, *, organisation: Organisation, credit_code: str, **fields: object
) -> Enterprise:
    require(actor, "registry.manage")
    made = Enterprise.objects.create(organisation=organisation, credit_code=credit_code, **fields)
    record("registry.enterprise_added", actor=actor, obj=made, clock=clock)
    return made


@transaction.atomic
def flag_accident_prone(
    actor: Actor, clock: Clock, enterprise: Enterprise, *, since: date, reason: str
) -> AccidentProne:
    """Mark a firm 事故多发 from a day on; its duties change from the period that follows."""
    require(actor, "registry.manage", enterprise)
    made = AccidentProne.objects.create(enterprise=enterprise, valid_from=since, reason=reason)
    record(
        "registry.accident_prone",
        actor=actor,
        obj=enterprise,
        clock=clock,
        payload={"since": since.isoformat()},
    )
    return made


@transaction.atomic
def add_terminal(
    actor: Actor, clock: Clock, *, vehicle: Vehicle, phone: str, protocol: str = ""
) -> Terminal:
    """Admit a terminal 入网. Its authentication code is invented here."""
    require(actor, "registry.manage")
    made = Terminal.objects.create(
        vehicle=vehicle,
        phone=phone.lstrip("0"),
        protocol=protocol,
        auth_code=get_random_string(16),
    )
    record("registry.terminal_added", actor=actor, obj=made, clock=clock)
    enqueue(reference.terminal_subject(made), reference.terminal_reference(made), clock=clock)
    return made
