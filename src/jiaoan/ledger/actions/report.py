"""Making a progress report 推进情况报告: figures, Word file, journal head, kept together."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from jiaoan.journal import files
from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.actions.base import person
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.ledger.models import Plan, ProgressReport
from jiaoan.ledger.queries.report import Picture, picture
from jiaoan.ledger.report import ItemUrl, ListUrl, paper_report
from jiaoan.org.models import Organisation, OrganisationKind, User
from jiaoan.papers.progress import progress_report
from jiaoan.scope import Actor, require

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def make_progress_report(
    actor: Actor,
    clock: Clock,
    plan: Plan,
    report_date: date,
    *,
    list_url: ListUrl,
    item_url: ItemUrl,
) -> ProgressReport:
    """Make the report for one of the plan's report dates and keep it as it was made.

    The figures are read once and used for the page, the file and the row; file and Word work are
    done before the transaction.
    """
    require(actor, "paper.make")
    if not plan.is_published:
        raise Blocked(_("Publish the plan first: there is nothing to report on."))
    if not plan.report_dates.filter(day=report_date).exists():
        raise FieldErrors({"day": _("Choose one of the report dates of the notice.")})
    user = person(actor)
    found = picture(actor, plan, report_date, clock.today())
    values = paper_report(
        found,
        issuer=_issuer(user),
        addressee=_addressee(),
        made_by=user.name if user else actor.journal_name,
        made_at=clock.now(),
        sample=settings.DEMO,
        list_url=list_url,
        item_url=item_url,
    )
    kept = files.keep(
        progress_report(values),
        name=f"推进情况报告-{report_date.isoformat()}.docx",
        content_type=DOCX,
        clock=clock,
        kept_by_id=user.pk if user else None,
    )
    with transaction.atomic():
        made = ProgressReport.objects.create(
            plan=plan,
            report_date=report_date,
            attachment=kept,
            figures=figures_of(found),
            journal_seq=found.head.seq if found.head else None,
            journal_hash=found.head.hash if found.head else "",
            made_by=user,
            made_at=clock.now(),
        )
        payload: dict[str, Json] = {"sha256": kept.sha256, "figures": made.figures}
        record("ledger.report_made", actor=actor, obj=made, clock=clock, payload=payload)
    return made


def figures_of(found: Picture) -> dict[str, int]:
    """The totals as the row and the fact keep them."""
    totals = found.totals
    return {
        "owed": totals.owed,
        "closed": totals.closed,
        "checking": totals.checking,
        "running": totals.running,
        "late": totals.late,
    }


def _issuer(user: User | None) -> str:
    organisation = user.organisation if user else None
    return organisation.name if organisation else _addressee()


def _addressee() -> str:
    bureau = Organisation.objects.filter(kind=OrganisationKind.BUREAU).first()
    return bureau.name if bureau else "局"
