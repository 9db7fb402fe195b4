"""What the intake page shows: the document in spans, drafts with their questions, progress."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from jiaoan.kernel.windows import Every
from jiaoan.ledger.activities import Activity
from jiaoan.ledger.models import Clause, Duty, IntakeDraft, Judgement, Plan, SourceSentence
from jiaoan.ledger.obliged import CLASSES
from jiaoan.ledger.progress import Coverage, coverage
from jiaoan.ledger.queries import Filter
from jiaoan.ledger.states import DraftState
from jiaoan.ledger.wording import SUBJECTS, condition_words, frequency_words
from jiaoan.org.queries import official_units
from jiaoan.portal.asked import clock
from jiaoan.portal.ledger import shown
from jiaoan.scope import can


def plan_line(plan: Plan) -> dict[str, object]:
    """One line of the list of notices."""
    return {"plan": plan, "coverage": None if plan.is_published else coverage(plan)}


def first_look(plan: Plan) -> str:
    """Where a clerk begins: the first question, its sentence in view."""
    url = reverse("notice", args=[plan.pk])
    drafts = plan.drafts.filter(state=DraftState.OPEN).select_related("sentence")
    doubtful = next((draft for draft in drafts if draft.open_doubts), None)
    if doubtful is None:
        return url
    number = doubtful.sentence.number
    return f"{url}?show=doubts&s={number}#s{number}"


@dataclass(frozen=True)
class Stretch:
    """A sentence on the page; ``css`` says how far it was judged, ``mark`` that it is looked at.

    ``breaks``: the document begins a new line here.
    """

    number: int
    text: str
    css: str
    mark: bool
    breaks: bool


@dataclass(frozen=True)
class Part:
    """A clause with its sentences; ``head`` is a heading of its own line."""

    clause: Clause
    stretches: list[Stretch]
    is_heading: bool


_CSS = {
    Judgement.DUTY: "is-got",
    Judgement.NO_DUTY: "is-dim",
    Judgement.STRUCTURE: "is-dim",
    Judgement.UNREAD: "",
}
SHOWS = ("doubts", "clause", "all", "accepted", "rejected", "open")


def page_context(
    request: HttpRequest, plan: Plan, errors: dict[str, str], failed: IntakeDraft | None = None
) -> dict[str, object]:
    may_confirm = can(request.user, "notice.confirm") and not plan.is_published
    clauses = list(plan.clauses.all())
    sentences = list(plan.sentences.all())
    chosen = _chosen_clause(request, clauses, sentences)
    looked = _number(request.GET.get("s", ""))
    found = coverage(plan)
    context: dict[str, object] = {
        "section": "notice",
        "plan": plan,
        "errors": errors,
        "failed": failed,
        "typed": request.POST,
        "may_confirm": may_confirm,
        "coverage": found,
        "bars": _bars(found),
        "toc": _toc(plan, clauses, sentences, chosen),
        "parts": _parts(plan, clauses, sentences, looked, chosen),
        "chosen": chosen,
        "today": clock(request).today(),
        "default_from": clock(request).today().replace(day=1).isoformat(),
    }
    if may_confirm:
        context |= _drafts_side(request, plan, chosen, failed, errors)
    else:
        context["duties"] = _duties_side(plan, chosen)
    return context


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else None


def _chosen_clause(
    request: HttpRequest, clauses: list[Clause], sentences: list[SourceSentence]
) -> Clause | None:
    asked = _number(request.GET.get("clause", "") or request.POST.get("clause", ""))
    by_id = {clause.pk: clause for clause in clauses}
    if asked in by_id:
        return by_id[asked]
    looked = _number(request.GET.get("s", ""))
    for sentence in sentences:
        if sentence.number == looked and sentence.clause_id is not None:
            return by_id[sentence.clause_id]
    return None


def _bars(found: Coverage) -> list[tuple[int, int, str]]:
    """Start, width and colour of the judged parts, in sentences."""
    widths = [(found.duty, "acc"), (found.no_duty, "idle"), (found.doubtful, "near")]
    bars, start = [], 0
    for width, colour in widths:
        bars.append((start, width, colour))
        start += width
    return bars


def _toc(
    plan: Plan, clauses: list[Clause], sentences: list[SourceSentence], chosen: Clause | None
) -> list[dict[str, object]]:
    done: dict[int, int] = {}
    total: dict[int, int] = {}
    for sentence in sentences:
        if sentence.judgement == Judgement.STRUCTURE or sentence.clause_id is None:
            continue
        total[sentence.clause_id] = total.get(sentence.clause_id, 0) + 1
        if sentence.judgement != Judgement.UNREAD:
            done[sentence.clause_id] = done.get(sentence.clause_id, 0) + 1
    url = reverse("notice", args=[plan.pk])
    return [
        {
            "label": clause_label(clause),
            "url": f"{url}?show=clause&clause={clause.pk}#c{clause.pk}",
            "sub": len(clause.path) > 1,
            "current": chosen is not None and chosen.pk == clause.pk,
            "count": f"{done.get(clause.pk, 0)}/{total[clause.pk]}" if clause.pk in total else "",
        }
        for clause in clauses
    ]


def clause_label(clause: Clause) -> str:
    """Number and words; the title carries the number already where it is printed so."""
    if not clause.path:
        return clause.label
    last = str(clause.path[-1])
    title = clause.title.strip().rstrip("。")
    return title if title.startswith(last) else f"{last} {title}"


def _parts(
    plan: Plan,
    clauses: list[Clause],
    sentences: list[SourceSentence],
    looked: int | None,
    chosen: Clause | None,
) -> list[Part]:
    by_clause: dict[int | None, list[SourceSentence]] = {}
    for sentence in sentences:
        by_clause.setdefault(sentence.clause_id, []).append(sentence)
    return [
        Part(
            clause,
            [
                Stretch(
                    s.number,
                    s.text,
                    _CSS[Judgement(s.judgement)],
                    s.number == looked or (chosen == clause and looked is None and _open(s)),
                    "\n" in plan.text[max(0, s.start - 2) : s.start + 2],
                )
                for s in by_clause.get(clause.pk, [])
            ],
            len(clause.path) == 1 and not clause.is_item,
        )
        for clause in clauses
    ]


def _open(sentence: SourceSentence) -> bool:
    return sentence.judgement == Judgement.UNREAD


def _drafts_side(
    request: HttpRequest,
    plan: Plan,
    chosen: Clause | None,
    failed: IntakeDraft | None,
    errors: dict[str, str],
) -> dict[str, object]:
    """Cards with doubts first; then those of the clause, or all."""
    rows = list(plan.drafts.select_related("clause", "sentence", "replaces", "judged_by"))
    doubtful = [d for d in rows if d.state == DraftState.OPEN and d.open_doubts]
    here = [d for d in rows if chosen is not None and d.clause_id == chosen.pk]
    asked = request.GET.get("show", "") or request.POST.get("show", "")
    show = asked if asked in SHOWS else ("clause" if chosen else "doubts" if doubtful else "all")
    ordered = sorted(rows, key=lambda d: (d.state != DraftState.OPEN, -d.open_doubts, d.number))
    views = {"doubts": doubtful, "clause": here, "all": ordered}
    cards = views.get(show, [d for d in rows if d.state == show])
    if failed is not None:
        cards = [failed, *(d for d in cards if d.pk != failed.pk)]
    loose = plan.sentences.filter(judgement=Judgement.UNREAD, drafts__isnull=True)
    if show == "clause" and chosen is not None:
        loose = loose.filter(clause=chosen)
    return {
        "show": show,
        "segments": [("doubts", len(doubtful)), ("clause", len(here)), ("all", len(rows))],
        "cards": [_card(plan, d) for d in cards],
        "clear": sum(1 for d in rows if d.state == DraftState.OPEN and not d.open_doubts),
        "loose": list(loose.select_related("clause")),
        "names": _names(request, plan, errors),
        "everies": [(every.value, every.label_zh) for every in Every],
        "activities": [(kind.value, kind.label) for kind in Activity],
        "subjects": list(SUBJECTS.items()),
        "conditions": [
            ("all", "全部企业"),
            *CLASSES.items(),
            ("accident_prone_or_hazmat", "事故多发、危货运输企业"),
        ],
    }


def _names(request: HttpRequest, plan: Plan, errors: dict[str, str]) -> list[dict[str, object]]:
    units = list(official_units(request.user).exclude(kind="bureau"))
    found = plan.unit_names.filter(settled=False).prefetch_related("organisations")
    return [
        {
            "name": name,
            "error": errors.get(f"unit-{name.pk}", ""),
            "units": [(unit, unit in name.organisations.all()) for unit in units],
        }
        for name in found
    ]


def _card(plan: Plan, row: IntakeDraft) -> dict[str, object]:
    return {
        "draft": row,
        "clause": shown.clause_chip(row.clause, row.sentence.number),
        "frequency": frequency_words(row),
        "object": condition_words(row.condition),
        "subject": SUBJECTS.get(row.subject, row.subject),
        "doubts": [
            {"place": place, **doubt, "open": doubt["answer"] is None}
            for place, doubt in enumerate(row.doubts)
        ],
        "is_open": row.state == DraftState.OPEN,
        "state": DraftState(row.state).label,
        "confidence": round(row.confidence * 100),
        "url": reverse("notice_draft", args=[plan.pk, row.pk]),
    }


def _duties_side(plan: Plan, chosen: Clause | None) -> list[dict[str, object]]:
    found = plan.duties.select_related("clause", "sentence", "plan").prefetch_related(
        "units__organisation", "plan__report_dates"
    )
    if chosen is not None:
        found = found.filter(clause=chosen)
    return [_duty(plan, duty) for duty in found]


def _duty(plan: Plan, duty: Duty) -> dict[str, object]:
    return {
        "duty": duty,
        "clause": shown.clause_chip(duty.clause, duty.sentence.number),
        "frequency": frequency_words(duty),
        "object": condition_words(duty.condition),
        "leads": "、".join(u.organisation.label for u in duty.units.all() if u.role != "coop"),
        "coops": "、".join(u.organisation.label for u in duty.units.all() if u.role == "coop"),
        "url": shown.list_url(plan.pk, Filter(duty=duty.pk)),
    }
