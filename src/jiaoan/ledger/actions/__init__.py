"""Every write of the ledger: require → transaction → journal fact → outbox event."""

from jiaoan.ledger.actions.evidence import Upload, add_evidence, adopt_offer, offer_evidence
from jiaoan.ledger.actions.generate import begin_windows, generate_occurrences, keep_current
from jiaoan.ledger.actions.intake import (
    Answer,
    DraftEdit,
    accept_draft,
    accept_undoubted,
    answer_doubts,
    edit_draft,
    import_notice,
    judge_sentences,
    reject_draft,
    settle_unit,
    take_back_draft,
)
from jiaoan.ledger.actions.publish import publish
from jiaoan.ledger.actions.report import make_progress_report
from jiaoan.ledger.actions.work import (
    ReportForm,
    ask_extension,
    check,
    close,
    decide_extension,
    reopen,
    report_back,
    return_report,
    save_report_draft,
    sign_for,
    urge,
    waive,
)

__all__ = [
    "Answer",
    "DraftEdit",
    "ReportForm",
    "Upload",
    "accept_draft",
    "accept_undoubted",
    "add_evidence",
    "adopt_offer",
    "answer_doubts",
    "ask_extension",
    "begin_windows",
    "check",
    "close",
    "decide_extension",
    "edit_draft",
    "generate_occurrences",
    "import_notice",
    "judge_sentences",
    "keep_current",
    "make_progress_report",
    "offer_evidence",
    "publish",
    "reject_draft",
    "reopen",
    "report_back",
    "return_report",
    "save_report_draft",
    "settle_unit",
    "sign_for",
    "take_back_draft",
    "urge",
    "waive",
]
