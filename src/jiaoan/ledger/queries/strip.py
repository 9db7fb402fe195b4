"""The year strip 年条: one row a duty, one cell a window, counted over all that owe it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from django.db.models import Count, Min, QuerySet

from jiaoan.ledger.models import Duty, Occurrence
from jiaoan.ledger.queries.counts import group_condition
from jiaoan.ledger.states import Group


@dataclass
class Cell:
    """One window of a duty: how many owe it, and how they stand."""

    key: str
    label: str
    starts: date
    ends: date
    due: date
    by: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(n for group, n in self.by.items() if group != Group.WAIVED)

    @property
    def closed(self) -> int:
        return self.by.get(Group.CLOSED, 0)

    @property
    def late(self) -> int:
        return self.by.get(Group.LATE, 0)


@dataclass
class DutyRow:
    """A duty with its cells in order of time; ``current`` is the window of today or the next."""

    duty: Duty
    cells: list[Cell]

    def current(self, today: date) -> Cell | None:
        live = [cell for cell in self.cells if cell.total]
        late = [cell for cell in live if cell.late]
        if late:
            return late[0]
        ahead = [cell for cell in live if cell.due >= today]
        return ahead[0] if ahead else (live[-1] if live else None)

    @property
    def late(self) -> int:
        return sum(cell.late for cell in self.cells)


def duty_rows(duties: QuerySet[Duty], found: QuerySet[Occurrence], today: date) -> list[DutyRow]:
    """Rows for ``duties`` counted over ``found``, both restricted before: two queries in all.

    The due day of a cell is the earliest among its occurrences: an extension of one firm does not
    move the window of the others.
    """
    grouped = (
        found.order_by()
        .values("duty_id", "window_key", "window_label", "starts", "ends")
        .annotate(
            first_due=Min("due"),
            **{group: Count("pk", filter=group_condition(group, today)) for group in Group},
        )
    )
    cells: dict[int, list[Cell]] = defaultdict(list)
    for row in grouped:
        numbers = cast(dict[str, int], dict(row))
        by = {group.value: numbers[group] for group in Group if numbers[group]}
        cells[row["duty_id"]].append(
            Cell(
                row["window_key"],
                row["window_label"],
                row["starts"],
                row["ends"],
                row["first_due"],
                by,
            )
        )
    for found_cells in cells.values():
        found_cells.sort(key=lambda cell: (cell.starts, cell.ends))
    return [DutyRow(duty, cells.get(duty.pk, [])) for duty in duties]
