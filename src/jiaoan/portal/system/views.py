"""组织与人员: who is there, and adding more. A new person's password is shown once."""

from __future__ import annotations

import secrets

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from jiaoan.org import actions
from jiaoan.org.models import OrganisationKind, User
from jiaoan.org.queries import organisations as visible
from jiaoan.portal.access import page
from jiaoan.portal.system.forms import OrganisationForm, PersonForm


def _page(
    request: HttpRequest,
    *,
    organisation: OrganisationForm | None = None,
    person: PersonForm | None = None,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    rows = visible(request.user).prefetch_related("posts__user__assignments")
    context = {
        "section": "system",
        "rows": rows.order_by("sort", "id"),
        "organisation_form": organisation or OrganisationForm(),
        "person_form": person or PersonForm(request.user),
        **more,
    }
    return render(request, "portal/system/organisations.html", context, status=status)


@require_safe
@page("org.manage")
def organisations(request: HttpRequest) -> HttpResponse:
    return _page(request)


@require_POST
@page("org.manage")
def add_organisation(request: HttpRequest) -> HttpResponse:
    """Sections and units stand below the bureau; firms and carriers stand for themselves."""
    form = OrganisationForm(request.POST)
    if not form.is_valid():
        return _page(request, organisation=form, status=422)
    typed = form.cleaned_data
    official = typed["kind"] in (OrganisationKind.SECTION, OrganisationKind.UNIT)
    bureau = visible(request.user).filter(kind=OrganisationKind.BUREAU).first()
    assert isinstance(request.user, User)
    actions.add_organisation(
        request.user,
        request.clock,  # type: ignore[attr-defined]
        name=typed["name"],
        short_name=typed["short_name"],
        kind=OrganisationKind(typed["kind"]),
        parent=bureau if official else None,
        sort=visible(request.user).count(),
    )
    return redirect("system")


@require_POST
@page("org.manage")
def add_person(request: HttpRequest) -> HttpResponse:
    form = PersonForm(request.user, request.POST)
    if not form.is_valid():
        return _page(request, person=form, status=422)
    password = secrets.token_urlsafe(12)
    assert isinstance(request.user, User)
    made = actions.add_person(
        request.user,
        request.clock,  # type: ignore[attr-defined]
        password=password,
        **form.cleaned_data,
    )
    # Shown on this answer only: it is kept nowhere, and a page loaded again does not have it.
    return _page(request, made=made, password=password)
