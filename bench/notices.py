# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""How long a notice takes to be read, and whether the time grows with its length only.

The notice is made here: sections of ten clauses, each with work, times, counts, percentages and
units in another form, the numbers and names changing from clause to clause. Its reading is held
against ten times the reading of a notice of a tenth of the clauses, taken in the same run in turn:
1.0 is linear growth. The aim of the product (two seconds for 500 clauses) stands in the notes.
"""

from __future__ import annotations

import time

from bench.result import Impossible, Result, machine
from jiaoan.notices import Reading, read

CLAUSES, SHARE, AIM_SECONDS = 500, 10, 2.0
_UNITS = (
    "安全监督科", "运输管理科", "工程建设科", "法规科", "市道路运输服务中心", "市交通运输综合行政执法支队",
    "市公路事业发展中心", "各县（市、区）交通运输局", "市港航事业发展中心", "市交通工程质量监督站",
)  # fmt: skip
_WORK = (
    "督促危货运输企业主要负责人每季度至少带队开展{n}次隐患排查（事故多发企业每月至少1次），{m}月底前建立“一企一档”，建档率达到{p}%。健全完善自查自改机制，对查出的问题自发现之日起{n}个工作日内整改，整改情况在企业显著位置公示。",
    "加强“两客一危”车辆动态监控，车辆上线率不低于{p}%，每周抽查不少于{n}次，违规信息处置率100%。年底前完成{n}处重点路段视频监控接入，依法查处超速、疲劳驾驶等违法违规行为。",
    "组织开展在建公路水运工程安全检查，每半年组织一次综合督查，专职安全员占管理人员比例不低于2%。上半年完成高边坡、深基坑排查，第三季度组织{n}次应急演练，演练结束后{n}日内形成评估报告。",
    "持续推进农村公路安全生命防护工程，{m}月{t}日前完成{n}公里隐患路段处置，2026年6月底前全部完成。常态化开展路域环境整治，配合做好铁路沿线安全治理。",
    "汛期来临前完成渡口渡船检查，平时每旬巡查1次，汛期每日巡查不少于{n}次。完善水上搜救预案，落实领导带班和24小时值班制度，突发情况30分钟内报告。",
)
_WHO = (
    "（{a}牵头，{b}、{c}按职责分工负责）",
    "（{a}、{b}、{c}按职责分工负责，{d}落实）",
    "（牵头单位：{a}；配合单位：{b}、{c}；完成时限：{m}月底前）",
    "【责任单位：{a}、{b}】",
    "\n牵头单位：{a}\n配合单位：{b}、{c}",
)


def notice(clauses: int) -> str:
    """A notice of ``clauses`` clauses; the same number always gives the same text."""
    lines = [
        "临江市交通运输局关于印发《2025年全市交通运输安全生产工作要点》的通知",
        "临交安〔2025〕8号",
        "各县（市、区）交通运输局，局属各单位：",
        "现将《2025年全市交通运输安全生产工作要点》印发给你们，请于6月20日、12月20日前将落实情况报局安全监督科。",
        "2025年全市交通运输安全生产工作要点",
    ]
    for number in range(clauses):
        if number % 10 == 0:
            lines.append(f"{_han(number // 10 + 1)}、抓好第{number // 10 + 1}方面重点任务")
        names = [_UNITS[(number * step + step) % len(_UNITS)] for step in (1, 3, 7, 9)]
        values = {
            "n": number % 7 + 2, "m": number % 9 + 3, "t": number % 27 + 1, "p": 80 + number % 20,
            **dict(zip("abcd", names, strict=True)),
        }  # fmt: skip
        work = "".join(_WORK[(number + more) % len(_WORK)].format_map(values) for more in (0, 2))
        who = _WHO[(number // 5) % len(_WHO)].format_map(values)
        lines.append(f"{number + 1}. 落实第{number + 1}项工作。{work}{who}")
    return "\n".join(lines) + "\n"


def _han(number: int) -> str:
    digits = "〇一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return (
        ("" if tens < 2 else digits[tens]) + ("十" if tens else "") + (digits[ones] if ones else "")
    )


def measure(runs: int) -> Result:
    """Seconds of CPU for 500 clauses beside ten times those for 50, in turn."""
    return _measure(runs, CLAUSES)


def _measure(runs: int, clauses: int) -> Result:
    whole, part = notice(clauses), notice(clauses // SHARE)
    items = len(read(part).items), len(read(whole).items)
    if items != (clauses // SHARE, clauses):
        raise Impossible(f"the notice of {clauses} clauses was read as {items[1]} items")
    long, short = [], []
    for _ in range(runs):
        long.append(_seconds(whole)[0])
        short.append(sum(_seconds(part)[0] for _ in range(SHARE)))
    reading = read(whole)
    return Result(
        "notices",
        "s",
        long,
        sorted(short)[len(short) // 2],
        f"ten readings of a notice of {clauses // SHARE} clauses of the same kind",
        {
            "clauses": clauses, "characters": len(whole), "drafts": len(reading.drafts),
            "aim_s": AIM_SECONDS, **machine(),
        },
    )  # fmt: skip


def _seconds(text: str) -> tuple[float, Reading]:
    begun = time.process_time()
    reading = read(text)
    return time.process_time() - begun, reading
