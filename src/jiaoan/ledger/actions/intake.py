"""Intake 文件拆解: a file becomes a plan with drafts, and a person judges every sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from jiaoan.journal import files
from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.kernel.windows import Every
from jiaoan.ledger.actions.base import person
from jiaoan.ledger.activities import Activity
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.ledger.models import IntakeDraft, Judgement, Plan, SourceSentence, UnitName
from jiaoan.ledger.reading import store_reading
from jiaoan.ledger.states import DRAFT, DraftState, DraftVerb, PlanState
from jiaoan.notices import SourceRefused, extract, read
from jiaoan.org.models import Organisation
from jiaoan.scope import Actor, require

_DAY = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日")


@dataclass(frozen=True)
class Answer:
    """The chosen alternative by index, or ``other`` in the clerk's own words."""

    choice: int | None
    other: str = ""


def import_notice(actor: Actor, clock: Clock, *, data: bytes, filename: str) -> Plan:
    """Keep the octets, read them, and store the drafts.

    A file that is no notice is kept and noted too, then refused with the reader's own sentence as
    a :class:`FieldErrors` for ``file``: what was handed in can always be shown.
    """
    require(actor, "notice.import")
    user = person(actor)
    kept = files.keep(
        data,
        name=filename,
        content_type=_content_type(filename),
        clock=clock,
        organisation_id=user.organisation.pk if user and user.organisation else None,
        kept_by_id=user.pk if user else None,
    )
    try:
        text = extract(data, filename).text
        reading = read(text)
    except SourceRefused as refused:
        payload: dict[str, Json] = {"sha256": kept.sha256}
        record("ledger.notice_refused", actor=actor, obj=kept, clock=clock, payload=payload)
        raise FieldErrors({"file": str(refused)}) from refused
    with transaction.atomic():
        plan = store_reading(
            reading, text, original=kept, imported_by=user, now=clock.now(), year=clock.today().year
        )
        record(
            "ledger.notice_imported",
            actor=actor,
            obj=plan,
            clock=clock,
            payload={"sha256": kept.sha256, "drafts": plan.drafts.count()},
        )
    return plan


def _content_type(filename: str) -> str:
    if filename.lower().endswith(".docx"):
        return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return "text/plain"


@transaction.atomic
def settle_unit(
    actor: Actor, clock: Clock, name: UnitName, organisations: list[Organisation]
) -> None:
    """Say whom a name of the notice means here. An empty list is refused."""
    _require_open(actor, name.plan)
    if not organisations:
        raise FieldErrors({f"unit-{name.pk}": _("Choose at least one organisation.")})
    name.organisations.set(organisations)
    name.settled = True
    name.save(update_fields=["settled"])
    payload: dict[str, Json] = {
        "name": name.name,
        "organisations": [organisation.pk for organisation in organisations],
    }
    record("ledger.unit_settled", actor=actor, obj=name.plan, clock=clock, payload=payload)


@transaction.atomic
def answer_doubts(
    actor: Actor, clock: Clock, draft: IntakeDraft, answers: Mapping[int, Answer]
) -> None:
    """Take the answers to some doubts of a draft, by their place in ``draft.doubts``."""
    _require_open(actor, draft.plan)
    row = DRAFT.row(draft.state, DraftVerb.ANSWER)
    for place, answer in answers.items():
        doubt = draft.doubts[place]
        if answer.choice is None and not answer.other.strip():
            continue
        if answer.choice is not None and not 0 <= answer.choice < len(doubt["alternatives"]):
            raise FieldErrors({f"doubt-{place}": _("Choose one of the answers shown.")})
        doubt["answer"] = len(doubt["alternatives"]) if answer.choice is None else answer.choice
        doubt["other"] = answer.other.strip()[:200]
        _apply(draft, place, doubt["code"], _words(doubt))
    draft.save()
    payload: dict[str, Json] = {"answered": len(answers), "open": draft.open_doubts}
    record(row.fact, actor=actor, obj=draft, clock=clock, payload=payload)


def _words(doubt: Mapping[str, object]) -> str:
    alternatives, answer = doubt["alternatives"], doubt["answer"]
    assert isinstance(alternatives, list)
    assert isinstance(answer, int)
    return str(alternatives[answer] if answer < len(alternatives) else doubt["other"])


def _apply(draft: IntakeDraft, place: int, code: str, words: str) -> None:
    """What an answer changes in the draft; other codes are only noted with it."""
    if code in ("year_end_day", "period_end_day", "which_year", "event_day"):
        found = _DAY.search(words)
        if found:
            draft.deadline = date(int(found[1]), int(found[2]), int(found[3]))
        elif draft.deadline is None and code != "event_day":
            raise FieldErrors(
                {
                    f"doubt-{place}": _(
                        "Write the day in full with year, month and day, so that it can be due."
                    )
                }
            )
    elif code == "per_head":
        draft.per_person = words.startswith("每人") or "每人" in words


@transaction.atomic
def accept_draft(
    actor: Actor, clock: Clock, draft: IntakeDraft, answers: Mapping[int, Answer] | None = None
) -> None:
    """Accept a draft as a duty; every doubt of it must be answered."""
    if answers:
        answer_doubts(actor, clock, draft, answers)
    _require_open(actor, draft.plan)
    if draft.open_doubts:
        raise Blocked(_("This draft still has questions. Answer them first."))
    _judge(actor, clock, draft, DraftVerb.ACCEPT)


@transaction.atomic
def accept_undoubted(actor: Actor, clock: Clock, plan: Plan) -> int:
    """Accept all drafts without questions in one press."""
    _require_open(actor, plan)
    clear = [draft for draft in plan.drafts.filter(state=DraftState.OPEN) if not draft.open_doubts]
    for draft in clear:
        _judge(actor, clock, draft, DraftVerb.ACCEPT)
    return len(clear)


@transaction.atomic
def reject_draft(actor: Actor, clock: Clock, draft: IntakeDraft, *, reason: str) -> None:
    """Judge a draft to be no duty, with the reason in words."""
    _require_open(actor, draft.plan)
    if not reason.strip():
        raise FieldErrors({"reason": _("Say why this is no duty: it will be asked later.")})
    draft.reject_reason = reason.strip()[:200]
    _judge(actor, clock, draft, DraftVerb.REJECT)


@transaction.atomic
def take_back_draft(actor: Actor, clock: Clock, draft: IntakeDraft) -> None:
    """Open a judged draft again, as long as the plan is not published."""
    _require_open(actor, draft.plan)
    draft.reject_reason = ""
    _judge(actor, clock, draft, DraftVerb.TAKE_BACK)


@dataclass(frozen=True)
class DraftEdit:
    """The fields of a draft that a person may change, as typed."""

    title: str
    lead_units: tuple[str, ...]
    coop_units: tuple[str, ...]
    subject: str
    condition: str
    every: str
    min_count: str
    deadline: str
    activity: str
    evidence: tuple[str, ...]


@transaction.atomic
def edit_draft(actor: Actor, clock: Clock, draft: IntakeDraft, edit: DraftEdit) -> None:
    """Change a draft; every bad field is named, and nothing is saved then."""
    _require_open(actor, draft.plan)
    row = DRAFT.row(draft.state, DraftVerb.EDIT)
    errors: dict[str, object] = {}
    if not edit.title.strip():
        errors["title"] = _("Write what is to be done.")
    if edit.every and edit.every not in set(Every):
        errors["every"] = _("Choose a frequency from the list.")
    if edit.activity not in set(Activity):
        errors["activity"] = _("Choose a kind from the list.")
    count = int(edit.min_count) if edit.min_count.isdecimal() else 0
    if not 1 <= count <= 1000:
        errors["min_count"] = _("Write a whole number from 1 to 1000.")
    deadline: date | None = None
    if edit.deadline:
        try:
            deadline = date.fromisoformat(edit.deadline)
        except ValueError:
            errors["deadline"] = _("Write the day as 2024-12-31.")
    if errors:
        raise FieldErrors({name: str(text) for name, text in errors.items()})
    draft.title, draft.subject, draft.condition = edit.title.strip(), edit.subject, edit.condition
    draft.lead_units, draft.coop_units = list(edit.lead_units), list(edit.coop_units)
    draft.every, draft.min_count, draft.deadline = edit.every, count, deadline
    draft.activity, draft.evidence = edit.activity, list(edit.evidence)
    draft.ongoing = not (edit.every or deadline)
    draft.edited = True
    draft.save()
    _add_names(draft)
    record(row.fact, actor=actor, obj=draft, clock=clock, payload={"every": draft.every})


def _add_names(draft: IntakeDraft) -> None:
    """A unit that a person wrote in is a name like any other: it may need settling."""
    from jiaoan.ledger.reading import name_units

    known = set(draft.plan.unit_names.values_list("name", flat=True))
    new = [name for name in (*draft.lead_units, *draft.coop_units) if name not in known]
    name_units(draft.plan, new)


@transaction.atomic
def judge_sentences(
    actor: Actor, clock: Clock, plan: Plan, numbers: list[int], *, reason: str
) -> int:
    """Judge sentences without drafts to hold no duty, with one reason for all."""
    _require_open(actor, plan)
    if not reason.strip():
        raise FieldErrors({"reason": _("Say why this is no duty: it will be asked later.")})
    chosen = plan.sentences.filter(number__in=numbers, judgement=Judgement.UNREAD)
    found = chosen.exclude(drafts__state=DraftState.OPEN)
    ids = list(found.values_list("pk", flat=True))
    judged = SourceSentence.objects.filter(pk__in=ids).update(
        judgement=Judgement.NO_DUTY, reason=reason.strip()[:200]
    )
    payload: dict[str, Json] = {"sentences": judged}
    record("ledger.sentences_judged", actor=actor, obj=plan, clock=clock, payload=payload)
    return judged


def _judge(actor: Actor, clock: Clock, draft: IntakeDraft, verb: DraftVerb) -> None:
    row = DRAFT.row(draft.state, verb)
    draft.state = row.target
    back = row.target is DraftState.OPEN
    draft.judged_by, draft.judged_at = (None, None) if back else (person(actor), clock.now())
    draft.save()
    _judge_sentence(draft.sentence)
    record(row.fact, actor=actor, obj=draft, clock=clock, payload={"plan": draft.plan_id})


def _judge_sentence(sentence: SourceSentence) -> None:
    """A sentence is judged when all its drafts are: it has duties if one was accepted."""
    states = list(sentence.drafts.values_list("state", "reject_reason"))
    judged = Judgement.UNREAD
    reason = ""
    if all(state != DraftState.OPEN for state, _why in states):
        accepted = any(state == DraftState.ACCEPTED for state, _why in states)
        judged = Judgement.DUTY if accepted else Judgement.NO_DUTY
        reason = "" if accepted else states[0][1]
    sentence.judgement, sentence.reason = judged, reason
    sentence.save(update_fields=["judgement", "reason"])


def _require_open(actor: Actor, plan: Plan) -> None:
    require(actor, "notice.confirm", plan)
    if plan.state != PlanState.INTAKE:
        raise Blocked(_("The plan is published; its drafts can no longer change."))
