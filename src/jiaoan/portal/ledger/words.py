"""Windows, frequencies, classes, subjects and filters of the ledger in the language of the page.

Official papers are Chinese whoever makes them: :mod:`jiaoan.ledger.wording`; in Chinese both say
the same.
"""

from __future__ import annotations

from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from jiaoan.kernel.windows import Every, window_of
from jiaoan.ledger.models import Duty, IntakeDraft, Occurrence, Plan
from jiaoan.ledger.obliged import condition_names
from jiaoan.ledger.queries import Filter
from jiaoan.ledger.report import title_of
from jiaoan.ledger.states import Group, OccurrenceState
from jiaoan.org.models import Organisation
from jiaoan.portal.names import PERIODS, reads_english
from jiaoan.portal.templatetags.ja import day, listed

SUBJECTS: dict[str, Promise] = {
    "bureau": gettext_lazy("The bureau (offices and units in charge)"),
    "unit": gettext_lazy("Each unit by itself"),
    "leader": gettext_lazy("Leaders in charge"),
    "enterprise_head": gettext_lazy("Heads of enterprises"),
    "enterprise": gettext_lazy("Enterprises"),
    "staff": gettext_lazy("Staff of enterprises"),
}
CLASSES: dict[str, Promise] = {
    "hazmat": gettext_lazy("Hazmat carriers"),
    "passenger": gettext_lazy("Passenger carriers"),
    "construction": gettext_lazy("Highway construction enterprises"),
    "accident_prone": gettext_lazy("Accident-prone enterprises"),
}


def window_words(label: str, key: str, starts: date, ends: date) -> str:
    """A window as it was kept, ``2024年第二季度``, or in English for who reads English."""
    return window_of(key, starts, ends).label_en if reads_english() else label


def window(item: Occurrence) -> str:
    """The window of an occurrence."""
    return window_words(item.window_label, item.window_key, item.starts, item.ends)


def subject(name: str) -> str:
    """Who has to do it; a name that is none of ours stands as it is."""
    return str(SUBJECTS.get(name, name))


def condition(name: str) -> str:
    """``accident_prone_or_hazmat`` → both classes; empty for all."""
    return listed([str(CLASSES.get(one, one)) for one in sorted(condition_names(name))])


def frequency(row: Duty | IntakeDraft) -> list[str]:
    """每季度1次, 3月31日前 / 4个报告日 / 全年常态: one member for each thing it says.

    Targets are words of the notice and stay as they are.
    """
    if isinstance(row, Duty) and row.is_progress_report:
        n = len(row.plan.report_dates.all())
        return [ngettext("%(n)s report date", "%(n)s report dates", n) % {"n": n}]
    words = []
    if row.every:
        words.append(_times(Every(row.every), row.min_count, each=row.per_person))
    if row.deadline:
        words.append(pgettext("deadline", "by %(day)s") % {"day": day(row.deadline)})
    if row.targets:
        words.append(listed(row.targets))
    return words or [_("all year round")]


def frequency_line(row: Duty | IntakeDraft) -> str:
    """All of it in one line."""
    return (", " if reads_english() else " ").join(frequency(row))


def _times(every: Every, n: int, *, each: bool) -> str:
    said = {"n": n, "period": PERIODS[every]}
    if each:
        text = ngettext(
            "%(n)s time %(period)s for each person", "%(n)s times %(period)s for each person", n
        )
    else:
        text = ngettext("%(n)s time %(period)s", "%(n)s times %(period)s", n)
    return text % said


def filter_words(plan: Plan, by: Filter) -> str:
    """The filter as a person reads it; 全部 when there is none."""
    words = []
    none = pgettext("filter", "none")
    if by.section:
        words.append(_("clause %(name)s") % {"name": by.section})
    if by.duty:
        found = Duty.objects.filter(pk=by.duty, plan=plan).first()
        words.append(_("duty %(name)s") % {"name": title_of(found) if found else none})
    if by.document:
        document = Plan.objects.filter(pk=by.document, under__plan=plan).first()
        name = document.title if document else none
        words.append(_("second document %(name)s") % {"name": name})
    if by.organisation:
        organisation = Organisation.objects.filter(pk=by.organisation).first()
        words.append(_("unit %(name)s") % {"name": organisation.label if organisation else none})
    if by.group:
        label = _("Owed") if by.group == "owed" else Group(by.group).label
        words.append(_("group %(name)s") % {"name": label})
    if by.state:
        words.append(_("state %(name)s") % {"name": OccurrenceState(by.state).label})
    if by.due_from:
        words.append(_("due from %(day)s") % {"day": by.due_from.isoformat()})
    if by.due_to:
        words.append(_("due until %(day)s") % {"day": by.due_to.isoformat()})
    if by.text:
        words.append(_("with “%(text)s”") % {"text": by.text})
    return (", " if reads_english() else "，").join(words) or pgettext("filter", "all")
