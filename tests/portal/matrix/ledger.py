"""Ledger, items, evidence, reports."""

from __future__ import annotations

from datetime import date

from jiaoan.journal.files import keep
from jiaoan.ledger.models import Evidence, ProgressReport
from portal.matrix import Row, World
from portal.matrix.plans import fence_item, plan_of

READERS = ("safety_clerk", "section_head", "leader", "enterprise")
OTHERS = ("administrator", "outside_carrier")
MAKERS = ("safety_clerk", "leader")


def _plan(world: World) -> dict[str, object]:
    plan_of(world)
    return {}


def _item(world: World) -> dict[str, object]:
    return {"pk": fence_item(world).pk}


def _evidence(world: World) -> dict[str, object]:
    item = fence_item(world)
    kept = keep(b"proof", name="证明.txt", content_type="text/plain", clock=world.clock)
    made, _made = Evidence.objects.get_or_create(
        occurrence=item,
        title="证明",
        defaults={
            "attachment": kept,
            "happened_on": date(2024, 6, 1),
            "added_at": world.clock.now(),
        },
    )
    return {"pk": made.pk}


def _report(world: World) -> dict[str, object]:
    kept = keep(b"docx", name="报告.docx", content_type="text/plain", clock=world.clock)
    made = ProgressReport.objects.create(
        plan=plan_of(world),
        report_date=date(2024, 6, 10),
        attachment=kept,
        figures={},
        made_at=world.clock.now(),
    )
    return {"pk": made.pk}


ROWS = [
    Row("ledger", allowed=READERS, denied=OTHERS, kwargs=_plan),
    Row("ledger_export", allowed=READERS, denied=OTHERS, kwargs=_plan),
    Row(
        "occurrence",
        allowed=("safety_clerk", "section_head", "leader"),
        denied=OTHERS,
        elsewhere=("section_head", "enterprise"),
        elsewhere_status=404,
        kwargs=_item,
    ),
    # A sentence and the page again: what is refused leaves everything as it was.
    Row(
        "occurrence",
        "POST",
        allowed=("section_head",),
        denied=("leader", *OTHERS),
        elsewhere=("section_head", "enterprise"),
        elsewhere_status=404,
        status=302,
        kwargs=_item,
        data=lambda _world: {"verb": "sign"},
    ),
    Row(
        "evidence_file",
        allowed=("safety_clerk", "section_head", "leader"),
        denied=OTHERS,
        elsewhere=("section_head", "enterprise"),
        elsewhere_status=404,
        kwargs=_evidence,
    ),
    Row("reports", allowed=MAKERS, denied=("section_head", "enterprise", *OTHERS), kwargs=_plan),
    Row(
        "reports",
        "POST",
        allowed=MAKERS,
        denied=("section_head", "enterprise", *OTHERS),
        status=302,
        kwargs=_plan,
        data=lambda _world: {"day": "2024-06-10"},
    ),
    Row(
        "report_file",
        allowed=MAKERS,
        denied=("section_head", "enterprise", *OTHERS),
        kwargs=_report,
    ),
]
