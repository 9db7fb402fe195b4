"""Who may: the questions that the paths of scope alone do not answer.

Scope lets a leading or cooperating section *see* the occurrences of its duties. *Doing* them is
for the obliged organisation itself, so signing and reporting ask for that one organisation.
"""

from __future__ import annotations

from django.conf import settings

from jiaoan.ledger.models import Occurrence
from jiaoan.scope import Refused, can, organisations_in_reach


def may_act(actor: object, verb: str, occurrence: Occurrence) -> bool:
    """Whether the actor holds ``verb`` over the obliged organisation itself."""
    reached = organisations_in_reach(actor, verb)
    if reached is None:
        return can(actor, verb)
    return occurrence.organisation_id in reached


def require_act(actor: object, verb: str, occurrence: Occurrence) -> None:
    if not may_act(actor, verb, occurrence):
        raise Refused(actor, verb, occurrence)


def urges_per_day() -> int:
    """局定: how often one occurrence may be urged in a day; no official text gives a figure."""
    return int(getattr(settings, "LEDGER_URGES_PER_DAY", 2))


def two_persons_close() -> bool:
    """局定: whether checker and closer must be different persons; the notice does not say."""
    return bool(getattr(settings, "LEDGER_TWO_PERSONS_CLOSE", False))


def own_organisations(actor: object, verb: str) -> list[int]:
    """The organisations that the actor does ``verb`` for. "All" means those of one's own posts:
    whoever may report for everybody still finds only the own work on the desk."""
    reached = organisations_in_reach(actor, verb)
    if reached is not None:
        return sorted(reached)
    posts = getattr(actor, "posts", None)
    return list(posts.values_list("organisation_id", flat=True)) if posts is not None else []
