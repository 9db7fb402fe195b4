"""Automatic checks of a filing 备案自动核对, shown to the officer who decides.

Each check is a :class:`FilingCheck`: what was looked at, what was found, whether it is met; its
words are those of the page that shows it. None of them refuses anything by itself: a filing is a
registration (domain 5.5), and a refusal needs a legal ground that a person names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Checked(StrEnum):
    """What a check looks at, in the order in which an officer reads them.

    The first six are papers whose last day must not lie before that of the filing.
    """

    LICENCE = "licence"
    INSPECTION = "inspection"
    INSURANCE = "insurance"
    TANK_INSPECTION = "tank_inspection"
    DRIVER = "driver"
    ESCORT = "escort"
    TANK = "tank"
    VEHICLE = "vehicle"
    HISTORY = "history"


@dataclass(frozen=True)
class FilingCheck:
    """``value``: the last day of a paper, the filing's tank number (``None`` = not filled in),
    whether the vehicle is known, how many filings were refused before.
    """

    code: Checked
    value: date | str | bool | int | None
    ok: bool


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


def check_filing(facts: FilingFacts) -> Sequence[FilingCheck]:
    """All checks in the order in which an officer reads them."""
    dated: tuple[tuple[Checked, date | None], ...] = (
        (Checked.LICENCE, facts.licence_valid_to),
        (Checked.INSPECTION, facts.inspection_valid_to),
        (Checked.INSURANCE, facts.insurance_valid_to),
        (Checked.TANK_INSPECTION, facts.tank_inspection_valid_to),
        (Checked.DRIVER, facts.driver_valid_to),
        (Checked.ESCORT, facts.escort_valid_to),
    )
    checks = [
        FilingCheck(code, until, until is not None and until >= facts.valid_to)
        for code, until in dated
    ]
    if facts.known_tank:
        same = facts.tank_number == facts.known_tank
        checks.append(FilingCheck(Checked.TANK, facts.tank_number or None, same))
    checks.append(FilingCheck(Checked.VEHICLE, facts.known_vehicle, True))
    refused = facts.earlier_refused
    checks.append(FilingCheck(Checked.HISTORY, refused, refused == 0))
    return checks
