"""Every read of the ledger, through ``restrict``."""

from jiaoan.ledger.queries.assignment import Share, shares, unanswered
from jiaoan.ledger.queries.counts import Counts, counts, group_condition, in_group
from jiaoan.ledger.queries.desk import Desk, GivenOut, desk, given_out, given_windows, waiting
from jiaoan.ledger.queries.lists import (
    Filter,
    attached_to,
    duties,
    evidence_of,
    ledgers,
    occurrence,
    occurrences,
    plan,
    plans,
    reports,
    search_occurrences,
    section_clauses,
    siblings,
    timeline,
)
from jiaoan.ledger.queries.strip import DutyRow, duty_rows

__all__ = [
    "Counts",
    "Desk",
    "DutyRow",
    "Filter",
    "GivenOut",
    "Share",
    "attached_to",
    "counts",
    "desk",
    "duties",
    "duty_rows",
    "evidence_of",
    "given_out",
    "given_windows",
    "group_condition",
    "in_group",
    "ledgers",
    "occurrence",
    "occurrences",
    "plan",
    "plans",
    "reports",
    "search_occurrences",
    "section_clauses",
    "shares",
    "siblings",
    "timeline",
    "unanswered",
    "waiting",
]
