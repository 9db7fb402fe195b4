"""Every read about organisations and people."""

from __future__ import annotations

from django.db.models import QuerySet

from jiaoan.org.models import Organisation, OrganisationKind
from jiaoan.scope import restrict


def organisations(actor: object) -> QuerySet[Organisation]:
    """Organisations that the actor may see, in tree order."""
    return restrict(Organisation.objects.all(), actor, "org.view")


def official_units(actor: object) -> QuerySet[Organisation]:
    """Sections 股室 and subordinate units 局属单位."""
    return organisations(actor).filter(
        kind__in=[OrganisationKind.SECTION, OrganisationKind.UNIT, OrganisationKind.BUREAU]
    )
