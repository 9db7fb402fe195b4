"""比对: this year's notice beside last year's, clause by clause."""

from __future__ import annotations

from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from jiaoan.ledger import queries
from jiaoan.ledger.models import Plan
from jiaoan.notices import Reading, read
from jiaoan.notices.compare import (
    Change,
    ChangedField,
    ChangeKind,
    Comparison,
    FieldChange,
    compare,
)
from jiaoan.portal.access import page
from jiaoan.portal.names import CHANGES, FIELDS
from jiaoan.portal.notice.desk import number
from jiaoan.portal.notice.differences import Stretch, signed, stretches, with_year

KINDS = tuple(ChangeKind)


@require_safe
@page("notice.view")
def compare_notices(request: HttpRequest) -> HttpResponse:
    """``?old=`` and ``?new=`` are plans that the person may see; ``?kind=`` narrows the list."""
    plans = list(queries.plans(request.user).filter(under=None))
    new = _asked(request, plans, "new") or (plans[0] if plans else None)
    old = _asked(request, plans, "old") or (_before(new, plans) if new else None)
    found = _compared(old, new) if old and new and old != new else None
    kind = request.GET.get("kind", "")
    context: dict[str, object] = {
        "section": "notice",
        "plans": plans,
        "old": old,
        "new": new,
        "found": found,
        "kind": kind if kind in KINDS else "",
        "kinds": [(k.value, CHANGES[k], len(found.of(k))) for k in KINDS] if found else [],
        "lines": [_line(one, old, new) for one in found.changes if _shown(one, kind)]
        if found and old and new
        else [],
    }
    return render(request, "portal/notice/compare.html", context)


def _asked(request: HttpRequest, plans: list[Plan], key: str) -> Plan | None:
    asked = number(request.GET.get(key, ""))
    return next((plan for plan in plans if plan.pk == asked), None)


def _before(new: Plan, plans: list[Plan]) -> Plan | None:
    """The nearest earlier year, else any other notice."""
    others = [plan for plan in plans if plan.pk != new.pk]
    earlier = [plan for plan in others if plan.year < new.year]
    if earlier:
        return max(earlier, key=lambda plan: plan.year)
    return others[0] if others else None


@lru_cache(maxsize=8)
def _reading(text: str) -> Reading:
    """The text of a plan never changes."""
    return read(text)


def _compared(old: Plan, new: Plan) -> Comparison:
    return compare(_reading(old.text), _reading(new.text))


def _shown(change: Change, kind: str) -> bool:
    """Without a word: everything that is not the same."""
    return change.kind == kind if kind in KINDS else change.kind is not ChangeKind.SAME


def _line(change: Change, old: Plan, new: Plan) -> dict[str, object]:
    one = change.new or change.old
    return {
        "change": change,
        "kind": CHANGES[change.kind],
        "old": "·".join(change.old.path) if change.old else "",
        "new": "·".join(change.new.path) if change.new else "",
        "title": one.title if one else "",
        "old_url": _url(old, change, "old"),
        "new_url": _url(new, change, "new"),
        "nearest": "·".join(change.nearest.path) + " " + change.nearest.title
        if change.nearest
        else "",
        "fields": [_field(field, old.year, new.year) for field in change.fields],
    }


def _field(field: FieldChange, before: int, after: int) -> dict[str, object]:
    """Both sides cut where they differ; a list is compared name by name."""
    listed = field.field is not ChangedField.TEXT
    if listed:
        old = [Stretch(word, word not in field.after) for word in field.before]
        new = [Stretch(word, word not in field.before) for word in field.after]
    else:
        old, new = stretches(signed("".join(field.before)), signed("".join(field.after)))
        old = [Stretch(with_year(one.words, before), one.changed) for one in old]
        new = [Stretch(with_year(one.words, after), one.changed) for one in new]
    return {"label": FIELDS[field.field], "old": old, "new": new, "listed": listed}


def _url(plan: Plan, change: Change, side: str) -> str:
    item = change.old if side == "old" else change.new
    if item is None:
        return ""
    clause = plan.clauses.filter(path=list(item.path)).first()
    url = reverse("notice", args=[plan.pk])
    return f"{url}?show=clause&clause={clause.pk}#c{clause.pk}" if clause else url
