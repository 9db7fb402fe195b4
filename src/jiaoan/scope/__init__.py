"""Who may see and do what: the only door to rows.

Theory of operation
-------------------
A *grant* is verb × reach. :func:`reach` turns an actor and a verb into a :class:`Reach` (all rows,
some organisations, own rows). Every model says once, with :func:`register`, by which columns its
rows belong to organisations and persons. :func:`restrict` joins the two into a queryset filter;
:func:`require` asks the same question for one row and raises :class:`Refused`. A model that never
registered cannot be read through this door at all, so forgetting is loud.

This room has no model of its own: ``org`` registers where the grants of a person come from.
"""

from jiaoan.scope.access import (
    Actor,
    Grant,
    Reach,
    Refused,
    ScopeKind,
    SystemActor,
    can,
    organisations_in_reach,
    reach,
    register,
    register_grants,
    require,
    restrict,
)

__all__ = [
    "Actor",
    "Grant",
    "Reach",
    "Refused",
    "ScopeKind",
    "SystemActor",
    "can",
    "organisations_in_reach",
    "reach",
    "register",
    "register_grants",
    "require",
    "restrict",
]
