"""A reading of ``notices`` written down as rows of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from jiaoan.journal.models import Attachment
from jiaoan.ledger.activities import guess, tags_for
from jiaoan.ledger.models import (
    Clause,
    Duty,
    DutyRole,
    IntakeDraft,
    Judgement,
    Plan,
    ReportDate,
    SourceSentence,
    UnitName,
)
from jiaoan.ledger.obliged import ALL_FIRMS, known_condition
from jiaoan.notices import Doubt, DoubtCode, Draft, Reading, SentenceKind, Subject
from jiaoan.org.models import Organisation, OrganisationKind, Post, User

# Asked once for each name by :class:`UnitName`, so not again on every draft.
_ASKED_BY_NAME = frozenset({DoubtCode.GROUP_NAME, DoubtCode.SAME_BODY})
_STRUCTURE = frozenset(
    {SentenceKind.HEADING, SentenceKind.UNITS, SentenceKind.FRONT, SentenceKind.REST}
)
_GROUP_SIGNS = ("各", "有关", "相关", "成员单位", "属地")


def store_reading(
    reading: Reading,
    text: str,
    *,
    original: Attachment,
    imported_by: User | None,
    now: datetime,
    year: int,
    under: Clause | None = None,
    under_duty: Duty | None = None,
) -> Plan:
    """Write plan, clauses, sentences, drafts and unit names. ``year``: when the text has none.

    ``under``: the clause of another plan that this document carries out, with one duty of it where
    it is for that one alone. Such a document has no report dates of its own: its dated reports are
    duties like others.
    """
    plan = Plan.objects.create(
        title=(reading.title or original.name)[:200],
        doc_number=reading.doc_number or "",
        issuer=reading.issuer or "",
        year=reading.year or year,
        text=text,
        original=original,
        imported_by=imported_by,
        imported_at=now,
        under=under,
        under_duty=under_duty,
    )
    if under is not None:
        plan.year = under.plan.year
        plan.save(update_fields=["year"])
        reading = replace(reading, report_dates=())
    ReportDate.objects.bulk_create(ReportDate(plan=plan, day=day) for day in reading.report_dates)
    clauses = _clauses(plan, reading)
    sentences = _sentences(plan, reading, clauses)
    _drafts(plan, reading, clauses, sentences)
    names = [name for draft in reading.drafts for name in (*draft.lead_units, *draft.coop_units)]
    name_units(plan, names)
    return plan


def _clauses(plan: Plan, reading: Reading) -> dict[tuple[str, ...], Clause]:
    """One for each path that a sentence, an item or a draft stands under, in document order."""
    titles = {item.path: item.title for item in reading.items}
    spans: dict[tuple[str, ...], tuple[int, int]] = {}
    for sentence in reading.sentences:
        first, _last = spans.get(sentence.path, (sentence.start, sentence.end))
        spans[sentence.path] = (first, sentence.end)
        if sentence.kind is SentenceKind.HEADING:
            titles.setdefault(sentence.path, sentence.text.strip())
    for item in reading.items:
        if item.path not in spans and item.spans:
            spans[item.path] = (item.spans[0].start, item.spans[-1].end)
    items = {item.path for item in reading.items}
    ordered = sorted(spans.items(), key=lambda entry: entry[1][0])
    return {
        path: Clause.objects.create(
            plan=plan,
            path=list(path),
            title=(titles.get(path) or ("通知正文" if not path else "·".join(path)))[:200],
            start=start,
            end=end,
            sort=place,
            is_item=path in items,
        )
        for place, (path, (start, end)) in enumerate(ordered)
    }


def _sentences(
    plan: Plan, reading: Reading, clauses: dict[tuple[str, ...], Clause]
) -> dict[int, SourceSentence]:
    drafted = {d.sentence for d in reading.drafts if not _reports_progress(d, reading)}
    dated = {d.sentence for d in reading.drafts} - drafted
    rows = [
        SourceSentence(
            plan=plan,
            clause=clauses[sentence.path],
            number=sentence.index,
            start=sentence.start,
            end=sentence.end,
            text=sentence.text,
            judgement=Judgement.STRUCTURE
            if (sentence.kind in _STRUCTURE or sentence.index in dated)
            and sentence.index not in drafted
            else Judgement.UNREAD,
        )
        for sentence in reading.sentences
    ]
    SourceSentence.objects.bulk_create(rows, batch_size=200)
    return {row.number: row for row in plan.sentences.all()}


def _drafts(
    plan: Plan,
    reading: Reading,
    clauses: dict[tuple[str, ...], Clause],
    sentences: dict[int, SourceSentence],
) -> None:
    rows: dict[int, IntakeDraft] = {}
    known = {DoubtCode.NO_UNIT: _above(plan), DoubtCode.WHO_ARE_THEY: _leaders()}
    for draft in reading.drafts:
        if not _reports_progress(draft, reading):
            rows[draft.index] = _draft_row(plan, draft, clauses, sentences, known)
    for draft in reading.drafts:
        if draft.replaces is not None and draft.replaces in rows:
            row = rows[draft.index]
            row.replaces = rows[draft.replaces]
            row.save(update_fields=["replaces"])


def _reports_progress(draft: Draft, reading: Reading) -> bool:
    """A draft for one report date: all dates together are one duty, made when publishing."""
    on_time = draft.deadline is not None and draft.deadline.day in reading.report_dates
    return on_time and not draft.path and draft.subject is Subject.UNIT


def _draft_row(
    plan: Plan,
    draft: Draft,
    clauses: dict[tuple[str, ...], Clause],
    sentences: dict[int, SourceSentence],
    known: Mapping[DoubtCode, tuple[str, ...]],
) -> IntakeDraft:
    sentence = sentences[draft.sentence]
    clause = clauses.get(draft.path) or sentence.clause
    assert clause is not None
    timed = draft.recurrence or draft.deadline
    condition = draft.enterprise_class or ALL_FIRMS
    return IntakeDraft.objects.create(
        plan=plan,
        clause=clause,
        sentence=sentence,
        number=draft.index,
        title=draft.title[:120],
        actor_phrase=draft.actor[:120],
        subject=draft.subject,
        condition=condition[:40],
        lead_units=list(draft.lead_units),
        coop_units=list(draft.coop_units),
        joint=draft.joint,
        every=draft.recurrence.every if draft.recurrence else "",
        min_count=draft.recurrence.min_count if draft.recurrence else 1,
        deadline=draft.deadline.day if draft.deadline else None,
        phrase=(timed.phrase if timed else "")[:200],
        targets=[target.value for target in draft.targets],
        ongoing=draft.ongoing,
        evidence=list(draft.evidence),
        activity=guess(draft.title),
        tags=tags_for(draft.title),
        doubts=_doubts(draft, condition, known),
        confidence=draft.confidence,
        spans=[[draft.start, draft.end]],
        trust=trust_in(draft, sentence.text),
    )


_WHO = frozenset({DoubtCode.NO_UNIT, DoubtCode.NO_LEAD, DoubtCode.WHO_ARE_THEY})
_OBJECT = frozenset({DoubtCode.UNDEFINED_CLASS})


def trust_in(draft: Draft, sentence: str) -> dict[str, float]:
    """How far each group of fields can be relied on, 0..1; it orders a person's looks.

    A group that a doubt asks about has half of what it would have. What the text does not say at
    all (evidence by custom, nobody named) is 0.5 or less.
    """
    codes = {doubt.code for doubt in draft.doubts}
    who = 0.95 if draft.lead_units else 0.6 if draft.coop_units else 0.3
    timed = draft.recurrence or draft.deadline or draft.relative_deadline
    when = timed.confidence if timed else draft.confidence
    said = any(word in sentence for word in draft.evidence)
    when_asked = codes - _WHO - _OBJECT - _ASKED_BY_NAME
    return {
        "who": round(who / 2 if codes & _WHO else who, 2),
        "object": 0.45 if codes & _OBJECT else 0.9,
        "when": round(when / 2 if when_asked else when, 2),
        "evidence": 0.9 if said else 0.5,
    }


def _above(plan: Plan) -> tuple[str, ...]:
    """Who answers for the clause that a second document hangs on: the first guess for its items."""
    if plan.under is None:
        return ()
    duties = [plan.under_duty] if plan.under_duty else list(plan.under.duties.all())
    units = [
        unit.organisation.name
        for duty in duties
        for unit in duty.units.exclude(role=DutyRole.COOP).select_related("organisation")
    ]
    return ("、".join(dict.fromkeys(units)),) if units else ()


def _leaders() -> tuple[str, ...]:
    """Whom 班子成员 means in this bureau: the first answer that is offered."""
    names = [
        post.user.name
        for post in Post.objects.filter(
            leads=True, organisation__kind=OrganisationKind.BUREAU
        ).select_related("user")
    ]
    return (f"{'、'.join(names)}（{len(names)}人）",) if names else ()


def _doubts(
    draft: Draft, condition: str, known: Mapping[DoubtCode, tuple[str, ...]]
) -> list[dict[str, object]]:
    """The reader's questions; answers that this house knows (``known``) stand first."""
    asked = [
        _doubt(doubt, known.get(doubt.code, ()))
        for doubt in draft.doubts
        if doubt.code not in _ASKED_BY_NAME
    ]
    if not known_condition(condition):
        asked.append(
            {
                "code": "unknown_class",
                "phrase": condition,
                "question": f"“{condition}”类企业在企业档案中没有对应的分类，对哪些企业生效？",
                "alternatives": ["先不展开到企业，由人工修改对象后再采纳"],
                "answer": None,
                "other": "",
            }
        )
    return asked


def _doubt(doubt: Doubt, known: tuple[str, ...]) -> dict[str, object]:
    return {
        "code": doubt.code.value,
        "phrase": doubt.phrase,
        "question": doubt.question,
        "alternatives": [*known, *doubt.alternatives],
        "answer": None,
        "other": "",
    }


def name_units(plan: Plan, names: Iterable[str]) -> None:
    """A row for each name, with whom it means. Only one whole match settles it by itself."""
    official = list(
        Organisation.objects.filter(
            kind__in=[OrganisationKind.BUREAU, OrganisationKind.SECTION, OrganisationKind.UNIT]
        )
    )
    for name in dict.fromkeys(names):
        group = is_group(name)
        meant, sure = (group_members(name, official), False) if group else matches(name, official)
        row, made = UnitName.objects.get_or_create(
            plan=plan,
            name=name[:120],
            defaults={"group": group, "settled": sure},
        )
        if made and meant:
            row.organisations.set(meant)


def is_group(name: str) -> bool:
    """Collective names 各股室、有关单位 that only a person can expand."""
    return any(sign in name for sign in _GROUP_SIGNS)


def group_members(name: str, official: list[Organisation]) -> list[Organisation]:
    """All that the group can mean: the first answer that is offered, never taken silently."""
    if "股室" in name or "科室" in name:
        return [org for org in official if org.kind == OrganisationKind.SECTION]
    if "单位" in name or "支部" in name or "大队" in name or "中心" in name:
        return [org for org in official if org.kind == OrganisationKind.UNIT]
    return [org for org in official if org.kind != OrganisationKind.BUREAU]


def matches(name: str, official: list[Organisation]) -> tuple[list[Organisation], bool]:
    """Organisations of that name, forgiving the prefixes 局 and 区 that notices drop or keep.

    One whole match (after prefixes) is sure; else those whose name ends the other's are only
    candidates, and a person is asked.
    """
    bare = _bare(name)
    whole = [org for org in official if bare in {_bare(org.name), _bare(org.short_name)}]
    if whole:
        return whole, len(whole) == 1
    candidates = [
        org
        for org in official
        if org.kind != OrganisationKind.BUREAU
        and org.name
        and (bare.endswith(_bare(org.name)) or _bare(org.name).endswith(bare))
    ]
    return candidates, False


def _bare(name: str) -> str:
    for prefix in ("局机关", "局属", "局", "区", "县", "市"):
        if name.startswith(prefix) and len(name) > len(prefix) + 2:
            return name[len(prefix) :]
    return name
