"""A person's grants, resolved from role assignments to organisation ids."""

from __future__ import annotations

from collections.abc import Iterable

from jiaoan.org.models import Assignment, Organisation, User
from jiaoan.org.roles import ROLES
from jiaoan.scope import Grant, ScopeKind


def grants_of(actor: object) -> Iterable[Grant]:
    """All grants of a user; none for the anonymous or the disabled.

    Cached on the user object, which lives for one request: scope asks many times a page.
    """
    if not isinstance(actor, User) or not actor.is_active:
        return ()
    cached: tuple[Grant, ...] | None = getattr(actor, "_grants", None)
    if cached is None:
        cached = tuple(_resolve(actor))
        actor._grants = cached  # type: ignore[attr-defined]
    return cached


def _resolve(user: User) -> Iterable[Grant]:
    assignments = Assignment.objects.filter(user=user).select_related("organisation")
    for assignment in assignments.prefetch_related("chosen"):
        for verb, kind in ROLES[assignment.role].scopes.items():
            yield Grant(verb, kind, _organisations(assignment, kind))


def _organisations(assignment: Assignment, kind: ScopeKind) -> frozenset[int]:
    own = assignment.organisation
    if kind is ScopeKind.OWN:
        return frozenset({own.pk})
    if kind is ScopeKind.OWN_BELOW:
        below = Organisation.objects.filter(path__startswith=own.path)
        return frozenset(below.values_list("pk", flat=True))
    if kind is ScopeKind.CHOSEN:
        return frozenset(chosen.pk for chosen in assignment.chosen.all())
    return frozenset()
