"""A bureau for the journeys: sections, units, firms, and one person for each role.

Run inside a system's environment: ``python tests/journeys/people.py PASSWORD``.
"""

from __future__ import annotations

import sys


def make(password: str) -> None:
    from jiaoan.kernel.clock import clock_from_environment
    from jiaoan.org.actions import add_organisation, add_person
    from jiaoan.org.models import OrganisationKind as K
    from jiaoan.registry.actions import add_enterprise
    from jiaoan.scope import SystemActor

    clock = clock_from_environment()
    setter = SystemActor("journey", frozenset({"org.manage", "registry.manage"}))
    root = add_organisation(
        setter, clock, name="云溪区交通运输局", kind=K.BUREAU, parent=None, short_name="交通局"
    )
    names = [
        "安全监督股",
        "运输管理股",
        "基本建设股",
        "行政审批股",
        "法制股",
        "办公室",
        "政工人事股",
    ]
    shorts = {"安全监督股": "安监股", "运输管理股": "运管股", "基本建设股": "基建股"}
    units = [
        "区交通运输综合行政执法大队",
        "区道路运输服务中心",
        "区汽运公司",
        "区交通工程质量监督站",
    ]
    at = {}
    for place, name in enumerate([*names, *units]):
        kind = K.SECTION if name in names else K.UNIT
        at[name] = add_organisation(
            setter, clock, name=name, kind=kind, parent=root,
            short_name=shorts.get(name, ""), sort=place,
        )  # fmt: skip
    for place in range(1, 4):
        firm = add_organisation(
            setter, clock, name=f"示范{place}号危货运输有限公司", kind=K.ENTERPRISE, parent=root
        )
        add_enterprise(
            setter, clock, organisation=firm, credit_code=f"91430600MA4LAB{place:04d}", hazmat=True
        )
    for user, shown, where, role, leads in (
        ("clerk", "周敏", at["安全监督股"], "safety_clerk", False),
        ("head", "李国栋", at["运输管理股"], "section_head", False),
        ("leader", "陈志远", root, "leader", True),
        ("manager", "周海涛", firm, "enterprise", False),
    ):
        add_person(
            setter, clock, username=user, password=password, display_name=shown,
            organisation=where, role=role, leads=leads,
        )  # fmt: skip


if __name__ == "__main__":
    import django

    django.setup()
    make(sys.argv[1])
