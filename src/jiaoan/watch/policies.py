"""Who may, where scope alone does not answer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jiaoan.ledger.errors import Blocked
from jiaoan.org.models import User
from jiaoan.watch.kinds import DispositionKind
from jiaoan.watch.models import Alarm


def proposer_of_false(alarm: Alarm) -> User | None:
    """Who judged the alarm false last."""
    last = alarm.dispositions.filter(kind=DispositionKind.FALSE_ALARM).last()
    return last.by if last else None


def may_review(person: User, alarm: Alarm) -> bool:
    proposer = proposer_of_false(alarm)
    return proposer is None or proposer.pk != person.pk


def require_second_person(person: User, alarm: Alarm) -> None:
    """A false alarm is confirmed by somebody else than the one who judged it."""
    if not may_review(person, alarm):
        raise Blocked(_("You judged it a false alarm yourself; another person has to review it."))
