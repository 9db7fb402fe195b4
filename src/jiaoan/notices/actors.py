# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Who does what a clause demands, for which firms, and what proves it.

The answers are read from the clause itself; only the evidence is custom of the trade (the notice
rarely says it), which is why a person confirms it.
"""

from __future__ import annotations

import re

from jiaoan.notices.lexicon import VERB_START
from jiaoan.notices.model import Subject

#: What a supervised business is called.
FIRM = r"(?:企业|公司|经营者|经营单位|运营单位|施工单位|参建单位|运输单位|从业单位|生产经营单位|业户|项目部)"
_LEADER = re.compile(
    r"(?:(?:负有|分管|联系|负责)[^，。；]{0,14}?的?)?(?<!企业)(?<!公司)"
    r"(?:主要负责同志|党政主要负责人|主要领导|班子成员|分管领导|分管负责同志|局领导|委领导|领导班子成员|分管负责人)"
)
_HEAD = re.compile(
    rf"[^，。；（）]{{0,14}}?{FIRM}(?:的)?(?:法定代表人|主要负责人|实际控制人|负责人)(?=每|要|应(?!急)|须|带队|组织|至少|亲自|定期|必须|履行)"
)
_STAFF = re.compile(
    r"(?:[^，。；（）]{0,6}?)(?:从业人员|驾驶员|驾驶人|押运员|装卸管理人员|船员|特种作业人员|作业人员|驾押人员)(?=未经|要|应(?!急)|须|必须|不得|每|上岗)"
)
_URGED = re.compile(
    rf"(?:督促|指导|引导|要求|督导)(?:指导|督促)?(?P<who>[^，。；（）]{{0,12}}?{FIRM})"
)
_FIRM_ACTS = re.compile(
    rf"^(?:[^，]{{0,6}}?(?:底前|月前|日前|前|底|内))?(?P<who>[^，。；（）]{{0,16}}?{FIRM})(?:要|应(?!急)|须|必须|每|至少|按|全面|均|\d|严格|落实|建立|开展|组织|定期)"
)
_UNIT_ACTS = re.compile(
    r"^(?P<who>(?:局属|委属|局机关|委机关|机关)?(?:各|有关|相关)[^，。；]{0,12}?(?:单位|部门|股室|科室|处室|支部|镇|街道|站|所|段|队))(?:要|应|须|必须|负责|每|于|分别)"
)
_LED_BY = re.compile(rf"(?:督促|指导|要求)[^，。；]{{0,6}}?{FIRM}")

_ACCIDENT, _HAZMAT = "事故多发", r"危货|危险货物|危险化学品|危化|危险品|危运"
_CLASSES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("accident_prone_or_hazmat", re.compile(rf"{_ACCIDENT}.*(?:{_HAZMAT})|(?:{_HAZMAT}).*{_ACCIDENT}")),
    ("passenger_or_hazmat", re.compile("两客一危")),
    ("accident_prone", re.compile(_ACCIDENT)),
    ("hazmat", re.compile(_HAZMAT)),
    ("passenger", re.compile(rf"客运[^，。；]{{0,6}}{FIRM}|(?:公交|出租|网约车|巡游车)[^，。；]{{0,8}}{FIRM}|客运场?站|客渡船|客船")),
    ("port", re.compile(rf"(?:港口|码头)[^，。；]{{0,8}}{FIRM}")),
    ("waterway", re.compile(rf"(?:水路|航运|船舶|水运)[^，。；]{{0,8}}{FIRM}")),
    ("freight", re.compile(rf"(?:货运|货物运输|货源|源头)[^，。；]{{0,8}}{FIRM}")),
    ("construction", re.compile("施工单位|参建单位|项目部|(?:工程|建设)[^，。；]{0,6}(?:企业|单位)")),
    ("all", re.compile(FIRM)),
)  # fmt: skip

_EVIDENCE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("抽考|考试|测试", ("试卷", "成绩单", "签到表")),
    ("演练", ("演练方案", "演练记录", "评估总结", "现场照片")),
    ("学习|研讨", ("学习记录", "签到表", "现场照片")),
    ("会议|例会|会商|研判|调度会", ("会议纪要", "签到表")),
    ("电子运单|运单", ("电子运单统计表",)),
    ("备案", ("备案台账",)),
    ("系统|平台|电子围栏|监控设备|视频监控", ("验收材料", "系统运行记录")),
    ("案例", ("案例材料", "公布链接")),
    ("报送|上报|总结|汇总", ("报送材料",)),
    ("方案|计划|专班", ("印发文件",)),
    ("年度核查|核查|审验", ("核查表",)),
    ("考核|考评|评估|评价|评定", ("评分表", "考核通报")),
    ("双随机|抽查", ("抽查记录", "结果公示")),
    ("检查|督导|排查|巡查|督查|暗访", ("检查记录", "问题隐患清单", "现场照片")),
    ("培训|上岗|教育", ("培训档案", "签到表", "考核结果")),
    ("约谈|通报|曝光|挂牌|警示", ("通报文件", "约谈记录")),
    ("值班|值守|带班", ("值班表", "值班记录")),
    ("执法|查处|打击|整治|治超|打非", ("执法案卷", "整治台账")),
    ("宣传|普法|活动|咨询", ("活动记录", "现场照片")),
    ("清单|制度|机制|体系|责任制", ("制度文件", "责任清单")),
    ("改造|建设|工程|设施|维护|养护", ("工程进度表", "验收材料")),
    ("监管|监控|监测", ("监控记录",)),
)


def subject_of(clause: str, sentence: str, leads: tuple[str, ...]) -> tuple[Subject, str]:
    """Who does it, with the words for him. Where the clause is silent the bureau's units act."""
    plain = _without_brackets(clause)
    for subject, style in ((Subject.ENTERPRISE_HEAD, _HEAD), (Subject.STAFF, _STAFF)):
        found = style.search(plain)
        if found and not re.search("对|组织|开展|为|向", found.group()):
            return subject, re.sub(r"^(?:督促|指导|要求|引导|督导)+", "", found.group())
    if found := _LEADER.search(plain):
        return Subject.LEADER, found.group()
    for style in (_URGED, _FIRM_ACTS):
        if (found := style.search(plain)) and not _verb_first(found["who"]):
            return Subject.ENTERPRISE, found["who"]
    if found := _UNIT_ACTS.search(plain):
        return Subject.UNIT, found["who"]
    before = _without_brackets(sentence)
    if found := _LEADER.match(before):
        return Subject.LEADER, found.group()
    if _led(before, plain):
        return Subject.ENTERPRISE, "企业"
    return Subject.BUREAU, "、".join(leads)


def _led(sentence: str, clause: str) -> bool:
    """A later clause of 督促企业…，按要求组织…演练 still speaks of the enterprise."""
    found = _LED_BY.match(sentence)
    if found is None or clause in sentence[: found.end()]:
        return False
    return (
        re.match(r"按要求|组织|开展|健全|完善|建立|落实|定期|配备|严格|加强|制定", clause)
        is not None
    )


def _verb_first(who: str) -> bool:
    return VERB_START.match(who) is not None and not who.startswith(("重点", "运输", "通过"))


def class_of(words: str) -> str | None:
    """The class of enterprise that the words name, "all" for any, None where there is no firm."""
    return next((name for name, style in _CLASSES if style.search(words)), None)


def evidence_of(words: str) -> tuple[str, ...]:
    """What usually proves such work, in the words of the trade."""
    return next((kinds for style, kinds in _EVIDENCE if re.search(style, words)), ("工作记录",))


def _without_brackets(chars: str) -> str:
    return re.sub(r"（[^（）]*）", "", chars)
