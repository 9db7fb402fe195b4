# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""One clause each: the ways in which offices write units, times, counts and percentages."""

from __future__ import annotations

import pytest

from jiaoan.notices import Item, read


def clause(words: str, title: str = "江北区交通运输局2025年安全生产工作要点") -> Item:
    """The reading of one clause in a small notice of 2025."""
    text = (
        f"{title}\n一、重点任务\n1. 做好本项工作。{words}\n2. 做好宣传。持续开展宣传。（办公室）\n"
    )
    return read(text).items[0]


@pytest.mark.parametrize(
    ("words", "leads", "coops", "joint"),
    [
        ("开展检查。（安全科牵头，运输科、法规科按职责分工负责）", ["安全科"], ["运输科", "法规科"], False),
        ("开展检查。（安全科、运输科按职责分工负责）", ["安全科", "运输科"], [], True),
        ("开展检查。（安全科负总责，各科室具体负责）", ["安全科"], ["各科室"], False),
        ("开展检查。（市地铁集团负责，轨道处按季度考核）", ["市地铁集团"], [], False),
        ("开展检查。（市应急局、金融办、人民银行等部门按职责分工负责）", ["市应急局", "金融办", "人民银行"], [], True),
        ("开展检查。（2025年6月底前完成，公路科负责）", ["公路科"], [], False),
        ("开展检查。（牵头单位：安全科；责任单位：运输科；完成时限：6月底）", ["安全科"], ["运输科"], False),
        ("开展检查。【责任领导：张某；责任科室：安全科、运输科】", ["安全科", "运输科"], [], True),
        ("开展检查。[安全科（牵头）、运输科]", ["安全科"], ["运输科"], False),
        ("开展检查。责任单位：环卫中心、市容科（牵头）", ["市容科"], ["环卫中心"], False),
        ("开展检查。安全科牵头，执法大队配合。", ["安全科"], ["执法大队"], False),
        ("开展检查。此项工作由质安科牵头、建管科配合。", ["质安科"], ["建管科"], False),
        ("县财政局6月15日前拨付专项资金。", ["县财政局"], [], False),
        ("市住建局要会同市水利局，对在建工程开展检查。", ["市住建局"], ["市水利局"], False),
        ("由市水利、自然资源等部门共同负责，加强巡查。", ["市水利", "自然资源"], [], True),
        ("对整改不力的，由市政府分管领导约谈。", [], [], False),
        ("各单位要高度重视。", [], [], False),
        ("运输企业每月开展一次自查。", [], [], False),
        ("开展检查。（各市、县（市、区）交通运输局落实）", ["各市、县（市、区）交通运输局"], [], False),
        ("开展检查。（区大队、二中队配合开展）", [], ["区大队", "二中队"], False),
    ],
)  # fmt: skip
def test_who_answers(words: str, leads: list[str], coops: list[str], joint: bool) -> None:
    item = clause(words)
    assert (list(item.lead_units), list(item.coop_units), item.joint) == (leads, coops, joint)


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("3月底前完成改造。", ["2025-03-31"]),
        ("二月底前完成改造。", ["2025-02-28"]),
        ("年底前完成改造。", ["2025-12-31"]),
        ("明年6月底前完成改造。", ["2026-06-30"]),
        ("上半年组建应急队伍。", ["2025-06-30"]),
        ("第三季度组织演练。", ["2025-09-30"]),
        ("二、三季度分别完成50公里。", ["2025-06-30", "2025-09-30"]),
        ("4-6月开展专项整治。", ["2025-06-30"]),
        ("7月15日至8月31日，开展夜查。", ["2025-08-31"]),
        ("11月4日18时前完成物资储备。", ["2025-11-04"]),
        ("不迟于2026年1月31日完成。", ["2026-01-31"]),
        ("2025年、2026年6月底前各完成一批。", ["2025-06-30", "2026-06-30"]),
        ("“十四五”末实现全覆盖。", ["2025-12-31"]),
        ("时间为3月至5月。", ["2025-05-31"]),
        ("10月中旬前完成。", ["2025-10-20"]),
        ("二〇二五年八月三十一日前完成。", ["2025-08-31"]),
        ("6月、12月各开展1次评估。", ["2025-06-30", "2025-12-31"]),
        ("每年3月底前公布结果。", []),
        ("自2025年7月1日起实行备案。", []),
        ("根据2025年3月21日会议精神，加强监管。", []),
        ("对一个季度内发生2起事故的，进行约谈。", []),
        ("年终考核时加强检查。", []),
        ("通报第一季度安全形势。", []),
        ("落实《条例》（2021年9月1日起施行）。", []),
    ],
)  # fmt: skip
def test_which_days_are_deadlines(words: str, days: list[str]) -> None:
    assert sorted({one.day.isoformat() for one in clause(words).deadlines}) == days


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("自发现之日起5日内整改。", 1), ("接报后30分钟内报告，1小时内书面报告。", 2), ("提前24小时报备。", 1),
        ("汛期来临前完成检查。", 1), ("国庆节前开展检查。", 1), ("开航2小时前报告。", 1), ("进入有限空间作业前检测。", 1),
        ("举办之日20日前完成评估。", 1), ("2026年汛前完工。", 1), ("落实24小时值班。", 0), ("开展汛前检查。", 0),
        ("加强岗前培训。", 0), ("到场时间控制在30分钟以内。", 0), ("整改期限不超过3个月。", 0), ("目前已经完成。", 0),
    ],
)  # fmt: skip
def test_which_times_wait_for_an_event(words: str, count: int) -> None:
    assert len(clause(words).relative_deadlines) == count


@pytest.mark.parametrize(
    ("words", "rules"),
    [
        ("每季度至少检查2次。", [("quarter", 2, None)]),
        ("每季度至少检查1次（危货企业每月至少1次）。", [("quarter", 1, None), ("month", 1, "危货企业")]),
        ("每季度检查一次，其中甲企业每月一次，乙企业每月两次。", [("quarter", 1, None), ("month", 1, "甲企业"), ("month", 2, "乙企业")]),
        ("平时每旬巡查1次，汛期每日巡查2次。", [("ten_days", 1, None), ("day", 2, "汛期")]),
        ("夜查每周不少于3次；恶劣天气期间加密至每日1次。", [("week", 3, None), ("day", 1, "恶劣天气期间")]),
        ("实行周调度、月通报。", [("week", 1, None), ("month", 1, None)]),
        ("实行半月一调度。", [("half_month", 1, None)]),
        ("上、下半年各开展一次演练。", [("half_year", 1, None)]),
        ("每两周开展1次，每两个月通报一次。", [("two_weeks", 1, None), ("two_months", 1, None)]),
        ("每学期开展一次教育。", [("term", 1, None)]),
        ("年内至少组织2次学习。", [("year", 2, None)]),
        ("全年检查不少于4次。", [("year", 4, None)]),
        ("开展季度、年度考核。", [("quarter", 1, None), ("year", 1, None)]),
        ("原则上每年检查不超过1次。", []),
        ("对上年度发生事故的企业约谈。", []),
        ("加强每个环节管理。", []),
    ],
)  # fmt: skip
def test_how_often(words: str, rules: list[tuple[str, int, str | None]]) -> None:
    said = [(str(one.every), one.min_count, one.condition) for one in clause(words).recurrences]
    assert said == rules


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("覆盖率达到100%，合格率不低于95％。", ["100%", "95%"]),
        ("培训率百分之百，完好率达到百分之九十五。", ["100%", "95%"]),
        ("正点率≥98.5%，投诉率≤0.5%。", ["98.5%"]),
        ("分别完成改造任务的30%、70%和100%。", ["30%", "70%", "100%"]),
        ("新能源公交车占比达到80%以上。", ["80%"]),
        ("超限率控制在2%以内。", []),
        ("专职人员占从业人员的比例不低于2%。", []),
        ("45周岁以下人员占比不低于60%。", []),
        ("在园人数不超过最大承载量的90%。", []),
        ("按不少于总户数50%的标准配建。", []),
        ("纳入考核，权重不低于5%。", []),
    ],
)  # fmt: skip
def test_which_percentages_are_targets(words: str, values: list[str]) -> None:
    assert [one.value for one in clause(words).targets] == values


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("请于4月10日、6月10日前将落实情况报局安监科。", ["2025-04-10", "2025-06-10"]),
        ("请各企业3月31日、各股室5月31日前将有关情况报局安监科。", ["2025-03-31", "2025-05-31"]),
        ("请于3月10日前将实施方案报局安监科，12月10日前报送工作总结。", ["2025-12-10"]),
        ("请于每季度末月25日前将进展情况报局安监科。", ["2025-03-25", "2025-06-25", "2025-09-25", "2025-12-25"]),
        ("请自9月起，每月5日前将进展情况报局安监科。", ["2025-09-05", "2025-10-05", "2025-11-05", "2025-12-05"]),
        ("请于每月28日前（10月至12月）将进展情况报局安监科。", ["2025-10-28", "2025-11-28", "2025-12-28"]),
        ("请每半年（6月15日、12月15日前）报送一次工作小结。", ["2025-06-15", "2025-12-15"]),
        ("请于每季度首月10日前报送上季度工作情况。", ["2025-04-10", "2025-07-10", "2025-10-10", "2026-01-10"]),
        ("请于5月1日前将联络员名单报局安监科。", []),
        ("请每季度报送一次工作情况。", []),
    ],
)  # fmt: skip
def test_when_progress_is_reported(words: str, days: list[str]) -> None:
    text = (
        f"江北区交通运输局关于印发《2025年安全生产工作要点》的通知\n各单位：\n现印发给你们。{words}\n"
        "2025年安全生产工作要点\n一、加强检查。开展检查。（安全科）\n二、加强宣传。开展宣传。（办公室）\n"
    )
    assert [day.isoformat() for day in read(text).report_dates] == days


def paths(text: str) -> list[str]:
    return ["/".join(item.path) for item in read(text).items]


HEAD = "江北区交通运输局2025年安全生产工作要点\n"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("一、甲项\n（一）子项。开展检查。\n1.细项。每月检查。\n2.细项。每周检查。\n二、乙项。开展检查。", ["一/一/1", "一/一/2", "二"]),
        ("一、甲项\n①细项。每月检查。\n②细项。每周检查。", ["一/①", "一/②"]),
        ("⒈细项。每月检查。\n⒉细项。每周检查。", ["1", "2"]),
        ("第一部分 总要求\n每月检查。\n第二部分 任务\n一、细项。每周检查。", ["第一部分", "第二部分/一"]),
        ("1.1 细项。每月检查。\n1.2 细项。每周检查。", ["1.1", "1.2"]),
        ("一、甲项\n3．7月31日前完成细项。\n4.8月31日前完成细项。", ["一/3", "一/4"]),
        ("一、甲项。1.每月检查。（安全科）2.每周检查。（运输科）3.每日检查。（办公室）", ["一/1", "一/2", "一/3"]),
        ("一、建立下列制度：\n（一）甲制度；\n（二）乙制度；\n（三）丙制度。\n二、每月检查。", ["一", "二"]),
        ("一、任务\n1、修订办法（6月底前完成，安全科负责）；\n2、制定规范（年底前完成，运输科负责）。", ["一/1", "一/2"]),
        ("一、每月检查。（安全科）\n附件：1.任务表\n2.联系表", ["一"]),
        ("一、每月检查。（安全科）\n附件2\n一、每周检查。（运输科）", ["一", "附件2/一"]),
        ("|序号|任务|单位|时限|\n|一、客运|\n|1|检查|甲科|6月底|\n|1|复查|甲科|9月底|\n|2|整改|乙科|同上|", ["一/1", "一/2"]),
        ("序号\n任务\n责任单位\n完成时限\n一、客运\n1\n每月检查，\n发现问题整改\n甲科、\n乙科\n6月底\n2\n每周检查\n丙科\n长期", ["一/1", "一/2"]),
    ],
)  # fmt: skip
def test_how_the_items_are_numbered(body: str, wanted: list[str]) -> None:
    assert paths(HEAD + body + "\n") == wanted


def test_a_heading_that_is_a_body_answers_for_its_clause() -> None:
    text = (
        HEAD
        + "一、职责分工\n（一）县公安局：负责路面管控，每日巡逻2次。\n（二）县气象局。发布预警。\n"
    )
    assert [list(item.lead_units) for item in read(text).items] == [["县公安局"], ["县气象局"]]


def test_the_first_of_a_list_leads_where_the_paper_says_so() -> None:
    text = (
        HEAD + "1.每月检查。（甲科、乙科，列首位的为牵头单位，下同）\n2.每周检查。（乙科、丙科）\n"
    )
    said = [(list(item.lead_units), list(item.coop_units)) for item in read(text).items]
    assert said == [(["甲科"], ["乙科"]), (["乙科"], ["丙科"])]


def test_a_label_below_the_last_item_of_every_section_is_for_all() -> None:
    section = "{}、方面\n1.每月检查。\n2.每周检查。\n责任单位：{}\n"
    items = read(HEAD + section.format("一", "甲科") + section.format("二", "乙科")).items
    assert [list(item.lead_units) for item in items] == [["甲科"], ["甲科"], ["乙科"], ["乙科"]]


def test_a_notice_without_numbers_is_one_item() -> None:
    text = (
        "关于防范寒潮的紧急通知\n各单位：\n据预报将有寒潮。11月4日18时前完成物资储备，每日巡查不少于2次。\n"
        "江北区交通运输局\n2025年11月3日\n"
    )
    item = read(text).items[0]
    assert item.path == ("正文",)
    assert [one.day.isoformat() for one in item.deadlines] == ["2025-11-04"]


def test_it_names_systems_programmes_and_papers() -> None:
    item = clause(
        "深化“强执法防事故”行动，建成危货车辆“电子围栏”系统，对照《打非治违专项行动方案》落实。"
    )
    assert [(str(one.kind), one.name) for one in item.named] == [
        ("paper", "打非治违专项行动方案"),
        ("system", "危货车辆“电子围栏”系统"),
        ("programme", "“强执法防事故”行动"),
    ]


def test_it_tells_work_without_an_end() -> None:
    assert clause("开展检查。（责任单位：安全科；完成时限：持续推进）").ongoing
    assert clause("常态化开展检查。").ongoing
    assert not clause("6月底前完成检查。").ongoing
