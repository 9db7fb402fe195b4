"""Intake 文件拆解: a person judges every draft and every sentence of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.kernel.windows import Every
from jiaoan.ledger import answering
from jiaoan.ledger.actions.base import person
from jiaoan.ledger.actions.steps import sentences_of, step
from jiaoan.ledger.activities import Activity, guess, tags_for
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.ledger.models import (
    IntakeDraft,
    Judgement,
    Plan,
    SourceSentence,
    TypedDraft,
    UnitName,
)
from jiaoan.ledger.obliged import ALL_FIRMS
from jiaoan.ledger.reading import name_units
from jiaoan.ledger.states import DRAFT, DraftState, DraftVerb, PlanState
from jiaoan.org.models import Organisation
from jiaoan.scope import Actor, require


@dataclass(frozen=True)
class Answer:
    """The chosen alternative by index, or ``other`` in the clerk's own words."""

    choice: int | None
    other: str = ""


def settle_unit(
    actor: Actor,
    clock: Clock,
    name: UnitName,
    organisations: Sequence[Organisation],
    *,
    outside: bool = False,
) -> None:
    """Say whom a name of the notice means here: organisations, or a body outside 系统外单位."""
    if not organisations and not outside:
        raise FieldErrors(
            {f"unit-{name.pk}": _("Choose at least one organisation, or “outside body”.")}
        )
    with step(actor, clock, name.plan, "settle", names=[name]):
        name.organisations.set([] if outside else organisations)
        name.settled, name.outside = True, outside
        name.save(update_fields=["settled", "outside"])
        payload: dict[str, Json] = {
            "name": name.name,
            "organisations": [organisation.pk for organisation in organisations],
            "outside": outside,
        }
        record("ledger.unit_settled", actor=actor, obj=name.plan, clock=clock, payload=payload)


def answer_doubts(
    actor: Actor, clock: Clock, draft: IntakeDraft, answers: Mapping[int, Answer]
) -> None:
    """Take the answers to some doubts of a draft, by their place in ``draft.doubts``."""
    with step(actor, clock, draft.plan, "edit", drafts=[draft]):
        _answer(actor, clock, draft, answers)


def _answer(actor: Actor, clock: Clock, draft: IntakeDraft, answers: Mapping[int, Answer]) -> None:
    row = DRAFT.row(draft.state, DraftVerb.ANSWER)
    for place, answer in answers.items():
        doubt = draft.doubts[place]
        if answer.choice is None and not answer.other.strip():
            continue
        if answer.choice is not None and not 0 <= answer.choice < len(doubt["alternatives"]):
            raise FieldErrors({f"doubt-{place}": _("Choose one of the answers shown.")})
        doubt["answer"] = len(doubt["alternatives"]) if answer.choice is None else answer.choice
        doubt["other"] = answer.other.strip()[:200]
        refused = answering.apply(draft, doubt["code"], _words(doubt))
        if refused is not None:
            raise FieldErrors({f"doubt-{place}": refused})
    draft.save()
    _add_names(draft)
    payload: dict[str, Json] = {"answered": len(answers), "open": draft.open_doubts}
    record(row.fact, actor=actor, obj=draft, clock=clock, payload=payload)


def _words(doubt: Mapping[str, object]) -> str:
    alternatives, answer = doubt["alternatives"], doubt["answer"]
    assert isinstance(alternatives, list)
    assert isinstance(answer, int)
    chosen = str(alternatives[answer]) if answer < len(alternatives) else ""
    # 另定 is an answer that needs words of its own.
    return str(doubt["other"]) if chosen in ("", "另定") else chosen


def accept_draft(
    actor: Actor, clock: Clock, draft: IntakeDraft, answers: Mapping[int, Answer] | None = None
) -> None:
    """Accept a draft as a duty; every doubt of it must be answered."""
    with step(actor, clock, draft.plan, "accept", drafts=[draft]):
        if answers:
            _answer(actor, clock, draft, answers)
        if draft.open_doubts:
            raise Blocked(_("This draft still has questions. Answer them first."))
        _judge(actor, clock, draft, DraftVerb.ACCEPT)


def accept_undoubted(actor: Actor, clock: Clock, plan: Plan, *, expected: int | None = None) -> int:
    """Accept all drafts without questions in one press.

    ``expected``: how many the person was shown; when it is another number by now, nothing is done.
    """
    found = plan.drafts.filter(state=DraftState.OPEN)
    clear = found.filter(pk__in=[draft.pk for draft in found if not draft.open_doubts])
    row = DRAFT.row(DraftState.OPEN, DraftVerb.ACCEPT)
    with step(actor, clock, plan, "accept_clear", drafts=clear) as touched:
        drafts = touched.drafts
        if expected is not None and expected != len(drafts):
            raise Blocked(
                _("There are %(n)s drafts without questions now, not %(seen)s. Look again.")
                % {"n": len(drafts), "seen": expected}
            )
        ids = [draft.pk for draft in drafts]
        IntakeDraft.objects.filter(pk__in=ids).update(
            state=row.target, judged_by=person(actor), judged_at=clock.now()
        )
        TypedDraft.objects.filter(draft__in=ids).delete()
        for draft in drafts:
            record(row.fact, actor=actor, obj=draft, clock=clock, payload={"plan": plan.pk})
        judge_sentences_of(drafts)
    return len(ids)


def reject_draft(actor: Actor, clock: Clock, draft: IntakeDraft, *, reason: str) -> None:
    """Judge a draft to be no duty, with the reason in words."""
    if not reason.strip():
        raise FieldErrors({"reason": _("Say why this is no duty: it will be asked later.")})
    with step(actor, clock, draft.plan, "reject", drafts=[draft]):
        draft.reject_reason = reason.strip()[:200]
        _judge(actor, clock, draft, DraftVerb.REJECT)


def take_back_draft(actor: Actor, clock: Clock, draft: IntakeDraft) -> None:
    """Open a judged draft again, as long as the plan is not published."""
    with step(actor, clock, draft.plan, "take_back", drafts=[draft]):
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


def edit_draft(actor: Actor, clock: Clock, draft: IntakeDraft, edit: DraftEdit) -> None:
    """Change a draft; every bad field is named, and nothing is saved then."""
    count, deadline = _checked(edit)
    with step(actor, clock, draft.plan, "edit", drafts=[draft]):
        row = DRAFT.row(draft.state, DraftVerb.EDIT)
        draft.title, draft.subject = edit.title.strip()[:120], edit.subject
        draft.condition = edit.condition
        draft.lead_units, draft.coop_units = list(edit.lead_units), list(edit.coop_units)
        draft.every, draft.min_count, draft.deadline = edit.every, count, deadline
        draft.activity, draft.evidence = edit.activity, list(edit.evidence)
        draft.ongoing = not (edit.every or deadline)
        draft.joint = draft.joint and len(draft.lead_units) > 1
        draft.edited = True
        draft.save()
        _add_names(draft)
        TypedDraft.objects.filter(draft=draft).delete()
        record(row.fact, actor=actor, obj=draft, clock=clock, payload={"every": draft.every})


def _checked(edit: DraftEdit) -> tuple[int, date | None]:
    errors: dict[str, object] = {}
    if not edit.title.strip():
        errors["title"] = _("Write what is to be done.")
    if edit.every and edit.every not in set(Every):
        errors["every"] = _("Choose a frequency from the list.")
    if edit.activity not in set(Activity):
        errors["activity"] = _("Choose a kind from the list.")
    count = int(edit.min_count) if edit.min_count.isascii() and edit.min_count.isdecimal() else 0
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
    return count, deadline


def keep_typed(actor: Actor, clock: Clock, draft: IntakeDraft, fields: Mapping[str, str]) -> None:
    """Keep what was typed on a card, right or wrong, so that nothing is lost. Leaves no fact."""
    require(actor, "notice.confirm", draft.plan)
    user = person(actor)
    if user is None or draft.plan.state != PlanState.INTAKE:
        return
    kept = {name[:20]: words[:2000] for name, words in list(fields.items())[:40]}
    TypedDraft.objects.update_or_create(
        draft=draft, author=user, defaults={"fields": kept, "saved_at": clock.now()}
    )


def drop_typed(actor: Actor, draft: IntakeDraft) -> None:
    """Forget what the actor typed on a card."""
    require(actor, "notice.confirm", draft.plan)
    TypedDraft.objects.filter(draft=draft, author=person(actor)).delete()


def _add_names(draft: IntakeDraft) -> None:
    """A unit that a person wrote in is a name like any other: it may need settling."""
    known = set(draft.plan.unit_names.values_list("name", flat=True))
    name_units(draft.plan, [n for n in (*draft.lead_units, *draft.coop_units) if n not in known])


def add_draft(
    actor: Actor, clock: Clock, plan: Plan, sentence: SourceSentence, *, title: str
) -> IntakeDraft:
    """A duty that the reader did not see, written by hand for a sentence; it stays open.

    Units are those of the other drafts of the clause.
    """
    if not title.strip():
        raise FieldErrors({"title": _("Write what is to be done.")})
    like = plan.drafts.filter(clause=sentence.clause).order_by("number").first()
    with step(actor, clock, plan, "add", sentences=[sentence]) as touched:
        made = IntakeDraft.objects.create(
            plan=plan,
            clause=sentence.clause or plan.clauses.order_by("sort")[0],
            sentence=sentence,
            number=next_number(plan),
            title=title.strip()[:120],
            subject="bureau",
            condition=ALL_FIRMS,
            lead_units=list(like.lead_units) if like else [],
            coop_units=list(like.coop_units) if like else [],
            joint=like.joint if like else False,
            ongoing=True,
            evidence=["工作记录"],
            activity=guess(title),
            tags=tags_for(title),
            spans=[[sentence.start, sentence.end]],
            edited=True,
        )
        touched.made.append(made)
        judge_sentence(sentence)
        payload: dict[str, Json] = {"sentence": sentence.number}
        record("ledger.draft_added", actor=actor, obj=made, clock=clock, payload=payload)
    return made


def next_number(plan: Plan) -> int:
    last = plan.drafts.order_by("-number").values_list("number", flat=True).first()
    return 0 if last is None else last + 1


def judge_sentences(
    actor: Actor, clock: Clock, plan: Plan, numbers: Sequence[int], *, reason: str
) -> int:
    """Judge sentences without drafts to hold no duty, with one reason for all."""
    if not reason.strip():
        raise FieldErrors({"reason": _("Say why this is no duty: it will be asked later.")})
    chosen = plan.sentences.filter(number__in=numbers, judgement=Judgement.UNREAD)
    found = list(chosen.exclude(drafts__state__in=[DraftState.OPEN, DraftState.FOLDED]))
    with step(actor, clock, plan, "judge", sentences=found):
        judged = SourceSentence.objects.filter(pk__in=[s.pk for s in found]).update(
            judgement=Judgement.NO_DUTY, reason=reason.strip()[:200]
        )
        payload: dict[str, Json] = {"sentences": judged}
        record("ledger.sentences_judged", actor=actor, obj=plan, clock=clock, payload=payload)
    return judged


def reopen_sentence(actor: Actor, clock: Clock, plan: Plan, sentence: SourceSentence) -> None:
    """Take back the judgement of a sentence without drafts."""
    if sentence.judgement != Judgement.NO_DUTY or sentence.drafts.exists():
        raise Blocked(_("Take back the drafts of this sentence instead."))
    with step(actor, clock, plan, "reopen", sentences=[sentence]):
        sentence.judgement, sentence.reason = Judgement.UNREAD, ""
        sentence.save(update_fields=["judgement", "reason"])
        payload: dict[str, Json] = {"sentence": sentence.number}
        record("ledger.sentence_reopened", actor=actor, obj=plan, clock=clock, payload=payload)


def _judge(actor: Actor, clock: Clock, draft: IntakeDraft, verb: DraftVerb) -> None:
    row = DRAFT.row(draft.state, verb)
    draft.state = row.target
    back = row.target is DraftState.OPEN
    draft.judged_by, draft.judged_at = (None, None) if back else (person(actor), clock.now())
    draft.save()
    TypedDraft.objects.filter(draft=draft).delete()
    judge_sentences_of([draft])
    record(row.fact, actor=actor, obj=draft, clock=clock, payload={"plan": draft.plan_id})


def judge_sentences_of(drafts: Sequence[IntakeDraft]) -> None:
    """Judge again the sentences of these drafts and of those that were merged into them."""
    for sentence in sentences_of(drafts):
        judge_sentence(sentence)


def judge_sentence(sentence: SourceSentence) -> None:
    """A sentence is judged when all its drafts are: it has duties if one was accepted.

    A folded draft speaks with the voice of the draft that took it in; one whose making was undone
    has no voice.
    """
    voices = [_voice(draft) for draft in sentence.drafts.select_related("merged_into")]
    states = [draft for draft in voices if draft is not None]
    judged, reason = Judgement.UNREAD, ""
    if states and all(draft.state != DraftState.OPEN for draft in states):
        accepted = any(draft.state == DraftState.ACCEPTED for draft in states)
        judged = Judgement.DUTY if accepted else Judgement.NO_DUTY
        reason = "" if accepted else states[0].reject_reason
    sentence.judgement, sentence.reason = judged, reason
    sentence.save(update_fields=["judgement", "reason"])


def _voice(draft: IntakeDraft) -> IntakeDraft | None:
    seen: set[int] = set()
    at: IntakeDraft | None = draft
    while at is not None and at.state == DraftState.FOLDED and at.pk not in seen:
        seen.add(at.pk)
        at = at.merged_into
    return at if at is not None and at.state != DraftState.FOLDED else None
