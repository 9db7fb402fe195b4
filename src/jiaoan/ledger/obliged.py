"""Who owes which windows of a duty: the rules of ``rules.duties`` applied to this bureau's rows.

Enterprise duties expand to every firm of the class. A conditional duty (hazmat or accident-prone:
monthly) replaces its general one for the firms it names, window by window; a duty with neither
count nor date is a standing one and is answered once, by the last report date of the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from jiaoan.kernel.windows import Every, Window
from jiaoan.ledger.models import Duty, DutyRole, Plan
from jiaoan.org.models import Organisation, OrganisationKind
from jiaoan.registry.models import Enterprise
from jiaoan.rules.duties import (
    Conditional,
    DutySpec,
    Planned,
    Rate,
    SubjectFlag,
    occurrence_windows,
    planned_for,
    report_windows,
)

ENTERPRISE_SUBJECTS = frozenset({"enterprise", "enterprise_head", "staff"})
# Classes of firms as the reader writes them, with the word of the trade.
CLASSES = {
    "hazmat": "危货运输企业",
    "passenger": "道路客运企业",
    "construction": "公路工程企业",
    "accident_prone": "事故多发企业",
}
ALL_FIRMS = "all"


def condition_names(condition: str) -> frozenset[str]:
    """``accident_prone_or_hazmat`` → both names; ``all`` → none."""
    if condition in ("", ALL_FIRMS):
        return frozenset()
    return frozenset(condition.split("_or_"))


def known_condition(condition: str) -> bool:
    return condition_names(condition) <= set(CLASSES)


@dataclass(frozen=True)
class Owed:
    """One window owed by one organisation, with the sentence that says why."""

    organisation_id: int
    planned: Planned
    min_count: int

    @property
    def key(self) -> tuple[int, str]:
        return self.organisation_id, window_key(self.planned)


def window_key(planned: Planned) -> str:
    """A dated duty is named by its due day alone: its window's start is no part of it."""
    return planned.window.key if planned.window.every else f"D{planned.due.isoformat()}"


def flags_of(firm: Enterprise, year: int) -> tuple[SubjectFlag, ...]:
    """The classes of a firm with from and to days. Lines of business hold as long as the firm."""
    since = firm.valid_from or date(year, 1, 1)
    lines = {"hazmat": firm.hazmat, "passenger": firm.passenger, "construction": firm.works}
    flags = [
        SubjectFlag(name, CLASSES[name], since, firm.valid_to)
        for name, held in lines.items()
        if held
    ]
    flags += [
        SubjectFlag(
            "accident_prone",
            CLASSES["accident_prone"],
            row.valid_from or since,
            row.valid_to,
            row.reason,
        )
        for row in firm.prone.all()
    ]
    return tuple(flags)


def owed_by_all(plan: Plan, duty: Duty, firms: Sequence[Enterprise], leaders: int) -> list[Owed]:
    """Everything that ``duty`` obliges, over all organisations, in the plan's year.

    ``leaders``: how many leading posts the bureau has, for duties that count by person and for
    which nobody was named.
    """
    if duty.is_progress_report:
        days = [row.day for row in plan.report_dates.all()]
        planned = report_windows(days, date(plan.year, 1, 1))
        return _spread(_bodies(duty), planned, 1)
    if duty.subject in ENTERPRISE_SUBJECTS:
        found: list[Owed] = []
        for firm in firms:
            found += _spread([firm.organisation_id], _firm_windows(plan, duty, firm), None)
        return [owed for owed in found if _counts(plan, duty, owed.planned)]
    spec = _spec(plan, duty, date(plan.year, 1, 1), date(plan.year, 12, 31))
    planned = occurrence_windows(spec) or _standing(plan, duty)
    times = duty.min_count
    if duty.per_person:
        times *= (duty.draft.heads if duty.draft else None) or leaders
    kept = [item for item in planned if _counts(plan, duty, item)]
    return _spread(_bodies(duty), kept, times)


def _bodies(duty: Duty) -> list[int]:
    """Who among the units answers: leads, else the joint ones, else those who cooperate.

    ``unit`` duties (各支部对照落实) and progress reports are answered by every unit named.
    """
    units = list(duty.units.all())
    if duty.subject == "unit" or duty.is_progress_report:
        return [unit.organisation_id for unit in units]
    for role in (DutyRole.LEAD, DutyRole.JOINT, DutyRole.COOP):
        found = [unit.organisation_id for unit in units if unit.role == role]
        if found:
            return found
    return []


def _spread(
    organisations: Iterable[int], planned: Sequence[Planned], times: int | None
) -> list[Owed]:
    return [
        Owed(organisation, item, times or item.min_count)
        for organisation in organisations
        for item in planned
    ]


def _spec(plan: Plan, duty: Duty, starts: date, ends: date) -> DutySpec:
    every = Every(duty.every) if duty.every else None
    return DutySpec(every, duty.min_count, duty.deadline, starts, ends, plan.year)


def _firm_windows(plan: Plan, duty: Duty, firm: Enterprise) -> Sequence[Planned]:
    year = date(plan.year, 1, 1), date(plan.year, 12, 31)
    starts, ends = max(year[0], firm.valid_from or year[0]), min(year[1], firm.valid_to or year[1])
    if starts > ends:
        return ()
    flags = flags_of(firm, plan.year)
    names = condition_names(duty.condition)
    stricter = next(iter(duty.replaced_by.all()), None)
    if duty.replaces is not None and duty.every:
        general = _spec(plan, duty.replaces, starts, ends)
        plain = set(occurrence_windows(general))
        planned = planned_for(general, flags, _conditional(duty))
        return [item for item in planned if item not in plain]
    if names and not any(flag.name in names for flag in flags):
        return ()
    spec = _spec(plan, duty, starts, ends)
    if stricter is None or not stricter.every:
        return occurrence_windows(spec) or _standing(plan, duty)
    planned = planned_for(spec, flags, _conditional(stricter))
    plain = set(occurrence_windows(spec))
    kept = [item for item in planned if item in plain]
    return kept if planned else _standing(plan, duty)


def _conditional(duty: Duty) -> Conditional:
    rate = Rate(Every(duty.every), duty.min_count)
    return Conditional(rate, condition_names(duty.condition))


def _standing(plan: Plan, duty: Duty) -> tuple[Planned, ...]:
    """A duty without count or date: the whole year, answered by the last report date."""
    if duty.every or duty.deadline:
        return ()
    days = [row.day for row in plan.report_dates.all()]
    window = Window(date(plan.year, 1, 1), date(plan.year, 12, 31))
    due = max(days, default=window.end)
    reason = f"文件未定次数和期限，列为全年任务，{due.month}月{due.day}日前报一次进展"
    return (Planned(window, due, 1, reason),)


def _counts(plan: Plan, duty: Duty, planned: Planned) -> bool:
    """Recurring windows that were over before the plan took effect are not owed."""
    since = (duty.document or plan).effective_from
    if since is None or not duty.every:
        return True
    return planned.due >= since


def bodies_for_reports(plan: Plan) -> list[Organisation]:
    """Whom the covering letter addresses 局机关相关股室、局属各单位: every section and unit."""
    return list(
        Organisation.objects.filter(kind__in=[OrganisationKind.SECTION, OrganisationKind.UNIT])
    )
