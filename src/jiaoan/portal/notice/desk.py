"""What the intake page shows: the document left, drafts with their questions right, progress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.ledger.actions.steps import VERBS, last_step
from jiaoan.ledger.models import Clause, Duty, IntakeDraft, Judgement, Plan, SourceSentence
from jiaoan.ledger.progress import Coverage, coverage, unowned, unsettled_names
from jiaoan.ledger.queries import Filter, attached_to
from jiaoan.ledger.states import DraftState
from jiaoan.org.queries import official_units
from jiaoan.portal.asked import asker, clock
from jiaoan.portal.ledger import shown, words
from jiaoan.portal.notice import cards
from jiaoan.portal.notice.document import clause_label, contents, parts, place_label
from jiaoan.scope import can

Errors = dict[str, str]
#: Views of drafts, and views of sentences behind the numbers of the coverage bar.
DRAFTS = ("doubts", "names", "clause", "sentence", "all", "open", "clear", "unowned")
#: Cards on one page; a notice of an ordinary year has some hundred drafts.
CARDS = 200
SENTENCES = ("duty", "no_duty", "doubtful", "unread", "structure")


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
class Refusal:
    """A write that was refused: whose card, which tool, what to say, what was typed."""

    errors: Mapping[str, str]
    draft: IntakeDraft | None = None
    tool: str = ""


@dataclass(frozen=True)
class Asked:
    """The view that the address asks for."""

    show: str
    clause: Clause | None
    sentence: SourceSentence | None
    draft: int | None
    tool: str

    @property
    def query(self) -> str:
        """The view without an open tool, as address parameters."""
        parts = [f"show={self.show}"] if self.show else []
        if self.clause is not None:
            parts.append(f"clause={self.clause.pk}")
        if self.sentence is not None:
            parts.append(f"s={self.sentence.number}")
        return "&".join(parts)


def asked_for(
    request: HttpRequest, clauses: list[Clause], sentences: list[SourceSentence]
) -> Asked:
    """Words of the address, or of a form that keeps them; what makes no sense is left out."""

    def word(key: str) -> str:
        return request.GET.get(key, "") or request.POST.get(key, "")

    looked = number(word("s"))
    sentence = next((s for s in sentences if s.number == looked), None)
    clause = next((c for c in clauses if c.pk == number(word("clause"))), None)
    if clause is None and sentence is not None:
        clause = next((c for c in clauses if c.pk == sentence.clause_id), None)
    show = word("show") if word("show") in (*DRAFTS, *SENTENCES) else ""
    if (show == "sentence" and sentence is None) or (show == "clause" and clause is None):
        show = ""
    tool = word("tool") if word("tool") in cards.TOOLS else ""
    return Asked(show, clause, sentence, number(word("d")), tool)


def number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else None


def page_context(
    request: HttpRequest, plan: Plan, refusal: Refusal | None = None
) -> dict[str, object]:
    refused = refusal or Refusal({})
    may_confirm = can(request.user, "notice.confirm") and not plan.is_published
    clauses = list(plan.clauses.all())
    sentences = list(plan.sentences.all())
    drafts = list(
        plan.drafts.select_related("clause", "sentence", "replaces", "judged_by")
        if may_confirm
        else ()
    )
    asked = asked_for(request, clauses, sentences)
    found = coverage(plan)
    today = clock(request).today()
    looked = frozenset({asked.sentence.number} if asked.sentence else ())
    context: dict[str, object] = {
        "section": "notice",
        "plan": plan,
        "asked": asked,
        "errors": refused.errors,
        "posted": request.POST,
        "may_confirm": may_confirm,
        "may_attach": can(request.user, "notice.import")
        and plan.is_published
        and plan.under_id is None,
        "may_assign": can(request.user, "ledger.assign") and plan.is_published,
        "coverage": found,
        "bars": _bars(found),
        "keys": _legend(found),
        "missing": _missing(found),
        "chosen": asked.clause,
        "default_from": today.replace(day=1).isoformat(),
        "attached": list(attached_to(request.user, plan)),
        "above": _above(plan),
    }
    if may_confirm:
        places: dict[int | None, str] = {c.pk: place_label(plan, c) for c in clauses}
        context |= _drafts_side(request, plan, asked, drafts, sentences, places, refused)
    else:
        context["duties"] = _duties_side(plan, asked.clause)
    attached = context["attached"]
    assert isinstance(attached, list)
    context["toc"] = contents(plan, clauses, sentences, asked.clause, attached)
    context["parts"] = parts(plan, clauses, sentences, drafts, looked)
    return context


def _above(plan: Plan) -> dict[str, object] | None:
    """The clause and duty that a second document hangs on."""
    if plan.under is None:
        return None
    main = plan.under.plan
    return {
        "plan": main,
        "label": place_label(main, plan.under),
        "title": clause_label(plan.under),
        "url": f"{reverse('notice', args=[main.pk])}?show=clause&clause={plan.under_id}",
        "duty": plan.under_duty,
    }


def _bars(found: Coverage) -> list[tuple[int, int, str]]:
    """Start, width and colour of the judged parts, in sentences."""
    widths = [(found.duty, "acc"), (found.no_duty, "idle"), (found.doubtful, "near")]
    bars, start = [], 0
    for width, colour in widths:
        bars.append((start, width, colour))
        start += width
    return bars


def _legend(found: Coverage) -> list[tuple[str, str, Promise, int]]:
    """The numbers of the bar: view, colour, word, count. The first four add up to the whole."""
    return [
        ("duty", "acc", _("Has duties"), found.duty),
        ("no_duty", "idle", _("Judged no duty"), found.no_duty),
        ("doubtful", "near", _("With questions"), found.doubtful),
        ("unread", "bg", _("Not judged"), found.unread),
        ("structure", "rest", _("Headings and letter"), found.structure),
    ]


def _missing(found: Coverage) -> list[tuple[str, Promise, int]]:
    """What still blocks publishing, each with the view that shows it."""
    rows = [
        ("doubtful", _("sentences with questions"), found.doubtful),
        ("unread", _("sentences not judged"), found.unread),
        ("names", _("names of units"), found.unsettled_units),
        ("unowned", _("duties without a unit"), found.unowned),
    ]
    return [row for row in rows if row[2]]


def _drafts_side(
    request: HttpRequest,
    plan: Plan,
    asked: Asked,
    drafts: list[IntakeDraft],
    sentences: list[SourceSentence],
    places: Mapping[int | None, str],
    refused: Refusal,
) -> dict[str, object]:
    """Cards with doubts first; those of the clause or sentence; or the sentences of a number."""
    live = [d for d in drafts if d.state != DraftState.FOLDED]
    doubtful = [d for d in live if d.state == DraftState.OPEN and d.open_doubts]
    clear = [d for d in live if d.state == DraftState.OPEN and not d.open_doubts]
    here = [d for d in live if asked.clause is not None and d.clause_id == asked.clause.pk]
    names = _names(request, plan, refused.errors)
    show = asked.show or ("clause" if asked.clause else "doubts" if doubtful else "all")
    views = {
        "doubts": doubtful,
        "clause": here,
        "sentence": [d for d in live if asked.sentence and d.sentence_id == asked.sentence.pk],
        "all": cards.ordered(live),
        "open": [d for d in live if d.state == DraftState.OPEN],
        "clear": clear,
        "unowned": unowned(plan) if show == "unowned" else [],
    }
    picked = views.get(show, [])
    if refused.draft is not None and refused.draft.pk not in {d.pk for d in picked}:
        picked = [refused.draft, *picked]
    page = cards.around(request, plan, drafts, asked.query or f"show={show}")
    start = number(request.GET.get("from", "")) or 0
    rest = len(picked) - start - CARDS
    last = last_step(plan)
    return {
        "show": show,
        "segments": _segments(asked, show, doubtful, names, here, live),
        "cards": [_card(request, page, d, asked, refused) for d in picked[start : start + CARDS]],
        "rest": rest,
        "rest_url": f"?{page.query}&from={start + CARDS}",
        "clear": len(clear),
        "weak": sum(1 for d in clear if d.confidence * 100 < cards.LOW),
        "names": names if show == "names" else [],
        "sentences": _sentence_rows(plan, show, places, sentences, drafts),
        "loose": [(s, places.get(s.clause_id, "")) for s in _loose(show, asked, sentences, drafts)],
        "last": last,
        "last_words": VERBS.get(last.verb, last.verb) if last else "",
        "may_undo": last is not None and last.actor == asker(request),
        **cards.choices(),
    }


def _segments(
    asked: Asked,
    show: str,
    doubtful: list[IntakeDraft],
    names: list[dict[str, object]],
    here: list[IntakeDraft],
    live: list[IntakeDraft],
) -> list[tuple[str, Promise, int, str]]:
    """View, word, count, address; a view of nothing stands only while it is looked at."""
    rows: list[tuple[str, Promise, int, str]] = [
        ("doubts", _("Questions first"), len(doubtful), "?show=doubts"),
        ("names", _("Names"), len(names), "?show=names"),
    ]
    if asked.clause is not None:
        link = f"?show=clause&clause={asked.clause.pk}#c{asked.clause.pk}"
        rows.append(("clause", _("This clause"), len(here), link))
    rows.append(("all", _("All"), len(live), "?show=all"))
    return [row for row in rows if row[2] or row[0] in (show, "doubts", "all")]


def _card(
    request: HttpRequest, page: cards.Around, row: IntakeDraft, asked: Asked, refused: Refusal
) -> cards.Card:
    if refused.draft is not None and refused.draft.pk == row.pk:
        posted = {key: str(request.POST.get(key, "")) for key in request.POST}
        posted["pieces"] = ",".join(request.POST.getlist("piece"))
        return cards.card(page, row, refused.tool, refused.errors, posted)
    return cards.card(page, row, asked.tool if asked.draft == row.pk else "")


def _names(request: HttpRequest, plan: Plan, errors: Mapping[str, str]) -> list[dict[str, object]]:
    """Names nobody has settled; the organisations that come nearest stand first."""
    found = unsettled_names(plan)
    if not found:
        return []
    units = list(official_units(request.user).exclude(kind="bureau"))
    rows: list[dict[str, object]] = []
    for name in found:
        meant = set(name.organisations.all())
        near = sorted(
            units,
            key=lambda unit: (
                unit not in meant,
                0 if name.group else -SequenceMatcher(None, unit.name, name.name).ratio(),
            ),
        )
        rows.append(
            {
                "name": name,
                "error": errors.get(f"unit-{name.pk}", ""),
                "units": [(unit, unit in meant) for unit in near],
            }
        )
    return rows


def _sentence_rows(
    plan: Plan,
    show: str,
    places: Mapping[int | None, str],
    sentences: list[SourceSentence],
    drafts: list[IntakeDraft],
) -> list[dict[str, object]]:
    """The sentences behind a number of the bar, each with its drafts in one line."""
    if show not in SENTENCES:
        return []
    doubtful = {d.sentence_id for d in drafts if d.state == DraftState.OPEN and d.open_doubts}
    by_sentence: dict[int, list[IntakeDraft]] = {}
    for draft in drafts:
        if draft.state != DraftState.FOLDED:
            by_sentence.setdefault(draft.sentence_id, []).append(draft)

    def belongs(s: SourceSentence) -> bool:
        if show == "doubtful":
            return s.pk in doubtful
        if show == "unread":
            return s.judgement == Judgement.UNREAD and s.pk not in doubtful
        return s.judgement == show

    url = reverse("notice", args=[plan.pk])
    return [
        {
            "sentence": s,
            "place": places.get(s.clause_id, ""),
            "url": f"{url}?show=sentence&s={s.number}#s{s.number}",
            "drafts": by_sentence.get(s.pk, []),
        }
        for s in sentences
        if belongs(s)
    ]


def _loose(
    show: str, asked: Asked, sentences: list[SourceSentence], drafts: list[IntakeDraft]
) -> list[SourceSentence]:
    """Sentences that nobody has judged and that no draft rests on; or the one that is looked at."""
    if show == "sentence":
        return [asked.sentence] if asked.sentence else []
    held = {d.sentence_id for d in drafts}
    found = [s for s in sentences if s.judgement == Judgement.UNREAD and s.pk not in held]
    if show == "clause" and asked.clause is not None:
        return [s for s in found if s.clause_id == asked.clause.pk]
    return found if show in ("all", "open", "unread") else []


def _duties_side(plan: Plan, chosen: Clause | None) -> list[dict[str, object]]:
    """The duties that a published document made, those of second documents with their place."""
    own = plan.own_duties if plan.under_id else plan.duties
    found = own.select_related("clause", "sentence", "plan").prefetch_related(
        "units__organisation", "plan__report_dates"
    )
    if chosen is not None:
        found = (
            found.filter(sentence__clause=chosen) if plan.under_id else found.filter(clause=chosen)
        )
    return [_duty(duty) for duty in found]


def _duty(duty: Duty) -> dict[str, object]:
    return {
        "duty": duty,
        "clause": shown.duty_chip(duty),
        "frequency": words.frequency_line(duty),
        "object": words.condition(duty.condition),
        "leads": "、".join(u.organisation.label for u in duty.units.all() if u.role != "coop"),
        "coops": "、".join(u.organisation.label for u in duty.units.all() if u.role == "coop"),
        "outside": "、".join(duty.outside_units),
        "url": shown.list_url(duty.plan_id, Filter(duty=duty.pk)),
    }
