"""The table of ``docs/standards``: no message, no tolerance and no fault of a body is left out."""

from __future__ import annotations

import re
from pathlib import Path

from jiaoan.wire.jt808 import MessageId, Tolerance

TABLE = Path(__file__).parents[3] / "docs" / "standards" / "jt808.md"


def clauses() -> list[str]:
    lines = TABLE.read_text("utf-8").splitlines()
    return [line.split("|")[1] for line in lines if line.startswith("| ")]


def test_every_message_has_a_row() -> None:
    told = [int(one, 16) for one in re.findall(r"0x([0-9A-F]{4})\b", " ".join(clauses()))]
    assert {int(one) for one in MessageId} - set(told) == set()
    assert len([one for one in told if one != MessageId.LOCATION]) == len(MessageId) - 1


def test_every_tolerance_has_a_row() -> None:
    told = re.findall(r"tolerance `(\w+)`", " ".join(clauses()))
    assert sorted(told) == sorted(Tolerance)
