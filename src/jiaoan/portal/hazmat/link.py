"""The filing page that a carrier opens from a link on the phone, without an account."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from jiaoan.hazmat import actions, queries
from jiaoan.hazmat.actions.filings import link_holder
from jiaoan.hazmat.models import Filing, FilingInvite
from jiaoan.hazmat.states import FilingState
from jiaoan.kernel.plates import display
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.portal.hazmat import fields

FIXED = ("plate", "plate_colour")


@require_http_methods(["GET", "POST"])
def file(request: HttpRequest, token: str) -> HttpResponse:
    """The form, what became of the filing, or a sentence why neither can be shown."""
    invite = queries.invite_by_token(token)
    if invite is None:
        return _sentence(request, _("This link is not valid. Ask the bureau for a new one."), 404)
    filing = invite.filing
    if filing is not None and filing.status is not FilingState.RETURNED:
        return render(request, "portal/hazmat/link_done.html", {"filing": filing, "invite": invite})
    if not invite.is_open(request.clock.now()):  # type: ignore[attr-defined]
        sentence = _("This link has expired. Ask the bureau for a new one.")
        return _sentence(request, sentence, 410)
    return _form(request, invite, filing)


def _form(request: HttpRequest, invite: FilingInvite, filing: Filing | None) -> HttpResponse:
    clock = request.clock  # type: ignore[attr-defined]
    own = {"plate": display(invite.plate), "plate_colour": str(invite.plate_colour)}
    errors: dict[str, fields.Text] = {}
    typed = _begun(filing, clock.today()) | own
    if request.method == "POST":
        typed = request.POST.dict() | own
        try:
            if filing is None:
                actions.apply(link_holder(invite), clock, typed, invite=invite)
            else:
                actions.resubmit(link_holder(invite), clock, filing, typed, invite=invite)
        except FieldErrors as bad:
            errors = dict(bad.errors)
        except Blocked as blocked:
            return _sentence(request, blocked.sentence, 409)
        else:
            return redirect("filing_link", invite.token)
    context = {
        "invite": invite,
        "filing": filing,
        "groups": fields.groups(fields.FILING, typed, errors, FIXED),
        "promise": fields.shown(fields.PROMISE, typed, errors),
        "errors": errors,
    }
    status = 422 if errors else 200
    return render(request, "portal/hazmat/link.html", context, status=status)


def _begun(filing: Filing | None, today: object) -> dict[str, str]:
    """What the form begins with: nothing but the day, or the filing that came back."""
    if filing is None:
        return {"valid_from": str(today), "valid_to": str(today), "period": "single"}
    names = {spec.name for _title, specs in fields.FILING for spec in specs}
    kept = {name: str(getattr(filing, name, "") or "") for name in names if hasattr(filing, name)}
    goods = filing.goods[0] if filing.goods else {}
    kept |= {
        "un": str(goods.get("un", "")),
        "goods_name": str(goods.get("name", "")),
        "goods_class": str(goods.get("class", "")),
        "quantity": str(goods.get("quantity", "")),
    }
    return kept


def _sentence(request: HttpRequest, sentence: fields.Text, status: int) -> HttpResponse:
    return render(request, "portal/hazmat/link_closed.html", {"sentence": sentence}, status=status)
