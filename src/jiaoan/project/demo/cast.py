"""Who appears in the demonstration: sections, units, people and firms. All invented."""

from __future__ import annotations

from dataclasses import dataclass

BUREAU = "临江区交通运输局"
SECTIONS = (
    "安全监督股",
    "运输管理股",
    "基本建设股",
    "行政审批股",
    "法制股",
    "办公室",
    "政工人事股",
)
UNITS = (
    "交通运输综合行政执法大队",
    "道路运输服务中心",
    "汽运公司",
    "交通工程质量监督站",
)


@dataclass(frozen=True)
class Account:
    """One demonstration log-in: ``place`` names the organisation it belongs to."""

    username: str
    role: str
    name: str
    title: str
    place: str


OUTSIDE_CARRIER = "楚江危险品物流有限公司"
FIRMS = (
    "临江云帆危险货物运输有限公司",
    "临江顺泽化工物流有限公司",
    "临江恒通罐车运输有限公司",
    "临江松湖石化储运有限公司",
    "临江白泥湖运输有限公司",
    "临江宏远危化品运输有限公司",
    "临江长岭油品配送有限公司",
    "临江鑫港新材料物流有限公司",
    "临江安途危货运输有限公司",
    "临江江北气体运输有限公司",
    "临江众和罐箱物流有限公司",
    "临江锦程化工运输有限公司",
    "临江瑞丰危险品储运有限公司",
    "临江陆城长运有限公司",
)
PASSENGER_FIRMS = ("临江平安客运有限公司", "临江旅游客运有限公司")

ACCOUNTS = (
    Account("clerk", "safety_clerk", "李国梁", "安监股科员", "安全监督股"),
    Account("head", "section_head", "王启明", "运管股股长", "运输管理股"),
    Account("leader", "leader", "陈志行", "分管副局长", BUREAU),
    Account("firm", "enterprise", "周海川", "安全经理", FIRMS[0]),
    Account("carrier", "outside_carrier", "孙立平", "调度员", OUTSIDE_CARRIER),
    Account("admin", "administrator", "系统管理员", "系统管理员", BUREAU),
)
# Everybody else who signs for duties; they have no printed password of their own.
OFFICERS = tuple(
    Account(f"officer{number}", "section_head", name, "负责人", place)
    for number, (name, place) in enumerate(
        (
            ("彭建业", "安全监督股"),
            ("方国安", "基本建设股"),
            ("邓晓岚", "行政审批股"),
            ("刘建章", "法制股"),
            ("胡新一", "办公室"),
            ("许文静", "政工人事股"),
            ("罗大勇", "交通运输综合行政执法大队"),
            ("曹卫东", "道路运输服务中心"),
            ("易长顺", "汽运公司"),
            ("钟振华", "交通工程质量监督站"),
        ),
        start=1,
    )
)
FAMILY_NAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜"
GIVEN_NAMES = (
    "建平",
    "志强",
    "海波",
    "立军",
    "文斌",
    "国华",
    "晓东",
    "永红",
    "大鹏",
    "新民",
    "长青",
)
