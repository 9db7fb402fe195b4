"""The desk 工作台: what waits for this person, and what this person gave to others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Min, Q, QuerySet

from jiaoan.ledger.models import Duty, Extension, Occurrence
from jiaoan.ledger.policies import own_organisations
from jiaoan.ledger.states import OccurrenceState as S
from jiaoan.scope import restrict


@dataclass(frozen=True)
class Desk:
    """The four columns, by remaining days."""

    to_sign: QuerySet[Occurrence]
    to_report: QuerySet[Occurrence]
    to_check: QuerySet[Occurrence]
    to_decide: QuerySet[Extension]


def waiting(actor: object, verb: str, states: Iterable[S]) -> QuerySet[Occurrence]:
    """Occurrences that wait for this actor's ``verb``, soonest first."""
    found = restrict(Occurrence.objects.filter(state__in=list(states)), actor, verb)
    if verb in ("ledger.sign", "ledger.report"):
        found = found.filter(organisation_id__in=own_organisations(actor, verb))
    return found.select_related("duty__clause", "organisation").order_by("due", "id")


def desk(actor: object) -> Desk:
    asked = restrict(Extension.objects.filter(granted=None), actor, "ledger.close")
    return Desk(
        to_sign=waiting(actor, "ledger.sign", [S.TO_SIGN]),
        to_report=waiting(actor, "ledger.report", [S.TO_REPORT, S.RETURNED]),
        to_check=waiting(actor, "ledger.check", [S.TO_CHECK, S.CHECKED]),
        to_decide=asked.select_related(
            "occurrence__duty__clause", "occurrence__organisation"
        ).order_by("occurrence__due", "id"),
    )


@dataclass(frozen=True)
class GivenOut:
    """A window of a duty that others owe: ``open`` of ``total`` are not reported back yet."""

    duty: Duty
    label: str
    due: date
    total: int
    open: int
    owner: str


def given_windows(actor: object, today: date) -> list[GivenOut]:
    """我交办的 by duty and due day, soonest first, without windows that nobody owes any more."""
    found = restrict(Occurrence.objects.filter(starts__lte=today), actor, "ledger.urge")
    rows = (
        found.exclude(state=S.WAIVED)
        .order_by()
        .values("duty_id", "due", "window_label")
        .annotate(
            total=Count("pk"),
            open=Count("pk", filter=Q(state__in=_OWING)),
            owner=Min("organisation__name", filter=Q(state__in=_OWING)),
        )
        .filter(open__gt=0)
        .order_by("due", "duty__number")
    )
    listed = list(rows)
    duties = Duty.objects.select_related("clause", "sentence").in_bulk(
        {row["duty_id"] for row in listed}
    )
    return [
        GivenOut(
            duties[row["duty_id"]],
            row["window_label"],
            row["due"],
            row["total"],
            row["open"],
            row["owner"] or "",
        )
        for row in listed
    ]


_OWING = [str(state) for state in (S.TO_SIGN, S.TO_REPORT, S.RETURNED)]


def given_out(actor: object, today: date) -> QuerySet[Occurrence]:
    """What others owe now to who may urge it."""
    found = restrict(
        Occurrence.objects.filter(
            state__in=[S.TO_SIGN, S.TO_REPORT, S.RETURNED], starts__lte=today
        ),
        actor,
        "ledger.urge",
    )
    return found.select_related("duty__clause", "organisation").order_by("due", "id")
