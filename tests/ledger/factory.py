"""A small bureau and a plan made from a reading of our own, for the tests of the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from jiaoan.journal.files import keep
from jiaoan.kernel.clock import FixedClock
from jiaoan.kernel.windows import Every
from jiaoan.ledger import actions
from jiaoan.ledger.models import Duty, Occurrence, Plan
from jiaoan.ledger.reading import store_reading
from jiaoan.notices import (
    Deadline,
    Doubt,
    DoubtCode,
    Draft,
    Item,
    Reading,
    Recurrence,
    Sentence,
    SentenceKind,
    Span,
    Subject,
)
from jiaoan.org.actions import add_organisation, add_person
from jiaoan.org.models import Organisation, OrganisationKind, User
from jiaoan.registry.actions import add_enterprise
from jiaoan.registry.models import Enterprise
from jiaoan.scope import SystemActor

SYSTEM = SystemActor(
    "test",
    frozenset({"org.manage", "registry.manage", "ledger.assign", "ledger.offer", "notice.confirm"}),
)
K = OrganisationKind


@dataclass
class Bureau:
    """Sections 安监 and 运管, one unit, hazmat firms, one plain firm, and their people."""

    clock: FixedClock
    root: Organisation
    safety: Organisation
    transport: Organisation
    squad: Organisation
    firms: list[Enterprise]
    clerk: User
    head: User
    manager: User
    leader: User


def april(day: int = 8) -> FixedClock:
    return FixedClock(datetime(2024, 4, day, 2, 0, tzinfo=UTC))


def make_bureau(clock: FixedClock | None = None, *, hazmat: int = 2) -> Bureau:
    clock = clock or april()

    def org(name: str, kind: K, parent: Organisation | None, short: str = "") -> Organisation:
        return add_organisation(
            SYSTEM, clock, name=name, kind=kind, parent=parent, short_name=short
        )

    root = org("临江区交通运输局", K.BUREAU, None)
    safety = org("安全监督股", K.SECTION, root, "安监股")
    transport = org("运输管理股", K.SECTION, root, "运管股")
    squad = org("区交通运输综合行政执法大队", K.UNIT, root, "执法大队")
    firms = []
    for place in range(hazmat + 1):
        firm_org = org(f"第{place}运输有限公司", K.ENTERPRISE, root)
        firms.append(
            add_enterprise(
                SYSTEM,
                clock,
                organisation=firm_org,
                credit_code=f"91430600MA4L{place:06d}",
                hazmat=place < hazmat,
            )
        )

    def who(name: str, role: str, at: Organisation) -> User:
        return add_person(
            SYSTEM,
            clock,
            username=name,
            password="Zx9-quiet",
            display_name=name,
            organisation=at,
            role=role,
        )

    return Bureau(
        clock,
        root,
        safety,
        transport,
        squad,
        firms,
        clerk=who("clerk", "safety_clerk", safety),
        head=who("head", "section_head", transport),
        manager=who("manager", "enterprise", firms[0].organisation),
        leader=who("boss", "leader", root),
    )


_LETTER = "现将要点印发给你们。请于4月10日、6月10日、9月10日、12月10日报送推进情况。"
_PARTS = [
    ("一、安全责任。", SentenceKind.HEADING, ("一",)),
    ("主要负责人每季度至少召开一次专题会议。", SentenceKind.DEMAND, ("一", "1")),
    ("企业主要负责人每季度至少带队排查1次（危货、事故多发企业每月至少1次）。",
     SentenceKind.DEMAND, ("一", "2")),
    ("坚持安全第一。", SentenceKind.STATEMENT, ("一", "2")),
    ("年底前建成危货车辆电子围栏系统，实行外籍车辆备案。", SentenceKind.DEMAND, ("二",)),
    ("常态化开展宣传。", SentenceKind.DEMAND, ("三",)),
]  # fmt: skip


def _sentences() -> tuple[str, tuple[Sentence, ...]]:
    text, found = "", []
    for index, (words, kind, path) in enumerate([(_LETTER, SentenceKind.FRONT, ()), *_PARTS]):
        found.append(Sentence(index, len(text), len(text) + len(words), words, kind, path))
        text += words
    return text, tuple(found)


def _draft(index: int, sentence: Sentence, title: str, **changes: object) -> Draft:
    values: dict[str, object] = {
        "index": index,
        "path": sentence.path,
        "start": sentence.start,
        "end": sentence.end,
        "sentence": sentence.index,
        "title": title,
        "actor": "",
        "subject": Subject.BUREAU,
        "enterprise_class": None,
        "condition": None,
        "lead_units": ("安全监督股",),
        "coop_units": ("运输管理股",),
        "joint": False,
        "recurrence": None,
        "deadline": None,
        "relative_deadline": None,
        "targets": (),
        "ongoing": False,
        "evidence": ("会议纪要",),
        "doubts": (),
        "confidence": 0.9,
        "replaces": None,
    }
    return Draft(**{**values, **changes})  # type: ignore[arg-type]


def reading() -> Reading:
    """A notice with every kind of duty: counted, replaced, dated with a doubt, and standing."""
    _text, s = _sentences()
    nowhere = Span(s[2].start, s[2].start + 5)
    quarter = Recurrence(Every.QUARTER, 1, None, "每季度至少", nowhere)
    month = Recurrence(Every.MONTH, 1, "危货、事故多发", "每月至少1次", nowhere)
    year_end = Doubt(
        DoubtCode.YEAR_END_DAY,
        "“年底前”止于哪一天？",
        ("2024年12月31日", "2024年12月10日"),
        "年底前",
        Span(s[5].start, s[5].start + 3),
    )
    drafts = (
        _draft(0, s[2], "召开安全专题会议", recurrence=quarter),
        _draft(
            1,
            s[3],
            "企业主要负责人带队排查",
            subject=Subject.ENTERPRISE_HEAD,
            enterprise_class="all",
            recurrence=quarter,
        ),
        _draft(
            2,
            s[3],
            "危货、事故多发企业带队排查",
            subject=Subject.ENTERPRISE_HEAD,
            enterprise_class="hazmat_or_accident_prone",
            recurrence=month,
            replaces=1,
        ),
        _draft(
            3,
            s[5],
            "建成电子围栏系统",
            lead_units=("局运输管理股",),
            coop_units=("有关股室",),
            deadline=Deadline(date(2024, 12, 31), "年底前", nowhere, exact=False),
            doubts=(year_end,),
        ),
        _draft(4, s[6], "常态化宣传", ongoing=True, lead_units=("运输管理股", "执法大队"),
               coop_units=(), joint=True),
    )  # fmt: skip
    paths: Iterable[tuple[str, ...]] = (("一", "1"), ("一", "2"), ("二",), ("三",))
    items = tuple(
        Item(path, f"条款{'·'.join(path)}", (), (), False, (), (), (), (), (), ()) for path in paths
    )
    days = tuple(date(2024, month_, 10) for month_ in (4, 6, 9, 12))
    return Reading("2024年安全生产工作要点", "临交发〔2024〕1号", "临江区交通运输局", 2024,
                   days, items, s, drafts)  # fmt: skip


def make_plan(bureau: Bureau) -> Plan:
    """The reading above as a plan that nobody has judged yet."""
    return make_plan_for(bureau.clerk, bureau.clock)


def make_plan_for(clerk: User, clock: FixedClock) -> Plan:
    text, _s = _sentences()
    kept = keep(text.encode(), name="要点.txt", content_type="text/plain", clock=clock)
    return store_reading(
        reading(), text, original=kept, imported_by=clerk, now=clock.now(), year=2024
    )


def judge_all(bureau: Bureau, plan: Plan) -> None:
    """What a clerk does: settle names, answer, accept, and judge the rest no duty."""
    clerk, clock = bureau.clerk, bureau.clock
    for name in plan.unit_names.filter(settled=False):
        actions.settle_unit(clerk, clock, name, [bureau.safety])
    for draft in plan.drafts.filter(state="open"):
        answers = {place: actions.Answer(0) for place in range(len(draft.doubts))}
        actions.accept_draft(clerk, clock, draft, answers)
    rest = list(plan.sentences.filter(judgement="unread").values_list("number", flat=True))
    actions.judge_sentences(clerk, clock, plan, rest, reason="无具体任务")


def published(bureau: Bureau, since: date | None = date(2024, 1, 1)) -> Plan:
    plan = make_plan(bureau)
    judge_all(bureau, plan)
    actions.publish(bureau.clerk, bureau.clock, plan, effective_from=since)
    actions.assign_plan(bureau.clerk, bureau.clock, plan)
    return plan


def duty(plan: Plan, words: str) -> Duty:
    return Duty.objects.get(plan=plan, title=words)


def one(of: Duty, organisation: Organisation, key: str) -> Occurrence:
    return Occurrence.objects.select_related("duty", "organisation").get(
        duty=of, organisation=organisation, window_key=key
    )
