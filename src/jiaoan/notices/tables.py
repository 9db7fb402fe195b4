"""Tables of tasks 任务分解表: which column says what.

A column is known by its heading. A table without a column for the task is no table of tasks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from jiaoan.notices.text import Text

_COLUMNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("number", re.compile(r"^(?:序号|编号|项次|号)$")),
    ("other", re.compile(r"责任人|领导|联系|备注|电话|类别|分类|领域|来源|依据")),
    ("coop", re.compile(r"配合|协办|协同|参加|参与|督导|支持")),
    ("lead", re.compile(r"牵头|主办|主责")),
    (
        "unit",
        re.compile(
            r"责任|承办|实施单位|落实单位|^(?:主管|完成|办理|具体|监管)?(?:单位|部门|科室|股室)$"
        ),
    ),
    ("deadline", re.compile(r"时限|时间|期限|进度|节点|完成日期")),
    ("task", re.compile(r"任务|内容|措施|举措|事项|要点|工作|项目|目标|要求|指标|行动|问题|隐患")),
)


#: What is never a heading: a figure or a date (8, 整改率100%, 2025/12/31), everybody (各成员单位).
_DATUM = re.compile(r"^\d[\d./年月日—-]*$|%|^各")


@dataclass(frozen=True)
class Table:
    """The names of a table's columns: number, task, lead, unit, coop, deadline or other."""

    names: tuple[str, ...]

    @property
    def numbered(self) -> bool:
        """True where its rows have a number or somebody who answers: they are items."""
        return bool({"number", "lead", "unit"} & set(self.names))

    def name_cells(self, cells: tuple[Text, ...]) -> list[tuple[str, Text]]:
        """Each filled cell of a row with the name of its column."""
        names = self.names
        if len(cells) < len(names):
            # A merged first column stands only in the first of its rows.
            names = names[len(names) - len(cells) :]
        return [(name, cell) for name, cell in zip(names, cells, strict=False) if cell]


def read_header(cells: tuple[Text, ...]) -> Table | None:
    """The table whose heading row this is, or None for a row of data."""
    if len(cells) < 2 or any(len(cell) > 14 or _DATUM.search(cell.chars) for cell in cells):
        return None
    names = tuple(
        next((name for name, style in _COLUMNS if style.search(cell.chars)), "other")
        for cell in cells
    )
    known = [name for name in names if name != "other"]
    if "task" not in known or not {"lead", "unit", "deadline", "coop"} & set(known):
        return None
    return Table(names) if len(known) * 2 >= len(names) else None
