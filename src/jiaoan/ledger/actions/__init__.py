"""Every write of the ledger: require → transaction → journal fact → outbox event."""

from jiaoan.ledger.actions.assign import assign_plan
from jiaoan.ledger.actions.evidence import Upload, add_evidence, adopt_offer, offer_evidence
from jiaoan.ledger.actions.generate import begin_windows, generate_occurrences, keep_current
from jiaoan.ledger.actions.importing import Under, import_notice
from jiaoan.ledger.actions.intake import (
    Answer,
    DraftEdit,
    accept_draft,
    accept_undoubted,
    add_draft,
    answer_doubts,
    drop_typed,
    edit_draft,
    judge_sentences,
    keep_typed,
    reject_draft,
    reopen_sentence,
    settle_unit,
    take_back_draft,
)
from jiaoan.ledger.actions.publish import publish
from jiaoan.ledger.actions.recut import merge_drafts, split_draft
from jiaoan.ledger.actions.report import make_progress_report
from jiaoan.ledger.actions.steps import undo
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
    "Under",
    "Upload",
    "accept_draft",
    "accept_undoubted",
    "add_draft",
    "add_evidence",
    "adopt_offer",
    "answer_doubts",
    "ask_extension",
    "assign_plan",
    "begin_windows",
    "check",
    "close",
    "decide_extension",
    "drop_typed",
    "edit_draft",
    "generate_occurrences",
    "import_notice",
    "judge_sentences",
    "keep_current",
    "keep_typed",
    "make_progress_report",
    "merge_drafts",
    "offer_evidence",
    "publish",
    "reject_draft",
    "reopen",
    "reopen_sentence",
    "report_back",
    "return_report",
    "save_report_draft",
    "settle_unit",
    "sign_for",
    "split_draft",
    "take_back_draft",
    "undo",
    "urge",
    "waive",
]
