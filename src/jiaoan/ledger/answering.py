"""What an answer to a doubt 疑问 changes in its draft.

The reader's alternatives are words; each kind of question reads its answer here. An answer that
changes nothing (按事件登记) stays with the draft as it was given.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jiaoan.kernel.windows import Every
from jiaoan.ledger.models import IntakeDraft

_DAY = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日|(\d{4})-(\d{1,2})-(\d{1,2})")
_YEAR = re.compile(r"^(\d{4})年?$")
_COUNT = re.compile(r"(\d+)\s*次")
_NOT_NAMED = frozenset({"另行指定", "不设牵头，各负其责", "无牵头，只配合", "逐一列名"})
_TOGETHER = re.compile(r"（\d+人）$")
Refusal = Promise | None


def apply(draft: IntakeDraft, code: str, words: str) -> Refusal:
    """Change ``draft`` by the answer ``words``; the sentence that refuses them, or ``None``."""
    rule = _RULES.get(code)
    return rule(draft, words.strip()) if rule else None


def names_of(typed: str) -> list[str]:
    """Names of units as typed, between 、 ， or commas."""
    parts = re.split(r"[、，,；;\n]", typed)
    return list(dict.fromkeys(part.strip()[:120] for part in parts if part.strip()))


def _day(draft: IntakeDraft, words: str) -> Refusal:
    found = _DAY.search(words)
    if found is None:
        return _("Write the day in full with year, month and day, so that it can be due.")
    year, month, day, *iso = found.groups()
    try:
        draft.deadline = (
            date(*map(int, iso))
            if iso[0]
            else date(int(year or draft.plan.year), int(month), int(day))
        )
    except ValueError:
        return _("There is no such day. Write it as 2024-12-31.")
    return None


def _year(draft: IntakeDraft, words: str) -> Refusal:
    found = _YEAR.match(words)
    if found is None:
        return _day(draft, words)
    if draft.deadline is not None:
        last = 28 if (draft.deadline.month, draft.deadline.day) == (2, 29) else draft.deadline.day
        draft.deadline = draft.deadline.replace(year=int(found[1]), day=last)
    return None


def _event_day(draft: IntakeDraft, words: str) -> Refusal:
    return _day(draft, words) if _DAY.search(words) else None


def _per_head(draft: IntakeDraft, words: str) -> Refusal:
    draft.per_person = "每人" in words
    return None


def _figure(draft: IntakeDraft, words: str) -> Refusal:
    if words.startswith("不设"):
        draft.every, draft.ongoing = "", draft.deadline is None
        return None
    every = next((one for one in Every if one.label_zh in words), None)
    if every is None:
        return _("Write how often and how many times, in the manner of the answers shown.")
    count = _COUNT.search(words)
    draft.every, draft.min_count = every, max(1, int(count[1])) if count else 1
    draft.ongoing = False
    return None


def _persons(draft: IntakeDraft, words: str) -> Refusal:
    """Names stand in place of the phrase and say how many persons count."""
    named = names_of(_TOGETHER.sub("", words))
    if words in _NOT_NAMED:
        return _("Write the names, under “other”, or choose all leaders.")
    if words.startswith("全体"):
        draft.heads = None
        return None
    draft.heads, draft.actor_phrase = len(named), "、".join(named)[:120]
    return None


def _lead(draft: IntakeDraft, words: str) -> Refusal:
    if words in _NOT_NAMED:
        return None
    named = names_of(words)
    rest = [name for name in (*draft.lead_units, *draft.coop_units) if name not in named]
    draft.lead_units, draft.coop_units, draft.joint = named, rest, len(named) > 1
    return None


def _unit(draft: IntakeDraft, words: str) -> Refusal:
    if words in _NOT_NAMED:
        return _("Write which unit does it, under “other”.")
    draft.lead_units = names_of(words)
    draft.joint = len(draft.lead_units) > 1 or words.startswith("全体")
    return None


_RULES: dict[str, Callable[[IntakeDraft, str], Refusal]] = {
    "year_end_day": _day,
    "period_end_day": _day,
    "which_year": _year,
    "event_day": _event_day,
    "per_head": _per_head,
    "who_are_they": _persons,
    "no_figure": _figure,
    "no_lead": _lead,
    "no_unit": _unit,
}
