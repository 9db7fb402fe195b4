"""A progress report in figures of our own, for the tests of the papers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from jiaoan.kernel.windows import Window
from jiaoan.papers.official import Figure, Imprint, Letterhead
from jiaoan.papers.progress import (
    ClauseProgress,
    Counts,
    EvidenceItem,
    NextItem,
    OverdueItem,
    ProgressReport,
)

SITE = "http://127.0.0.1:8000/ledger/"
MADE_AT = datetime(2024, 4, 10, 1, 5, 6, tzinfo=UTC)
JOURNAL_HASH = "9f3a" * 15 + "c21e"


def counts(where: str, closed: int, waiting: int, working: int, overdue: int) -> Counts:
    def figure(label: str, value: int, state: str) -> Figure:
        return Figure(label, value, "件", f"{SITE}?{where}&state={state}&by=2024-04-10")

    return Counts(
        figure("应完成", closed + waiting + working + overdue, "all"),
        figure("已销号", closed, "closed"),
        figure("待核查", waiting, "waiting"),
        figure("办理中", working, "working"),
        figure("逾期", overdue, "late"),
    )


CLAUSES = (
    ClauseProgress(
        "一、牢固树立安全发展理念。",
        "要点 一·2",
        "主要负责同志召开安全专题会议",
        counts("duty=2", 1, 0, 0, 0),
    ),
    ClauseProgress(
        "一、牢固树立安全发展理念。",
        "要点 一·3",
        "危货企业主要负责人带队排查重大风险隐患",
        counts("duty=3", 41, 2, 0, 1),
    ),
    ClauseProgress(
        "二、部署开展交通运输安全生产“治本攻坚”三年行动。",
        "要点 二·5",
        "出台治本攻坚三年行动实施方案",
        counts("duty=5", 1, 0, 0, 0),
    ),
    ClauseProgress(
        "十一、强化安全科技支撑。",
        "要点 十一",
        "外籍危货车辆电子备案和进出辖区全过程监控",
        counts("duty=11", 0, 0, 3, 0),
        (("本期系统记录外籍危货车入区", Figure("入区", 7, "次", SITE + "stays"), "，均已闭环。"),),
    ),
)


def report() -> ProgressReport:
    return ProgressReport(
        issuer="云岭区交通运输局安全监督股",
        title="2024年全区交通运输安全生产工作要点\n4月推进情况报告",
        addressee="局领导",
        plan_title="2024年全区交通运输安全生产工作要点",
        plan_number="云岭交发〔2024〕30号",
        report_date=date(2024, 4, 10),
        period=Window(date(2024, 1, 1), date(2024, 4, 10)),
        totals=counts("all=1", 43, 2, 3, 1),
        coverage=(
            Figure("条款覆盖", 17, "条", SITE + "clauses?covered=1"),
            Figure("条款", 18, "条", SITE + "clauses"),
        ),
        clauses=CLAUSES,
        overdue=(
            OverdueItem(
                "危货企业主要负责人带队排查重大风险隐患",
                "要点 一·3",
                "云岭顺泽危险化学品运输有限公司",
                date(2024, 3, 31),
                10,
                SITE + "occurrence/412",
            ),
        ),
        upcoming=(
            NextItem(
                "危货企业主要负责人带队排查重大风险隐患",
                "要点 一·3",
                "危货企业",
                date(2024, 4, 30),
                Figure("到期", 14, "件", SITE + "?duty=3&window=2024-04"),
            ),
        ),
        next_report=date(2024, 6, 10),
        evidence=(
            EvidenceItem(
                "一季度安全专题会议纪要.docx",
                "要点 一·2",
                date(2024, 3, 12),
                datetime(2024, 3, 14, 8, 30, tzinfo=UTC),
                "ab12cd34ef56" + "0" * 52,
                SITE + "file/ab12",
            ),
        ),
        journal_seq=1204871,
        journal_hash=JOURNAL_HASH,
        made_by="李国栋",
        made_at=MADE_AT,
        next_report_advice="报告日6月10日为法定假日（端午节），文件未载顺延，请按6月7日安排",
        sample=True,
    )


def signed_report() -> ProgressReport:
    """The same with a head and a colophon."""
    return replace(
        report(),
        letterhead=Letterhead("云岭区交通运输局文件", "云岭交发〔2024〕41号"),
        imprint=Imprint("区安委办。", "云岭区交通运输局办公室", date(2024, 4, 10)),
    )
