"""Frequencies, classes and subjects in the words of the trade, for official papers.

Pages say them in their own language: :mod:`jiaoan.portal.ledger.words`.
"""

from __future__ import annotations

from jiaoan.kernel.windows import Every
from jiaoan.ledger.models import Duty, IntakeDraft
from jiaoan.ledger.obliged import CLASSES, condition_names

SUBJECTS = {
    "bureau": "局（承办股室、单位）",
    "unit": "各单位分别",
    "leader": "负有职责的班子成员",
    "enterprise_head": "企业主要负责人",
    "enterprise": "企业",
    "staff": "企业从业人员",
}


def condition_words(condition: str) -> str:
    """``accident_prone_or_hazmat`` → 事故多发企业、危货运输企业; empty for all."""
    names = sorted(condition_names(condition))
    return "、".join(CLASSES.get(name, name) for name in names)


def frequency_words(row: Duty | IntakeDraft) -> str:
    """每季度至少1次 / 3月31日前 / 4个报告日 / 常态."""
    if isinstance(row, Duty) and row.is_progress_report:
        return f"{len(row.plan.report_dates.all())}个报告日"
    words = []
    if row.every:
        who = "每人" if row.per_person else ""
        words.append(f"{who}{Every(row.every).label_zh}{row.min_count}次")
    if row.deadline:
        words.append(f"{row.deadline.month}月{row.deadline.day}日前")
    if row.targets:
        words.append("、".join(row.targets))
    return " ".join(words) or "全年常态"
