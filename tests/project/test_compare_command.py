"""``jiaoan notice compare OLD NEW``: text for people, JSON for programs, one sentence refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jiaoan.project import cli

_DROPPED = "（三）开展宣传。办公室持续开展安全宣传。（办公室负责）\n"
OLD = (
    "临江区交通运输局2023年安全生产工作要点\n\n一、落实责任\n"
    "（一）召开会议。主要负责人每季度至少召开1次专题会议。（安全监督股负责）\n"
    "（二）组织演练。执法大队于6月30日前组织1次应急演练。（执法大队负责）\n"
) + _DROPPED
NEW = (
    OLD.replace("2023", "2024").replace("每季度", "每月").replace(_DROPPED, "")
    + "（三）清查停车场。运输管理股于9月30日前完成危货停车场清查。（运输管理股牵头）\n"
)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "2023.txt").write_text(OLD, encoding="utf-8")
    (tmp_path / "2024.txt").write_text(NEW, encoding="gb18030")
    return str(tmp_path / "2023.txt"), str(tmp_path / "2024.txt")


def test_it_tells_people_what_changed(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["notice", "compare", *files]) == 0
    said = capsys.readouterr().out
    assert "新增: 1" in said
    assert "取消: 1" in said
    assert "有修改: 1" in said
    assert "清查停车场" in said
    line = next(line for line in said.splitlines() if "频次" in line)
    assert line.index("每季度") < line.index("→") < line.index("每月")


def test_it_tells_programs_the_same(
    files: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["notice", "compare", *files, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    kinds = sorted(change["kind"] for change in found["changes"])
    assert kinds == ["changed", "dropped", "new", "same"]
    changed = next(change for change in found["changes"] if change["kind"] == "changed")
    assert changed["old"]["path"] == changed["new"]["path"]
    assert "recurrences" in {field["field"] for field in changed["fields"]}
    assert found["report_dates"]["changed"] is False


def test_it_refuses_in_one_sentence_that_names_the_file(
    files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "菜单.txt").write_text("今天中午吃面。", encoding="utf-8")
    for missing in (str(tmp_path / "none.txt"), str(tmp_path / "菜单.txt")):
        assert cli.main(["notice", "compare", files[0], missing]) == 1
        captured = capsys.readouterr()
        assert captured.err.count("\n") == 1
        assert Path(missing).name in captured.err
