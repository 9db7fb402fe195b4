"""Automatic checks of a filing 备案自动核对, shown to the officer who decides.

Each check is a :class:`~jiaoan.rules.hazmat.Reason`: the text, the value, whether it is met. None
of them refuses anything by itself: a filing is a registration (domain 5.5), and a refusal needs a
legal ground that a person names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jiaoan.rules.hazmat import Reason


@dataclass(frozen=True)
class FilingFacts:
    """What is checked. ``known_tank`` is the registry's tank number, empty where unknown."""

    valid_to: date
    licence_valid_to: date
    inspection_valid_to: date
    insurance_valid_to: date | None
    tank_inspection_valid_to: date | None
    driver_valid_to: date
    escort_valid_to: date
    tank_number: str
    known_tank: str
    known_vehicle: bool
    earlier_refused: int


def check_filing(facts: FilingFacts) -> Sequence[Reason]:
    """All checks in the order in which an officer reads them."""
    dated: tuple[tuple[str, str, date | None], ...] = (
        ("licence", "经营许可证有效期覆盖备案期", facts.licence_valid_to),
        ("inspection", "车辆检验有效期覆盖备案期", facts.inspection_valid_to),
        ("insurance", "承运人责任险有效期覆盖备案期", facts.insurance_valid_to),
        ("tank_inspection", "罐体检验有效期覆盖备案期", facts.tank_inspection_valid_to),
        ("driver", "驾驶员从业资格有效期覆盖备案期", facts.driver_valid_to),
        ("escort", "押运员从业资格有效期覆盖备案期", facts.escort_valid_to),
    )
    checks = [_covers(code, text, until, facts.valid_to) for code, text, until in dated]
    if facts.known_tank:
        same = facts.tank_number == facts.known_tank
        checks.append(Reason("tank", "罐体号与车辆档案一致", facts.tank_number or "未填", same))
    checks.append(
        Reason("vehicle", "车辆已有定位档案", "有" if facts.known_vehicle else "无", True)
    )
    refused = facts.earlier_refused
    checks.append(Reason("history", "该车以往未予备案", f"{refused} 次", refused == 0))
    return checks


def _covers(code: str, text: str, until: date | None, needed: date) -> Reason:
    if until is None:
        return Reason(code, text, "未填", False)
    return Reason(code, text, f"至 {until.isoformat()}", until >= needed)
