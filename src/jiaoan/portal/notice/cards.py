"""The right side of the intake page: a card for each draft, with one tool open at most."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from jiaoan.kernel.windows import Every
from jiaoan.ledger.actions.recut import pieces_of
from jiaoan.ledger.activities import Activity
from jiaoan.ledger.models import IntakeDraft, Plan, TypedDraft
from jiaoan.ledger.states import DraftState
from jiaoan.portal.asked import asker
from jiaoan.portal.ledger import words
from jiaoan.portal.names import PERIODS
from jiaoan.portal.notice.document import place_label

Errors = Mapping[str, str]
TOOLS = ("edit", "split", "merge", "reject")
#: Below this a field says that it is doubtful.
LOW = 60


@dataclass(frozen=True)
class Fact:
    """A group of fields: what it says, a second line, and its confidence in percent."""

    label: str
    value: str
    more: str
    trust: int

    @property
    def low(self) -> bool:
        return self.trust < LOW


@dataclass(frozen=True)
class Card:
    """A draft as it is shown. ``values`` are what the open tool's form begins with."""

    draft: IntakeDraft
    place: str
    sentence_url: str
    sentences: str
    url: str
    facts: list[Fact]
    doubts: list[dict[str, object]]
    is_open: bool
    state: Promise
    frequency: str
    tool: str = ""
    tool_url: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    pieces: list[tuple[int, str, bool]] = field(default_factory=list)
    others: list[tuple[IntakeDraft, str]] = field(default_factory=list)
    merged: list[IntakeDraft] = field(default_factory=list)
    typed_at: datetime | None = None
    errors: Errors = field(default_factory=dict)

    @property
    def percent(self) -> int:
        return round(self.draft.confidence * 100)


@dataclass(frozen=True)
class Around:
    """What all cards of a page share."""

    plan: Plan
    ordinals: Mapping[int, int]
    numbers: Mapping[int, int]
    query: str
    typed: Mapping[int, TypedDraft]
    drafts: Sequence[IntakeDraft]


def around(request: HttpRequest, plan: Plan, drafts: Sequence[IntakeDraft], query: str) -> Around:
    """``drafts`` are all of the plan. ``query`` keeps the view when a tool is opened."""
    ordinals: dict[int, int] = {}
    counts: dict[int | None, int] = {}
    numbers: dict[int, int] = {}
    judged = plan.sentences.exclude(judgement="structure").order_by("number")
    for pk, number, clause in judged.values_list("pk", "number", "clause_id"):
        counts[clause] = counts.get(clause, 0) + 1
        ordinals[pk], numbers[pk] = counts[clause], number
    typed = TypedDraft.objects.filter(draft__plan=plan, author=asker(request))
    return Around(plan, ordinals, numbers, query, {row.draft_id: row for row in typed}, drafts)


def card(
    page: Around,
    row: IntakeDraft,
    tool: str = "",
    errors: Errors | None = None,
    posted: Mapping[str, str] | None = None,
) -> Card:
    """``posted``: what was sent and refused; it comes before what was kept, and that before the
    draft's own values."""
    url = reverse("notice", args=[page.plan.pk])
    number = row.sentence.number
    kept = page.typed.get(row.pk)
    typed = dict(kept.fields) if kept else {}
    merged = [one for one in page.drafts if one.merged_into_id == row.pk]
    numbers = {number, *(one.sentence.number for one in merged)}
    is_open = row.state == DraftState.OPEN
    made = Card(
        draft=row,
        place=place_label(page.plan, row.clause, page.ordinals.get(row.sentence_id)),
        sentence_url=f"{url}?show=sentence&s={number}#s{number}",
        sentences=" ".join(str(n) for n in sorted(numbers)),
        url=reverse("notice_draft", args=[page.plan.pk, row.pk]),
        facts=_facts(row),
        doubts=_doubts(row, {**typed, **(posted or {})}),
        is_open=is_open,
        state=DraftState(row.state).label,
        frequency=words.frequency_line(row),
        tool=tool if is_open else "",
        tool_url=f"?{page.query}&d={row.pk}&tool=",
        merged=[one for one in merged if one.state == DraftState.FOLDED],
        typed_at=kept.saved_at if kept and set(kept.fields) & set(_own(row)) else None,
        errors=errors or {},
    )
    if not made.tool:
        return made
    values = {**_own(row), **typed, **(posted or {})}
    return replace(
        made,
        values=values,
        pieces=_pieces(page.plan, row, values) if tool == "split" else [],
        others=_others(page, row) if tool == "merge" else [],
    )


def _own(row: IntakeDraft) -> dict[str, str]:
    """The draft's values under the names of the forms' fields."""
    return {
        "title": row.title,
        "lead_units": "、".join(row.lead_units),
        "coop_units": "、".join(row.coop_units),
        "subject": row.subject,
        "condition": row.condition,
        "every": row.every,
        "min_count": str(row.min_count),
        "deadline": row.deadline.isoformat() if row.deadline else "",
        "activity": row.activity,
        "evidence": "、".join(row.evidence),
        "first": row.title,
        "second": "",
        "merged": row.title,
        "reason": "",
    }


def _facts(row: IntakeDraft) -> list[Fact]:
    def trust(key: str) -> int:
        return 100 if row.edited else round(row.trust.get(key, row.confidence) * 100)

    leads = "、".join(row.lead_units)
    coops = _("%(n)s cooperating") % {"n": len(row.coop_units)} if row.coop_units else ""
    if row.coop_units and len(row.coop_units) < 3:
        coops = _("Cooperating") + " " + "、".join(row.coop_units)
    role = _("Jointly") if row.joint else _("Lead")
    who = row.actor_phrase if row.actor_phrase and row.actor_phrase not in leads else ""
    led = f"{role} {leads}" if leads else _("No unit named")
    return [
        Fact(
            _("Who does it"),
            who or led,
            "；".join(filter(None, [led if who else "", coops])),
            trust("who"),
        ),
        Fact(
            _("For whom"),
            words.condition(row.condition) or words.subject(row.subject),
            "",
            trust("object"),
        ),
        Fact(
            _("How often, until when"),
            words.frequency_line(row),
            f"“{row.phrase}”" if row.phrase else _("no count or date in the text"),
            trust("when"),
        ),
        Fact(_("Evidence"), "、".join(row.evidence) or "—", "", trust("evidence")),
    ]


def _doubts(row: IntakeDraft, typed: Mapping[str, str]) -> list[dict[str, object]]:
    return [
        {
            "place": place,
            **doubt,
            "open": doubt["answer"] is None,
            "chosen": typed.get(f"doubt-{place}", "0"),
            "words": typed.get(f"other-{place}", ""),
        }
        for place, doubt in enumerate(row.doubts)
    ]


def _pieces(plan: Plan, row: IntakeDraft, values: Mapping[str, str]) -> list[tuple[int, str, bool]]:
    """Where the draft can be cut; the second half is ticked until a person says otherwise."""
    found = pieces_of(plan, row)
    ticked = {v for v in values.get("pieces", "").split(",") if v}
    half = (len(found) + 1) // 2
    return [
        (place, piece, str(place) in ticked if ticked else place >= half)
        for place, (_start, _end, piece) in enumerate(found)
    ]


def _others(page: Around, row: IntakeDraft) -> list[tuple[IntakeDraft, str]]:
    """Open drafts that can be taken in: those of the clause first, then the nearest."""
    found = [d for d in page.drafts if d.state == DraftState.OPEN and d.pk != row.pk]
    found.sort(
        key=lambda d: (d.clause_id != row.clause_id, abs(d.sentence.number - row.sentence.number))
    )
    return [(d, place_label(page.plan, d.clause)) for d in found]


def choices() -> dict[str, object]:
    """What the edit form offers."""
    return {
        "tools": [
            ("edit", _("Edit")),
            ("split", _("Split")),
            ("merge", _("Merge")),
            ("reject", _("No duty, with reason")),
        ],
        "everies": [(every.value, PERIODS[every]) for every in Every],
        "activities": [(kind.value, kind.label) for kind in Activity],
        "subjects": list(words.SUBJECTS.items()),
        "conditions": [
            ("all", _("All enterprises")),
            *words.CLASSES.items(),
            ("accident_prone_or_hazmat", _("Accident-prone enterprises and hazmat carriers")),
        ],
    }


def ordered(rows: Iterable[IntakeDraft]) -> list[IntakeDraft]:
    """Doubts first, then what is open, then what was judged; each in the order of the text."""
    return sorted(
        rows,
        key=lambda d: (d.state != DraftState.OPEN, not d.open_doubts, d.sentence.number, d.number),
    )
