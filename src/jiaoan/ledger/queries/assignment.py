"""Who gets what of a document 交办结果: each organisation with its duties and windows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Q

from jiaoan.ledger.models import Duty, DutyRole, DutyUnit, Occurrence, Plan
from jiaoan.ledger.states import OccurrenceState
from jiaoan.org.models import Organisation, OrganisationKind
from jiaoan.scope import restrict


@dataclass(frozen=True)
class Share:
    """``lead``, ``joint``, ``coop``: duties by role; ``windows``: occurrences of the year, of which
    ``begun`` have been given out to be signed for."""

    organisation: Organisation
    lead: int
    joint: int
    coop: int
    windows: int
    begun: int

    @property
    def is_firm(self) -> bool:
        return self.organisation.kind == OrganisationKind.ENTERPRISE


def duties_of_document(actor: object, plan: Plan) -> Iterable[int]:
    """Ids of the duties that this document itself made."""
    found = restrict(Duty.objects.all(), actor, "ledger.view")
    if plan.under_id is not None:
        return list(found.filter(document=plan).values_list("pk", flat=True))
    return list(found.filter(plan=plan, document=None).values_list("pk", flat=True))


def shares(actor: object, plan: Plan) -> list[Share]:
    """Bureau, sections, units, then firms, in the order of the house."""
    ids = list(duties_of_document(actor, plan))
    roles: dict[int, dict[str, int]] = {}
    for organisation, role, n in (
        DutyUnit.objects.filter(duty__in=ids)
        .values_list("organisation_id", "role")
        .annotate(n=Count("id"))
    ):
        roles.setdefault(organisation, {})[role] = n
    windows = {
        organisation: (total, begun)
        for organisation, total, begun in restrict(
            Occurrence.objects.filter(duty__in=ids), actor, "ledger.view"
        )
        .exclude(state=OccurrenceState.WAIVED)
        .values_list("organisation_id")
        .annotate(total=Count("id"), begun=Count("id", filter=~Q(state="not_started")))
    }
    found = Organisation.objects.filter(pk__in={*roles, *windows})
    order = list(OrganisationKind.values)
    made = [
        Share(
            one,
            roles.get(one.pk, {}).get(DutyRole.LEAD, 0),
            roles.get(one.pk, {}).get(DutyRole.JOINT, 0),
            roles.get(one.pk, {}).get(DutyRole.COOP, 0),
            *windows.get(one.pk, (0, 0)),
        )
        for one in found
    ]
    return sorted(made, key=lambda s: (order.index(s.organisation.kind), s.organisation.sort))


def unanswered(actor: object, plan: Plan) -> list[Duty]:
    """Duties for which no organisation owes a window: nobody would ever report on them."""
    ids = list(duties_of_document(actor, plan))
    found = Duty.objects.filter(pk__in=ids, occurrences=None)
    return list(found.select_related("clause", "sentence", "document", "plan"))
