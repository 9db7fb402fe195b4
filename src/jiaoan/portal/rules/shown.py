"""The values that the rules pages show, made from what holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jiaoan.portal.names import reads_english
from jiaoan.rules.driving.law import (
    BY_ID,
    IDS,
    TITLES,
    Clause,
    Mark,
    Rule,
    clauses_on,
    severity,
    version_of,
)
from jiaoan.rules.driving.settings import SOURCES, Origin
from jiaoan.watch.rules import catalogue, values
from jiaoan.watch.rules.standing import Confirmation, Pending, Standing

COMMON_ID = "driving.common"
"""Page of the figures that every driving rule stands on."""

Text = str | Promise
SEVERITIES: Mapping[str, Text] = {
    "major": pgettext_lazy("severity", "Major"),
    "high": pgettext_lazy("severity", "High"),
    "normal": pgettext_lazy("severity", "Normal"),
    "low": pgettext_lazy("severity", "Low"),
}
ORIGINS: Mapping[Origin, Promise] = {
    Origin.ASSESSMENT: _("notes of the assessment table"),
    Origin.SOFTWARE: _("default of the software"),
    Origin.PRACTICE: _("local practice"),
}
_KINDS = ("", "hazmat", "coach", "truck", "school_bus")


@dataclass(frozen=True)
class Figure:
    """One figure of a rule. ``typed`` is what stands in its box, ``error`` what is wrong there."""

    name: str
    label: Text
    words: str
    mark: Mark
    source: Text
    unit: Text
    input: str
    typed: str
    error: Text
    confirmation: Confirmation | None
    coming: tuple[tuple[Pending, str], ...]
    shared_with: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """One rule in the list."""

    id: str
    title: str
    does: Text
    version: str
    severity: Text
    on: bool
    clauses: tuple[Clause, ...]
    figures: int
    unverified: int
    coming: int


def known(rule: str) -> bool:
    return rule in BY_ID or rule == COMMON_ID


def names_of(rule: str) -> tuple[str, ...]:
    return catalogue.COMMON if rule == COMMON_ID else catalogue.FIGURES_OF[BY_ID[rule]]


def title_of(rule: str) -> str:
    if rule == COMMON_ID:
        return str(_("What counts as driving"))
    chinese, english = TITLES[BY_ID[rule]]
    return english if reads_english() else chinese


def chinese_title_of(rule: str) -> str:
    """How records and rehearsals name it, whoever reads them."""
    if rule == COMMON_ID:
        return "行驶判定（共用）"
    return TITLES[BY_ID[rule]][0]


def source_of(figure: str) -> Text:
    """Where a figure comes from; official texts are cited by their own title."""
    text = SOURCES[figure].text
    return ORIGINS[text] if isinstance(text, Origin) else text


def does_of(rule: str) -> Text:
    if rule == COMMON_ID:
        return _("Figures that every rule about driving stands on.")
    return catalogue.DOES[BY_ID[rule]]


def clauses_of(rule: str, day: date) -> tuple[Clause, ...]:
    """Clauses of every vehicle kind that hold on the day, each once."""
    if rule == COMMON_ID:
        return ()
    found: dict[str, Clause] = {}
    for kind in _KINDS:
        for clause in clauses_on(BY_ID[rule], day, kind):
            found.setdefault(clause.id, clause)
    return tuple(found.values())


def line_of(rule: Rule, held: Standing, today: date) -> Line:
    name = IDS[rule]
    figures = names_of(name)
    return Line(
        name,
        title_of(name),
        does_of(name),
        version_of(rule),
        SEVERITIES[severity(rule)],
        name not in held.off,
        clauses_of(name, today),
        len(figures),
        sum(held.mark(one, today) != "V" for one in figures),
        sum(len(held.coming(one, today)) for one in figures),
    )


def figures_of(
    rule: str,
    held: Standing,
    today: date,
    typed: Mapping[str, str],
    errors: Mapping[str, Text],
) -> Sequence[Figure]:
    now = held.on(today)
    shown = []
    for name in names_of(rule):
        value = getattr(now, name)
        known_by = held.confirmations.get(name)
        shown.append(
            Figure(
                name,
                catalogue.LABELS[name],
                values.words_of(name, value),
                held.mark(name, today),
                source_of(name),
                values.unit_of(name),
                values.kind_of(name),
                typed.get(name, values.typed_of(name, value)),
                errors.get(name, ""),
                known_by if known_by and known_by.value == value else None,
                tuple((one, values.words_of(name, one.value)) for one in held.coming(name, today)),
                tuple(
                    title_of(IDS[one])
                    for one in catalogue.rules_of(name)
                    if rule != COMMON_ID and IDS[one] != rule
                ),
            )
        )
    return shown
