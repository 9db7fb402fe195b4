"""Facts as a time line 过程: who, when, what, with the number in the journal."""

from __future__ import annotations

from collections.abc import Iterable

from jiaoan.journal.models import Fact
from jiaoan.org.models import User
from jiaoan.portal.components import TimelineEntry
from jiaoan.portal.journal.words import fact_word


def names_of(facts: Iterable[Fact]) -> dict[str, str]:
    """``user:7`` → the person's name, for the persons that these facts name."""
    ids = {fact.actor.removeprefix("user:") for fact in facts if fact.actor.startswith("user:")}
    return {user.journal_name: user.name for user in User.objects.filter(pk__in=ids)}


def course_of(facts: Iterable[Fact]) -> list[TimelineEntry]:
    """One entry for each fact, in the order given."""
    found = list(facts)
    people = names_of(found)
    return [
        TimelineEntry(
            text=fact_word(fact.kind),
            at=fact.happened_at,
            who=people.get(fact.actor, ""),
            by_system=fact.actor.startswith("system:"),
            fact=fact.seq,
        )
        for fact in found
    ]
