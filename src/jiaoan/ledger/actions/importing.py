"""A file or a pasted text becomes a plan with drafts, or the second document of a clause."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from jiaoan.journal import files
from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.actions.base import person
from jiaoan.ledger.errors import AlreadyRead, Blocked, FieldErrors
from jiaoan.ledger.models import Clause, Duty, Plan
from jiaoan.ledger.reading import store_reading
from jiaoan.ledger.states import PlanState
from jiaoan.notices import SourceRefused, extract, read
from jiaoan.scope import Actor, require

PASTED = "粘贴的文字.txt"


@dataclass(frozen=True)
class Under:
    """What a second document hangs on: a clause of a published plan, and perhaps one duty there."""

    clause: Clause
    duty: Duty | None = None


def import_notice(
    actor: Actor,
    clock: Clock,
    *,
    data: bytes,
    filename: str,
    under: Under | None = None,
    again: bool = False,
) -> Plan:
    """Keep the octets, read them, and store the drafts.

    A file that is no notice is kept and noted too, then refused with the reader's own sentence as
    a :class:`FieldErrors` for ``file``: what was handed in can always be shown. The same octets a
    second time raise :class:`AlreadyRead` with the plan that they made, unless ``again``.
    """
    require(actor, "notice.import")
    if under is not None:
        _may_hang(actor, under)
    user = person(actor)
    kept = files.keep(
        data,
        name=filename,
        content_type=_content_type(filename),
        clock=clock,
        organisation_id=user.organisation.pk if user and user.organisation else None,
        kept_by_id=user.pk if user else None,
    )
    known = _known(kept.sha256, under)
    if known is not None and not again:
        raise AlreadyRead(known)
    try:
        text = extract(data, filename).text
        reading = read(text)
    except SourceRefused as refused:
        payload: dict[str, Json] = {"sha256": kept.sha256, "reason": refused.reason}
        record("ledger.notice_refused", actor=actor, obj=kept, clock=clock, payload=payload)
        raise FieldErrors({"file": str(refused)}) from refused
    with transaction.atomic():
        plan = store_reading(
            reading,
            text,
            original=kept,
            imported_by=user,
            now=clock.now(),
            year=under.clause.plan.year if under else clock.today().year,
            under=under.clause if under else None,
            under_duty=under.duty if under else None,
        )
        record(
            "ledger.notice_imported",
            actor=actor,
            obj=plan,
            clock=clock,
            payload={
                "sha256": kept.sha256,
                "drafts": plan.drafts.count(),
                "under": under.clause.pk if under else None,
            },
        )
    return plan


def _may_hang(actor: Actor, under: Under) -> None:
    """A second document hangs on a clause of a published plan that is no second document."""
    main = under.clause.plan
    require(actor, "notice.confirm", main)
    if main.state != PlanState.PUBLISHED or main.under_id is not None:
        raise Blocked(_("A second document can only be tied to a clause of a published notice."))
    if under.duty is not None and under.duty.clause_id != under.clause.pk:
        raise FieldErrors({"duty": _("This duty does not stand under that clause.")})


def _known(sha256: str, under: Under | None) -> Plan | None:
    clause = under.clause if under else None
    return Plan.objects.filter(original__sha256=sha256, under=clause).order_by("id").first()


_TYPES = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pdf": "application/pdf",
    ".html": "text/html",
    ".htm": "text/html",
    ".txt": "text/plain",
}


def _content_type(filename: str) -> str:
    return _TYPES.get(PurePath(filename).suffix.lower(), "application/octet-stream")
