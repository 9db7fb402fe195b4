"""The notice of the demonstration: imported, judged and published by the clerk's own acts."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from jiaoan.kernel.clock import Clock
from jiaoan.ledger.actions import intake, work
from jiaoan.ledger.actions.assign import assign_plan
from jiaoan.ledger.actions.evidence import Upload, add_evidence
from jiaoan.ledger.actions.importing import import_notice
from jiaoan.ledger.actions.publish import publish
from jiaoan.ledger.models import Judgement, Occurrence, Plan, UnitName
from jiaoan.ledger.states import DraftState, OccurrenceState
from jiaoan.org.models import Organisation, OrganisationKind, User

WHY_NO_DUTY = "总体要求或说明性文字，未提出可督办的任务"
# How many report-backs the demonstration begins with: enough for a ledger that looks lived in.
ACTS = 90


def publish_notice(clerk: User, clock: Clock, data: bytes, filename: str) -> Plan:
    """What the clerk does on the intake page, taking the reader's first answer to each doubt."""
    plan = import_notice(clerk, clock, data=data, filename=filename)
    for name in plan.unit_names.filter(settled=False):
        intake.settle_unit(clerk, clock, name, _meant(name))
    for draft in plan.drafts.filter(state=DraftState.OPEN):
        answers = {place: _first_answer(doubt) for place, doubt in enumerate(draft.doubts)}
        intake.accept_draft(clerk, clock, draft, answers)
    unread = plan.sentences.filter(judgement=Judgement.UNREAD).values_list("number", flat=True)
    if unread:
        intake.judge_sentences(clerk, clock, plan, list(unread), reason=WHY_NO_DUTY)
    first_day = clock.today().replace(month=1, day=1)
    publish(clerk, clock, plan, effective_from=first_day)
    assign_plan(clerk, clock, plan)
    return plan


def _first_answer(doubt: Mapping[str, Any]) -> intake.Answer:
    """The first answer; where that is "name them" (另行指定, 逐一列名), all of them."""
    name_them = doubt["alternatives"][0] in ("另行指定", "逐一列名")
    return intake.Answer(1 if name_them else 0)


def _meant(name: UnitName) -> list[Organisation]:
    """All offices for a group name; else the one whose name is most alike."""
    offices = list(
        Organisation.objects.filter(kind__in=[OrganisationKind.SECTION, OrganisationKind.UNIT])
    )
    if name.group:
        return offices
    return [max(offices, key=lambda office: SequenceMatcher(None, office.name, name.name).ratio())]


def live_a_while(users: dict[str, User], clock: Clock, plan: Plan) -> int:
    """Sign for, report back, check and close some of what was due by now."""
    reporters = {user.organisation.pk: user for user in users.values() if user.organisation}
    due = Occurrence.objects.filter(
        duty__plan=plan, state=OccurrenceState.TO_SIGN, due__lt=clock.today()
    ).select_related("duty", "organisation")
    done = 0
    for number, occurrence in enumerate(due.order_by("due", "id")):
        person = reporters.get(occurrence.organisation_id)
        if person is None or done >= ACTS:
            continue
        work.sign_for(person, clock, occurrence)
        if number % 9 == 8:
            continue  # some have signed and not reported
        _report(person, clock, occurrence)
        if number % 6:
            work.check(users["clerk"], clock, occurrence)
            work.close(users["clerk"], clock, occurrence)
        done += 1
    return done


def _report(person: User, clock: Clock, occurrence: Occurrence) -> None:
    day = min(occurrence.due, clock.today()).isoformat()
    words = f"{occurrence.duty.title}：本期已按要求开展。（示意）"
    upload = Upload("示意记录.txt", "text/plain", words.encode())
    add_evidence(person, clock, occurrence, [upload], happened_on=day)
    figures = {
        field.key: str(occurrence.min_count) if field.whole_number else "示意"
        for field in work.fields_of(occurrence)
    }
    work.report_back(person, clock, occurrence, work.ReportForm(words, day, figures))
