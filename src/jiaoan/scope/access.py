"""Grants, reach, and the filters made from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar, runtime_checkable

from django.db.models import Model, Q, QuerySet

M = TypeVar("M", bound=Model)


class ScopeKind(StrEnum):
    """How far a verb reaches (数据权限): the five scopes that bureaus know."""

    ALL = "all"
    CHOSEN = "chosen"
    OWN = "own"
    OWN_BELOW = "own_below"
    SELF = "self"


@dataclass(frozen=True)
class Grant:
    """One verb of one person with its scope resolved to organisations.

    ``organisations`` holds organisation ids; it is empty for ``ALL`` and ``SELF``.
    """

    verb: str
    kind: ScopeKind
    organisations: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Reach:
    """All that an actor's grants for one verb add up to."""

    everything: bool = False
    organisations: frozenset[int] = frozenset()
    own_rows: bool = False

    @property
    def nothing(self) -> bool:
        return not (self.everything or self.organisations or self.own_rows)


@runtime_checkable
class Actor(Protocol):
    """Somebody or something that reads and writes. ``journal_name`` is what facts carry."""

    @property
    def journal_name(self) -> str: ...


@dataclass(frozen=True)
class SystemActor:
    """A process or a link holder: a fixed set of verbs, over all rows or named organisations."""

    name: str
    verbs: frozenset[str]
    organisations: frozenset[int] | None = None

    @property
    def journal_name(self) -> str:
        return f"system:{self.name}"


class Refused(Exception):
    """The actor may not do this to that row. Carries ids only, never row contents."""

    def __init__(self, actor: object, verb: str, obj: Model | None) -> None:
        self.actor_name = getattr(actor, "journal_name", "anonymous")
        self.verb = verb
        self.obj = f"{obj._meta.label_lower}:{obj.pk}" if obj is not None else ""
        super().__init__(f"{self.actor_name} may not {verb} {self.obj}".strip())


@dataclass(frozen=True)
class _Paths:
    organisations: tuple[str, ...]
    person: str | None
    public: bool


_paths: dict[type[Model], _Paths] = {}
_grant_sources: list[Callable[[object], Iterable[Grant]]] = []


def register(
    model: type[Model],
    *,
    organisations: Iterable[str] = (),
    person: str | None = None,
    public: bool = False,
) -> None:
    """Say how rows of ``model`` belong to organisations (``…_id`` lookups) and to a person.

    ``public`` rows (a plan's text, a fence on the map) are seen by whoever holds the verb at all,
    with whatever reach.
    """
    _paths[model] = _Paths(tuple(organisations), person, public)


def register_grants(source: Callable[[object], Iterable[Grant]]) -> None:
    """Add a place where grants of actors come from."""
    _grant_sources.append(source)


def reach(actor: object, verb: str) -> Reach:
    """What ``actor`` can reach with ``verb``; nothing for the anonymous."""
    if isinstance(actor, SystemActor):
        if verb not in actor.verbs:
            return Reach()
        if actor.organisations is None:
            return Reach(everything=True)
        return Reach(organisations=actor.organisations)
    everything, own_rows = False, False
    organisations: set[int] = set()
    for source in _grant_sources:
        for grant in source(actor):
            if grant.verb != verb:
                continue
            everything |= grant.kind is ScopeKind.ALL
            own_rows |= grant.kind is ScopeKind.SELF
            organisations |= grant.organisations
    return Reach(everything, frozenset(organisations), own_rows)


def can(actor: object, verb: str) -> bool:
    """Whether the actor holds the verb at all (menus, buttons); rows need :func:`restrict`."""
    return not reach(actor, verb).nothing


def organisations_in_reach(actor: object, verb: str) -> frozenset[int] | None:
    """Organisation ids for tracks and push, which no queryset filters; ``None`` means all."""
    found = reach(actor, verb)
    return None if found.everything else found.organisations


def restrict(queryset: QuerySet[M], actor: object, verb: str) -> QuerySet[M]:
    """The rows of ``queryset`` that ``actor`` may ``verb``."""
    paths = _paths.get(queryset.model)
    if paths is None:
        raise LookupError(f"{queryset.model.__name__} is not registered with scope")
    found = reach(actor, verb)
    if found.nothing:
        return queryset.none()
    if found.everything or paths.public:
        return queryset
    condition = Q(pk__in=[])
    for path in paths.organisations:
        condition |= Q(**{f"{path}__in": found.organisations})
    if found.own_rows and paths.person:
        condition |= Q(**{paths.person: getattr(actor, "pk", None)})
    # A subquery instead of DISTINCT: joins over several paths must not multiply rows.
    matching = queryset.model._default_manager.filter(condition).values("pk")
    return queryset.filter(pk__in=matching)


def require(actor: object, verb: str, obj: Model | None = None) -> None:
    """Raise :class:`Refused` unless ``actor`` may ``verb`` (``obj``). Call on every outside id."""
    if obj is None:
        allowed = can(actor, verb)
    else:
        manager = type(obj)._default_manager
        allowed = restrict(manager.filter(pk=obj.pk), actor, verb).exists()
    if not allowed:
        raise Refused(actor, verb, obj)
