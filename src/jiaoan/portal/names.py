"""Words of the pure rooms in the language of the page: they know the Chinese term only."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import pgettext_lazy as _in

from jiaoan.kernel.plates import PlateColour
from jiaoan.kernel.windows import Every
from jiaoan.notices.compare import ChangedField, ChangeKind


def reads_english() -> bool:
    """Whether the page is in English: which of two sentences of a pure room it shows."""
    return (get_language() or "").startswith("en")


COLOURS: dict[PlateColour, Promise] = {
    PlateColour.BLUE: _in("plate", "Blue"),
    PlateColour.YELLOW: _in("plate", "Yellow"),
    PlateColour.BLACK: _in("plate", "Black"),
    PlateColour.WHITE: _in("plate", "White"),
    PlateColour.GREEN: _in("plate", "Green"),
    PlateColour.OTHER: _in("plate", "Other"),
    PlateColour.FARM_YELLOW: _in("plate", "Farm yellow"),
    PlateColour.FARM_GREEN: _in("plate", "Farm green"),
    PlateColour.YELLOW_GREEN: _in("plate", "Yellow and green"),
    PlateColour.GRADIENT_GREEN: _in("plate", "Gradient green"),
}
PERIODS: dict[Every, Promise] = {
    Every.DAY: _in("period", "each day"),
    Every.WEEK: _in("period", "each week"),
    Every.TEN_DAYS: _in("period", "each ten days"),
    Every.HALF_MONTH: _in("period", "each half month"),
    Every.TWO_WEEKS: _in("period", "each two weeks"),
    Every.MONTH: _in("period", "each month"),
    Every.TWO_MONTHS: _in("period", "each two months"),
    Every.QUARTER: _in("period", "each quarter"),
    Every.HALF_YEAR: _in("period", "each half-year"),
    Every.YEAR: _in("period", "each year"),
    Every.TERM: _in("period", "each term"),
}
CHANGES: dict[ChangeKind, Promise] = {
    ChangeKind.SAME: _in("clause", "the same"),
    ChangeKind.MOVED: _in("clause", "in another place"),
    ChangeKind.CHANGED: _in("clause", "changed"),
    ChangeKind.NEW: _in("clause", "new"),
    ChangeKind.DROPPED: _in("clause", "dropped"),
}
FIELDS: dict[ChangedField, Promise] = {
    ChangedField.TITLE: _in("field of a clause", "Title"),
    ChangedField.TEXT: _in("field of a clause", "Text"),
    ChangedField.LEAD_UNITS: _in("field of a clause", "Lead units"),
    ChangedField.COOP_UNITS: _in("field of a clause", "Cooperating units"),
    ChangedField.JOINT: _in("field of a clause", "Responsible together"),
    ChangedField.DEADLINES: _in("field of a clause", "Deadlines"),
    ChangedField.RELATIVE_DEADLINES: _in("field of a clause", "Times bound to an event"),
    ChangedField.RECURRENCES: _in("field of a clause", "How often"),
    ChangedField.TARGETS: _in("field of a clause", "Targets"),
}
