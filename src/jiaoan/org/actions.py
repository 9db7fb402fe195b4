"""Every write about organisations and people."""

from __future__ import annotations

from django.db import transaction

from jiaoan.journal.actions import record
from jiaoan.kernel.clock import Clock
from jiaoan.org.models import Assignment, Organisation, OrganisationKind, Post, User
from jiaoan.scope import Actor, require


@transaction.atomic
def add_organisation(
    actor: Actor,
    clock: Clock,
    *,
    name: str,
    kind: OrganisationKind,
    parent: Organisation | None,
    short_name: str = "",
    sort: int = 0,
) -> Organisation:
    """Add a node 组织 below ``parent`` (``None`` only for the bureau itself)."""
    require(actor, "org.manage")
    made = Organisation.objects.create(
        name=name, short_name=short_name, kind=kind, parent=parent, sort=sort
    )
    made.path = f"{parent.path if parent else '/'}{made.pk}/"
    made.save(update_fields=["path"])
    record("org.organisation_added", actor=actor, obj=made, clock=clock, payload={"kind": kind})
    return made


@transaction.atomic
def add_person(
    actor: Actor,
    clock: Clock,
    *,
    username: str,
    password: str | None,
    display_name: str,
    organisation: Organisation,
    role: str,
    title: str = "",
    leads: bool = False,
) -> User:
    """Add a person with a main post and a role there; without a password nobody logs in as it."""
    require(actor, "org.manage")
    user = User.objects.create_user(username=username, password=password, display_name=display_name)
    Post.objects.create(user=user, organisation=organisation, title=title, leads=leads)
    Assignment.objects.create(user=user, role=role, organisation=organisation)
    record(
        "org.person_added",
        actor=actor,
        obj=user,
        clock=clock,
        payload={"organisation": organisation.pk, "role": role},
    )
    return user
