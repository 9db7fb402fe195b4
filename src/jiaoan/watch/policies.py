"""Who may, where scope alone does not answer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from jiaoan.ledger.errors import Blocked
from jiaoan.org.models import User
from jiaoan.watch.kinds import DispositionKind
from jiaoan.watch.models import Alarm, AnswerRequest
from jiaoan.watch.models.appeal import AnswerKind


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


def open_appeal(alarm: Alarm) -> AnswerRequest | None:
    """The appeal that the review is about; ``None`` when it is about a false alarm."""
    return alarm.requests.filter(kind=AnswerKind.APPEAL, decided_at=None).last()


def require_no_appeal(alarm: Alarm) -> None:
    """An appeal is decided as one, so that it counts among the appeals of the firm."""
    if open_appeal(alarm) is not None:
        raise Blocked(_("The enterprise has appealed: uphold or reject its appeal."))


def may_decide(person: User, appeal: AnswerRequest) -> bool:
    return appeal.asked_by_id != person.pk


def require_other_than_asker(person: User, appeal: AnswerRequest) -> None:
    """An appeal is reviewed by somebody else than the one who asked the enterprise."""
    if not may_decide(person, appeal):
        raise Blocked(
            _("You asked the enterprise yourself; another person has to review its appeal.")
        )
