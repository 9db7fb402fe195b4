"""Split and merge 拆分、合并: drafts cut anew over the same words of the document."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from jiaoan.journal.actions import Json, record
from jiaoan.kernel.clock import Clock
from jiaoan.ledger.actions.intake import judge_sentences_of, next_number
from jiaoan.ledger.actions.steps import step
from jiaoan.ledger.activities import guess, tags_for
from jiaoan.ledger.errors import Blocked, FieldErrors
from jiaoan.ledger.models import IntakeDraft, Plan
from jiaoan.ledger.states import DRAFT, DraftState, DraftVerb
from jiaoan.scope import Actor

Spans = list[list[int]]
_CUT = re.compile(r"[^，；。：、！？,;]*[，；。：、！？,;]?\s*")
# A draft of one long list is cut at 、 too; others only where a clause ends.
_COARSE = re.compile(r"[^，；。：！？,;]*[，；。：！？,;]?\s*")


def pieces_of(plan: Plan, draft: IntakeDraft) -> list[tuple[int, int, str]]:
    """The draft's words cut where they can be split: ``(start, end, words)`` in ``plan.text``."""
    found: list[tuple[int, int, str]] = []
    for cut in (_COARSE, _CUT):
        found = [
            (start + match.start(), start + match.end(), _flat(match.group()))
            for start, end in spans_of(draft)
            for match in cut.finditer(plan.text[start:end])
            if _flat(match.group())
        ]
        if len(found) > 1:
            break
    return found


def spans_of(draft: IntakeDraft) -> Spans:
    """Where the draft's words stand; its whole sentence when nothing narrower is known."""
    return draft.spans or [[draft.sentence.start, draft.sentence.end]]


def words_of(plan: Plan, spans: Spans) -> str:
    return "".join(_flat(plan.text[start:end]) for start, end in spans)


def _flat(text: str) -> str:
    return "".join(text.split())


def split_draft(
    actor: Actor,
    clock: Clock,
    draft: IntakeDraft,
    *,
    second: Sequence[int],
    titles: tuple[str, str],
) -> IntakeDraft:
    """One draft becomes two; ``second`` are the places in :func:`pieces_of` that the new one takes.

    Spans go with their words. Count, deadline and doubts go to the part that holds their phrase,
    and to both where neither does. Returns the new draft.
    """
    plan = draft.plan
    with step(actor, clock, plan, "split", drafts=[draft]) as touched:
        row = DRAFT.row(draft.state, DraftVerb.SPLIT)
        pieces = pieces_of(plan, draft)
        errors: dict[str, object] = {}
        taken = {place for place in second if 0 <= place < len(pieces)}
        if not taken or len(taken) == len(pieces):
            errors["pieces"] = _("Tick the words of the second duty: some of them, not all.")
        for name, title in zip(("first", "second"), titles, strict=True):
            if not title.strip():
                errors[name] = _("Write what is to be done.")
        if errors:
            raise FieldErrors({name: str(text) for name, text in errors.items()})
        parts = [
            joined([list(p[:2]) for place, p in enumerate(pieces) if (place in taken) is other])
            for other in (False, True)
        ]
        made = IntakeDraft.objects.get(pk=draft.pk)
        made.pk, made._state.adding = None, True
        made.number = next_number(plan)
        words = [words_of(plan, part) for part in parts]
        for half, own, against, title in (
            (draft, 0, 1, titles[0]),
            (made, 1, 0, titles[1]),
        ):
            half.spans, half.title, half.edited = parts[own], title.strip()[:120], True
            _keep_own(half, words[own], words[against])
        draft.save()
        made.activity, made.tags = guess(made.title), tags_for(made.title)
        made.save()
        touched.made.append(made)
        judge_sentences_of([draft, made])
        payload: dict[str, Json] = {"into": made.pk}
        record(row.fact, actor=actor, obj=draft, clock=clock, payload=payload)
    return made


def _keep_own(half: IntakeDraft, own: str, other: str) -> None:
    """Drop what only the other half's words say."""

    def elsewhere(phrase: str) -> bool:
        flat = _flat(phrase)
        return bool(flat) and flat not in own and flat in other

    if half.phrase and elsewhere(half.phrase):
        half.every, half.min_count, half.deadline, half.phrase = "", 1, None, ""
        half.per_person, half.heads, half.ongoing = False, None, True
    half.targets = [target for target in half.targets if not elsewhere(target)]
    half.doubts = [doubt for doubt in half.doubts if not elsewhere(doubt["phrase"])]


def joined(spans: Spans) -> Spans:
    """Sorted, with spans that touch or overlap made one."""
    found: Spans = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1][1] = max(found[-1][1], end)
        else:
            found.append([start, end])
    return found


def merge_drafts(
    actor: Actor, clock: Clock, draft: IntakeDraft, others: Sequence[IntakeDraft], *, title: str
) -> None:
    """Take ``others`` of the same document into ``draft``: spans, units, evidence and doubts join.

    Count and deadline of ``draft`` stand; where it has none, the first of the others' does.
    """
    plan = draft.plan
    if not others:
        raise FieldErrors({"others": _("Tick at least one draft to take in.")})
    if not title.strip():
        raise FieldErrors({"title": _("Write what is to be done.")})
    if any(other.plan_id != plan.pk or other.pk == draft.pk for other in others):
        raise FieldErrors({"others": _("Only other drafts of the same document can be taken in.")})
    with step(actor, clock, plan, "merge", drafts=[draft, *others]):
        row = DRAFT.row(draft.state, DraftVerb.MERGE)
        if any(other.state != DraftState.OPEN for other in others):
            raise Blocked(_("One of these drafts was judged meanwhile. Take it back first."))
        for other in others:
            _take_in(draft, other)
            folded = DRAFT.row(other.state, DraftVerb.FOLD)
            other.state, other.merged_into = folded.target, draft
            other.save()
            into: dict[str, Json] = {"into": draft.pk}
            record(folded.fact, actor=actor, obj=other, clock=clock, payload=into)
        draft.title, draft.edited = title.strip()[:120], True
        draft.ongoing = not (draft.every or draft.deadline)
        draft.save()
        judge_sentences_of([draft, *others])
        payload: dict[str, Json] = {"taken": [other.pk for other in others]}
        record(row.fact, actor=actor, obj=draft, clock=clock, payload=payload)


def _take_in(draft: IntakeDraft, other: IntakeDraft) -> None:
    draft.spans = joined([*spans_of(draft), *spans_of(other)])
    leads = list(dict.fromkeys([*draft.lead_units, *other.lead_units]))
    draft.joint = draft.joint or other.joint or set(leads) != set(draft.lead_units)
    draft.lead_units = leads
    coops = dict.fromkeys([*draft.coop_units, *other.coop_units])
    draft.coop_units = [name for name in coops if name not in leads]
    draft.evidence = list(dict.fromkeys([*draft.evidence, *other.evidence]))
    draft.targets = list(dict.fromkeys([*draft.targets, *other.targets]))
    draft.tags = list(dict.fromkeys([*draft.tags, *other.tags]))
    if not draft.every and other.every:
        draft.every, draft.min_count = other.every, other.min_count
        draft.per_person, draft.heads = other.per_person, other.heads
        draft.phrase = draft.phrase or other.phrase
    draft.deadline = draft.deadline or other.deadline
    asked = {(doubt["code"], doubt["phrase"]) for doubt in draft.doubts}
    draft.doubts = draft.doubts + [
        doubt for doubt in other.doubts if (doubt["code"], doubt["phrase"]) not in asked
    ]
