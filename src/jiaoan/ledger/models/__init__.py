"""Rows of the ledger: what a notice says (plan), what follows (duty), what is done (work)."""

from jiaoan.ledger.models.duty import Duty, DutyRole, DutyUnit, Occurrence
from jiaoan.ledger.models.plan import (
    Clause,
    IntakeDraft,
    IntakeStep,
    Judgement,
    Plan,
    ReportDate,
    SourceSentence,
    TypedDraft,
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
    "IntakeStep",
    "Judgement",
    "Occurrence",
    "Plan",
    "ProgressReport",
    "ReportBack",
    "ReportDate",
    "SourceSentence",
    "SystemEvidence",
    "TypedDraft",
    "UnitName",
    "Urge",
]
