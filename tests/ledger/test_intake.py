"""The tools of the intake: split, merge, undo, answers, names, drafts by hand, giving out."""

from __future__ import annotations

from datetime import date

import pytest

from jiaoan.journal.models import Attachment, Fact
from jiaoan.kernel.states import TransitionRefused
from jiaoan.ledger import actions, answering
from jiaoan.ledger.actions.recut import pieces_of, words_of
from jiaoan.ledger.actions.steps import last_step
from jiaoan.ledger.errors import AlreadyRead, Blocked, FieldErrors
from jiaoan.ledger.models import IntakeDraft, Occurrence, Plan, TypedDraft
from jiaoan.ledger.progress import coverage
from jiaoan.ledger.queries import shares, unanswered
from jiaoan.ledger.wording import frequency_words
from jiaoan.org.actions import add_person
from jiaoan.org.models import User
from jiaoan.scope import Refused
from ledger.factory import SYSTEM, Bureau, duty, judge_all, make_bureau, make_plan, published

pytestmark = pytest.mark.django_db

SECOND = """临江区交通运输局电子围栏系统建设实施方案

一、工作任务
（一）开展车载终端排查。运输管理股于5月31日前完成危货车辆车载终端排查。（运输管理股牵头，执法大队配合）
（二）按季度通报。运输管理股每季度至少通报1次建设进度。（运输管理股负责）
"""


@pytest.fixture
def bureau() -> Bureau:
    return make_bureau()


@pytest.fixture
def plan(bureau: Bureau) -> Plan:
    return make_plan(bureau)


def titled(plan: Plan, words: str) -> IntakeDraft:
    return plan.drafts.select_related("sentence").get(title=words)


def colleague(bureau: Bureau) -> User:
    return add_person(
        SYSTEM,
        bureau.clock,
        username="second",
        password="Zx9-quiet",
        display_name="乙",
        organisation=bureau.safety,
        role="safety_clerk",
    )


def row(draft: IntakeDraft) -> dict[str, object]:
    """Everything that a person can see of a draft."""
    fresh = IntakeDraft.objects.get(pk=draft.pk)
    return {
        field.attname: getattr(fresh, field.attname) for field in IntakeDraft._meta.concrete_fields
    }


# ---------------------------------------------------------------- split


def test_it_splits_a_draft_and_each_part_keeps_its_words(bureau: Bureau, plan: Plan) -> None:
    fence = titled(plan, "建成电子围栏系统")
    pieces = pieces_of(plan, fence)
    assert [words for _s, _e, words in pieces] == [
        "年底前建成危货车辆电子围栏系统，",
        "实行外籍车辆备案。",
    ]
    made = actions.split_draft(
        bureau.clerk, bureau.clock, fence, second=[1], titles=("建成电子围栏系统", "外籍车辆备案")
    )
    fence.refresh_from_db()
    assert words_of(plan, fence.spans) == "年底前建成危货车辆电子围栏系统，"
    assert words_of(plan, made.spans) == "实行外籍车辆备案。"
    # The day and its question stay with the words that say 年底前.
    assert (fence.deadline, fence.open_doubts) == (date(2024, 12, 31), 1)
    assert (made.deadline, made.open_doubts, made.ongoing) == (None, 0, True)
    assert made.lead_units == fence.lead_units
    assert made.clause_id == fence.clause_id
    assert Fact.objects.filter(kind="ledger.draft_split").count() == 1


@pytest.mark.parametrize("second", [[], [0, 1], [7]])
def test_it_refuses_a_split_that_leaves_nothing(
    bureau: Bureau, plan: Plan, second: list[int]
) -> None:
    fence = titled(plan, "建成电子围栏系统")
    with pytest.raises(FieldErrors) as errors:
        actions.split_draft(bureau.clerk, bureau.clock, fence, second=second, titles=("甲", ""))
    assert set(errors.value.errors) == {"pieces", "second"}
    assert plan.drafts.count() == 5


def test_it_judges_the_sentence_only_when_both_parts_are_judged(bureau: Bureau, plan: Plan) -> None:
    fence = titled(plan, "建成电子围栏系统")
    made = actions.split_draft(bureau.clerk, bureau.clock, fence, second=[1], titles=("甲", "乙"))
    actions.accept_draft(bureau.clerk, bureau.clock, made)
    fence.sentence.refresh_from_db()
    assert fence.sentence.judgement == "unread"
    actions.reject_draft(bureau.clerk, bureau.clock, fence, reason="重复")
    fence.sentence.refresh_from_db()
    assert fence.sentence.judgement == "duty"


# ---------------------------------------------------------------- merge


def test_it_merges_drafts_and_judges_all_their_sentences(bureau: Bureau, plan: Plan) -> None:
    fence, talk = titled(plan, "建成电子围栏系统"), titled(plan, "常态化宣传")
    actions.merge_drafts(bureau.clerk, bureau.clock, talk, [fence], title="围栏建设和宣传")
    talk.refresh_from_db()
    fence.refresh_from_db()
    assert (fence.state, fence.merged_into) == ("folded", talk)
    assert talk.deadline == date(2024, 12, 31)
    assert talk.lead_units == ["运输管理股", "执法大队", "局运输管理股"]
    assert talk.open_doubts == 1
    assert len(talk.spans) == 1  # the two sentences touch
    with pytest.raises(Blocked):
        actions.accept_draft(bureau.clerk, bureau.clock, talk)
    actions.accept_draft(bureau.clerk, bureau.clock, talk, {0: actions.Answer(0)})
    judged = set(
        plan.sentences.filter(drafts__in=[fence, talk]).values_list("judgement", flat=True)
    )
    assert judged == {"duty"}
    actions.take_back_draft(bureau.clerk, bureau.clock, talk)
    judged = set(
        plan.sentences.filter(drafts__in=[fence, talk]).values_list("judgement", flat=True)
    )
    assert judged == {"unread"}


def test_it_makes_one_duty_of_what_was_merged(bureau: Bureau, plan: Plan) -> None:
    fence, talk = titled(plan, "建成电子围栏系统"), titled(plan, "常态化宣传")
    actions.merge_drafts(bureau.clerk, bureau.clock, talk, [fence], title="围栏建设和宣传")
    judge_all(bureau, plan)
    actions.publish(bureau.clerk, bureau.clock, plan)
    titles = list(plan.duties.values_list("title", flat=True))
    assert "围栏建设和宣传" in titles
    assert "建成电子围栏系统" not in titles
    assert coverage(plan).unread == 0


def test_it_refuses_to_merge_what_is_judged_or_foreign(bureau: Bureau, plan: Plan) -> None:
    fence, talk = titled(plan, "建成电子围栏系统"), titled(plan, "常态化宣传")
    other = make_plan(bureau).drafts.get(title="常态化宣传")
    with pytest.raises(FieldErrors):
        actions.merge_drafts(bureau.clerk, bureau.clock, talk, [other], title="甲")
    actions.reject_draft(bureau.clerk, bureau.clock, fence, reason="重复")
    with pytest.raises(Blocked):
        actions.merge_drafts(bureau.clerk, bureau.clock, talk, [fence], title="甲")
    with pytest.raises(FieldErrors):
        actions.merge_drafts(bureau.clerk, bureau.clock, talk, [], title=" ")
    # A chain: what took something in is taken in itself; every sentence follows the last.
    actions.take_back_draft(bureau.clerk, bureau.clock, fence)
    meeting = titled(plan, "召开安全专题会议")
    actions.merge_drafts(bureau.clerk, bureau.clock, fence, [talk], title="甲")
    actions.merge_drafts(bureau.clerk, bureau.clock, meeting, [fence], title="乙")
    actions.accept_draft(bureau.clerk, bureau.clock, meeting, {0: actions.Answer(0)})
    talk.sentence.refresh_from_db()
    assert talk.sentence.judgement == "duty"


# ---------------------------------------------------------------- undo


def _acts(bureau: Bureau, plan: Plan) -> list[object]:
    """Every act of the page, as something that can be called."""
    clerk, clock = bureau.clerk, bureau.clock
    fence, talk = titled(plan, "建成电子围栏系统"), titled(plan, "常态化宣传")
    name = plan.unit_names.get(name="有关股室")
    edit = actions.DraftEdit(
        "新名", ("安监股",), ("某公司",), "unit", "hazmat", "month", "3", "2024-05-01", "drill", ()
    )
    return [
        lambda: actions.accept_draft(clerk, clock, fence, {0: actions.Answer(1)}),
        lambda: actions.accept_undoubted(clerk, clock, plan),
        lambda: actions.reject_draft(clerk, clock, talk, reason="口号"),
        lambda: actions.edit_draft(clerk, clock, fence, edit),
        lambda: actions.split_draft(clerk, clock, fence, second=[1], titles=("甲", "乙")),
        lambda: actions.merge_drafts(clerk, clock, talk, [fence], title="丙"),
        lambda: actions.settle_unit(clerk, clock, name, [bureau.safety]),
        lambda: actions.settle_unit(clerk, clock, name, [], outside=True),
        lambda: actions.judge_sentences(clerk, clock, plan, [4], reason="陈述"),
        lambda: actions.add_draft(clerk, clock, plan, plan.sentences.get(number=4), title="丁"),
    ]


@pytest.mark.parametrize("act", range(10))
def test_it_undoes_every_act_and_leaves_a_fact(bureau: Bureau, plan: Plan, act: int) -> None:
    there = list(plan.unit_names.values_list("pk", flat=True))

    def seen() -> object:
        live = plan.drafts.exclude(state="folded")
        names = [
            (name.settled, name.outside, list(name.organisations.values_list("pk", flat=True)))
            for name in plan.unit_names.filter(pk__in=there)
        ]
        return (
            [row(draft) for draft in live],
            list(plan.sentences.values_list("number", "judgement", "reason")),
            names,
            coverage(plan),
        )

    before = seen()
    _acts(bureau, plan)[act]()  # type: ignore[operator]
    assert seen() != before
    actions.undo(bureau.clerk, bureau.clock, plan)
    assert seen() == before
    assert Fact.objects.filter(kind="ledger.step_undone").count() == 1
    with pytest.raises(Blocked):
        actions.undo(bureau.clerk, bureau.clock, plan)


def test_it_undoes_step_by_step_and_only_ones_own(bureau: Bureau, plan: Plan) -> None:
    fence, talk = titled(plan, "建成电子围栏系统"), titled(plan, "常态化宣传")
    actions.reject_draft(bureau.clerk, bureau.clock, fence, reason="甲")
    actions.reject_draft(colleague(bureau), bureau.clock, talk, reason="乙")
    with pytest.raises(Blocked) as blocked:
        actions.undo(bureau.clerk, bureau.clock, plan)
    assert "乙" in str(blocked.value.sentence)
    actions.undo(User.objects.get(username="second"), bureau.clock, plan)
    actions.undo(bureau.clerk, bureau.clock, plan)
    fence.refresh_from_db()
    assert fence.state == "open"
    assert last_step(plan) is None


def test_it_undoes_nothing_of_a_published_plan(bureau: Bureau) -> None:
    plan = published(bureau)
    assert last_step(plan) is not None
    with pytest.raises(Blocked):
        actions.undo(bureau.clerk, bureau.clock, plan)
    with pytest.raises(Refused):
        actions.undo(bureau.head, bureau.clock, plan)


# ---------------------------------------------------------------- answers, bulk, typed, by hand


@pytest.mark.parametrize(
    ("code", "words", "column", "value"),
    [
        ("year_end_day", "2024年12月31日", "deadline", date(2024, 12, 31)),
        ("year_end_day", "12月10日（随推进情况报告）", "deadline", date(2024, 12, 10)),
        ("period_end_day", "2024-9-30", "deadline", date(2024, 9, 30)),
        ("which_year", "2025年", "deadline", date(2025, 12, 31)),
        ("no_figure", "每季度1次", "every", "quarter"),
        ("no_figure", "每两个月2次", "min_count", 2),
        ("no_figure", "不设频次", "every", ""),
        ("per_head", "每人每季度各1次", "per_person", True),
        ("no_lead", "有关股室", "lead_units", ["有关股室"]),
        ("no_unit", "全体单位", "lead_units", ["全体单位"]),
        ("no_unit", "安监股，运管股", "lead_units", ["安监股", "运管股"]),
        ("who_are_they", "陈志远、彭立（2人）", "heads", 2),
        ("who_are_they", "陈志远，彭立，方国庆", "actor_phrase", "陈志远、彭立、方国庆"),
        ("who_are_they", "全体班子成员", "heads", None),
        ("event_day", "不设日期，按事件登记", "deadline", date(2024, 12, 31)),
    ],
)
def test_an_answer_changes_its_field(
    plan: Plan, code: str, words: str, column: str, value: object
) -> None:
    draft = titled(plan, "建成电子围栏系统")
    assert answering.apply(draft, code, words) is None
    assert getattr(draft, column) == value


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("year_end_day", "到时候"),
        ("year_end_day", "2024年2月30日"),
        ("no_figure", "经常"),
        ("no_unit", "另行指定"),
        ("who_are_they", "逐一列名"),
    ],
)
def test_an_answer_that_says_nothing_is_refused(plan: Plan, code: str, words: str) -> None:
    assert answering.apply(titled(plan, "建成电子围栏系统"), code, words) is not None


def test_a_duty_counts_the_persons_that_were_named(bureau: Bureau, plan: Plan) -> None:
    fence = titled(plan, "建成电子围栏系统")
    fence.doubts = [
        {
            "code": code,
            "phrase": "",
            "question": "",
            "alternatives": [],
            "answer": None,
            "other": "",
        }
        for code in ("per_head", "who_are_they")
    ]
    fence.every, fence.deadline = "quarter", None
    fence.save()
    answers = {0: actions.Answer(None, "每人"), 1: actions.Answer(None, "陈志远、彭立")}
    actions.accept_draft(bureau.clerk, bureau.clock, fence, answers)
    judge_all(bureau, plan)
    actions.publish(bureau.clerk, bureau.clock, plan)
    made = duty(plan, "建成电子围栏系统")
    assert made.actor_phrase == "陈志远、彭立"
    assert frequency_words(made) == "每人每季度1次"
    assert set(made.occurrences.values_list("min_count", flat=True)) == {2}


def test_it_saves_nothing_of_a_refused_answer(bureau: Bureau, plan: Plan) -> None:
    fence = titled(plan, "建成电子围栏系统")
    with pytest.raises(FieldErrors) as errors:
        actions.accept_draft(bureau.clerk, bureau.clock, fence, {0: actions.Answer(None, "尽快")})
    assert set(errors.value.errors) == {"doubt-0"}
    assert (row(fence)["state"], plan.drafts.get(pk=fence.pk).open_doubts) == ("open", 1)


def test_it_accepts_in_bulk_only_what_was_shown(bureau: Bureau, plan: Plan) -> None:
    with pytest.raises(Blocked):
        actions.accept_undoubted(bureau.clerk, bureau.clock, plan, expected=3)
    assert plan.drafts.filter(state="accepted").count() == 0
    assert actions.accept_undoubted(bureau.clerk, bureau.clock, plan, expected=4) == 4
    assert Fact.objects.filter(kind="ledger.draft_accepted").count() == 4
    assert titled(plan, "建成电子围栏系统").state == "open"


def test_it_judges_a_draft_once(bureau: Bureau, plan: Plan) -> None:
    talk, stale = titled(plan, "常态化宣传"), titled(plan, "常态化宣传")
    actions.accept_draft(bureau.clerk, bureau.clock, talk)
    with pytest.raises(TransitionRefused):
        actions.reject_draft(colleague(bureau), bureau.clock, stale, reason="迟了")


def test_it_keeps_what_each_person_typed_until_it_is_saved(bureau: Bureau, plan: Plan) -> None:
    talk = titled(plan, "常态化宣传")
    actions.keep_typed(bureau.clerk, bureau.clock, talk, {"title": "写到一半"})
    actions.keep_typed(bureau.clerk, bureau.clock, talk, {"title": "写到一大半", "min_count": "两"})
    actions.keep_typed(colleague(bureau), bureau.clock, talk, {"reason": "口号"})
    mine = TypedDraft.objects.get(draft=talk, author=bureau.clerk)
    assert mine.fields == {"title": "写到一大半", "min_count": "两"}
    with pytest.raises(Refused):
        actions.keep_typed(bureau.head, bureau.clock, talk, {"title": "x"})
    actions.drop_typed(bureau.clerk, talk)
    actions.accept_draft(bureau.clerk, bureau.clock, talk)
    assert not TypedDraft.objects.exists()


def test_it_takes_a_duty_written_by_hand(bureau: Bureau, plan: Plan) -> None:
    judge_all(bureau, plan)
    plain = plan.sentences.get(number=4)
    assert plain.judgement == "no_duty"
    made = actions.add_draft(bureau.clerk, bureau.clock, plan, plain, title="每月讲评安全")
    plain.refresh_from_db()
    assert (plain.judgement, made.lead_units) == ("unread", ["安全监督股"])
    with pytest.raises(Blocked):
        actions.reopen_sentence(bureau.clerk, bureau.clock, plan, plain)
    with pytest.raises(Blocked):
        actions.publish(bureau.clerk, bureau.clock, plan)
    with pytest.raises(FieldErrors):
        actions.add_draft(bureau.clerk, bureau.clock, plan, plain, title=" ")


def test_it_opens_a_judged_sentence_again(bureau: Bureau, plan: Plan) -> None:
    actions.judge_sentences(bureau.clerk, bureau.clock, plan, [4], reason="陈述")
    plain = plan.sentences.get(number=4)
    actions.reopen_sentence(bureau.clerk, bureau.clock, plan, plain)
    plain.refresh_from_db()
    assert (plain.judgement, plain.reason) == ("unread", "")


# ---------------------------------------------------------------- names and giving out


def test_it_names_an_outside_body_beside_the_duty(bureau: Bureau, plan: Plan) -> None:
    group = plan.unit_names.get(name="有关股室")
    with pytest.raises(FieldErrors):
        actions.settle_unit(bureau.clerk, bureau.clock, group, [])
    actions.settle_unit(bureau.clerk, bureau.clock, group, [], outside=True)
    judge_all(bureau, plan)
    actions.publish(bureau.clerk, bureau.clock, plan)
    fence = duty(plan, "建成电子围栏系统")
    assert fence.outside_units == ["有关股室"]
    assert [unit.organisation for unit in fence.units.all()] == [bureau.transport]


def test_it_blocks_a_duty_that_only_outside_bodies_would_answer(bureau: Bureau, plan: Plan) -> None:
    talk = titled(plan, "常态化宣传")
    edit = actions.DraftEdit(
        "宣传", ("区公安分局",), (), "bureau", "all", "", "1", "", "general", ("记录",)
    )
    actions.edit_draft(bureau.clerk, bureau.clock, talk, edit)
    police = plan.unit_names.get(name="区公安分局")
    assert not police.settled
    actions.settle_unit(bureau.clerk, bureau.clock, police, [], outside=True)
    judge_all(bureau, plan)
    assert coverage(plan).unowned == 1
    with pytest.raises(Blocked) as blocked:
        actions.publish(bureau.clerk, bureau.clock, plan)
    assert "1" in str(blocked.value.sentence)


def test_it_gives_everything_out_in_one_press_and_once(bureau: Bureau, plan: Plan) -> None:
    with pytest.raises(Blocked):
        actions.assign_plan(bureau.clerk, bureau.clock, plan)
    judge_all(bureau, plan)
    actions.publish(bureau.clerk, bureau.clock, plan, effective_from=date(2024, 1, 1))
    assert set(Occurrence.objects.values_list("state", flat=True)) == {"not_started"}
    assert actions.begin_windows(SYSTEM, bureau.clock) == 0  # nobody has given it out yet
    begun = Occurrence.objects.filter(starts__lte=bureau.clock.today()).count()
    with pytest.raises(Refused):
        actions.assign_plan(bureau.head, bureau.clock, plan)
    assert actions.assign_plan(bureau.clerk, bureau.clock, plan) == begun > 0
    assert Occurrence.objects.filter(state="to_sign").count() == begun
    facts = Fact.objects.count()
    assert actions.assign_plan(bureau.clerk, bureau.clock, plan) == 0
    assert Fact.objects.count() == facts
    given = {share.organisation.label: share for share in shares(bureau.clerk, plan)}
    assert given["安监股"].lead == 3
    assert (
        given["运管股"].windows == Occurrence.objects.filter(organisation=bureau.transport).count()
    )
    assert sum(share.windows for share in given.values()) == Occurrence.objects.count()
    assert unanswered(bureau.clerk, plan) == []


# ---------------------------------------------------------------- files


def test_it_knows_the_same_file_again(bureau: Bureau) -> None:
    data = SECOND.encode()
    first = actions.import_notice(bureau.clerk, bureau.clock, data=data, filename="方案.txt")
    with pytest.raises(AlreadyRead) as known:
        actions.import_notice(bureau.clerk, bureau.clock, data=data, filename="改名.txt")
    assert known.value.plan == first
    assert Attachment.objects.filter(sha256=first.original.sha256).count() == 2
    again = actions.import_notice(
        bureau.clerk, bureau.clock, data=data, filename="方案.txt", again=True
    )
    assert again != first


# ---------------------------------------------------------------- second documents


def _second(bureau: Bureau, main: Plan) -> Plan:
    fence = duty(main, "建成电子围栏系统")
    return actions.import_notice(
        bureau.clerk,
        bureau.clock,
        data=SECOND.encode(),
        filename="实施方案.txt",
        under=actions.Under(fence.clause, fence),
    )


def test_a_second_document_joins_the_ledger_under_its_clause(bureau: Bureau) -> None:
    main = published(bureau)
    before = main.duties.count()
    second = _second(bureau, main)
    assert (second.word, second.year) == ("实施方案", 2024)
    judge_all(bureau, second)
    actions.publish(bureau.clerk, bureau.clock, second)
    made = list(second.own_duties.select_related("plan", "clause"))
    assert len(made) == main.duties.count() - before >= 2
    fence = duty(main, "建成电子围栏系统")
    assert {one.plan for one in made} == {main}
    assert {one.clause for one in made} == {fence.clause}
    assert made[0].source_label.startswith("实施方案 一")
    assert made[0].sentence.plan_id == second.pk
    numbers = list(main.duties.values_list("number", flat=True))
    assert len(set(numbers)) == len(numbers)
    waiting = Occurrence.objects.filter(duty__in=made)
    assert set(waiting.values_list("state", flat=True)) == {"not_started"}
    actions.assign_plan(bureau.clerk, bureau.clock, second)
    assert waiting.filter(state="to_sign").exists()
    assert actions.generate_occurrences(SYSTEM, bureau.clock, main) == {}


def test_a_second_document_hangs_only_on_a_published_clause(bureau: Bureau, plan: Plan) -> None:
    clause = plan.clauses.first()
    assert clause is not None
    with pytest.raises(Blocked):
        actions.import_notice(
            bureau.clerk,
            bureau.clock,
            data=SECOND.encode(),
            filename="a.txt",
            under=actions.Under(clause),
        )
    main = published(bureau)
    wrong = actions.Under(duty(main, "常态化宣传").clause, duty(main, "建成电子围栏系统"))
    with pytest.raises(FieldErrors):
        actions.import_notice(
            bureau.clerk, bureau.clock, data=SECOND.encode(), filename="a.txt", under=wrong
        )
