"""Rows of the ledger: what a notice says (plan), what follows (duty), what is done (work)."""

from jiaoan.ledger.models.duty import Duty, DutyRole, DutyUnit, Occurrence
from jiaoan.ledger.models.plan import (
    Clause,
    IntakeDraft,
    Judgement,
    Plan,
    ReportDate,
    SourceSentence,
    UnitName,
)
from jiaoan.ledger.models.work import (
    Closing,
    Evidence,
    Extension,
    ProgressReport,
    ReportBack,
    SystemEvidence,
    Urge,
)

__all__ = [
    "Clause",
    "Closing",
    "Duty",
    "DutyRole",
    "DutyUnit",
    "Evidence",
    "Extension",
    "IntakeDraft",
    "Judgement",
    "Occurrence",
    "Plan",
    "ProgressReport",
    "ReportBack",
    "ReportDate",
    "SourceSentence",
    "SystemEvidence",
    "UnitName",
    "Urge",
]
