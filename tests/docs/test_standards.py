"""The table of demands: every row points to something that is there, every clause has a row."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLES = ("notice-2024-yunxi.md", "jt808.md", "jt809.md")
# 18 items of the notice (a section with numbered items is none itself) and the covering letter.
CLAUSES = {"通知正文", *["四", "五", "六", "七", "八", "九", "十", "十一", "十二"]} | {
    f"{section}·{item}"
    for section, items in {"一": (1, 2, 3, 4), "二": (5, 6, 7), "三": (8, 9)}.items()
    for item in items
}


def rows(table: str) -> list[list[str]]:
    lines = (ROOT / "docs/standards" / table).read_text(encoding="utf-8").splitlines()
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    ]
    return cells[2:]


@pytest.mark.parametrize(
    "row",
    [row for table in TABLES for row in rows(table)],
    ids=lambda row: f"{row[0]} {row[1]}"[:60],
)
def test_it_points_to_modules_and_tests_that_exist(row: list[str]) -> None:
    assert len(row) == 5
    _, demand, runs_as, modules, test = row
    assert demand
    assert runs_as.split(":")[0].split()[0] in {"duty", "mechanism", "reason"}
    for module in modules.split(","):
        assert (ROOT / "src/jiaoan" / module.strip()).exists(), module
    assert (ROOT / test).is_file(), test


def test_it_has_a_row_for_every_clause_of_the_notice() -> None:
    assert {row[0] for row in rows("notice-2024-yunxi.md")} == CLAUSES
