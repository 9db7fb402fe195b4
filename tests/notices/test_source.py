# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Files become text, or are sent back with a sentence that says what to do."""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from jiaoan.notices import UnreadableSource, extract
from jiaoan.notices.cli import read_file
from notice_support import word_table
from notices.papers import LISTS, grid, paragraph, pdf, word

TEXT = "一、加强监管。每月检查一次。\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_it_reads_text_in_the_encodings_of_offices(encoding: str) -> None:
    read = extract(TEXT.replace("\n", "\r\n").encode(encoding), "a.TXT")
    assert read.text == TEXT
    assert read.encoding == encoding


def test_it_reads_word_paragraphs_and_tables_in_order() -> None:
    lines = extract(word_table(), "t.docx").text.split("\n")
    assert lines[0] == "南屏区交通运输局2025年安全生产任务分解表"
    assert lines[1] == "| 序号 | 工作任务 | 牵头单位 | 配合单位 | 完成时限 |"
    assert lines[2] == "| 一、企业主体责任 |"
    assert lines[-1].startswith("请各单位")


def lines_of(body: str) -> list[str]:
    return extract(word(body, LISTS), "a.docx").text.split("\n")


def test_it_writes_the_numbers_that_word_makes() -> None:
    body = "".join(
        paragraph(text, level, numbers)
        for text, level, numbers in [
            ("工作要点", None, ""), ("压实责任", 0, "1"), ("领导责任", 1, "1"), ("开会", 2, "1"),
            ("检查", 2, "1"), ("企业责任", 1, "1"), ("演练", 2, "1"), ("强化整治", 0, "1"),
            ("客运", 1, "1"), ("另起", 0, "2"),
        ]
    )  # fmt: skip
    assert lines_of(body) == [
        "工作要点", "一、压实责任", "（一）领导责任", "1.开会", "2.检查", "（二）企业责任", "1.演练",
        "二、强化整治", "（一）客运", "五、另起",
    ]  # fmt: skip


def test_it_takes_a_number_from_the_style_too() -> None:
    style = (
        '<w:style w:type="paragraph" w:styleId="H1"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr>'
        '</w:pPr></w:style><w:style w:type="paragraph" w:styleId="H1b"><w:basedOn w:val="H1"/></w:style>'
    )
    body = '<w:p><w:pPr><w:pStyle w:val="H1b"/></w:pPr><w:r><w:t>加强监管</w:t></w:r></w:p>'
    assert extract(word(body, LISTS, style), "a.docx").text == "一、加强监管"


def test_it_accepts_tracked_changes() -> None:
    body = (
        "<w:p><w:r><w:t>每</w:t></w:r><w:del><w:r><w:delText>季度</w:delText><w:t>旧</w:t></w:r></w:del>"
        "<w:ins><w:r><w:t>月</w:t></w:r></w:ins><w:r><w:t>检查</w:t></w:r></w:p>"
        "<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr><w:r><w:t>前半</w:t></w:r></w:p>"
        "<w:p><w:r><w:t>后半</w:t></w:r></w:p>"
    )
    assert lines_of(body) == ["每月检查", "前半后半"]


def test_it_reads_text_boxes_once_and_content_controls() -> None:
    box = "<w:txbxContent><w:p><w:r><w:t>框内</w:t></w:r></w:p></w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>框外</w:t></w:r><w:r><mc:AlternateContent><mc:Choice>"
        f"{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>控件</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    assert lines_of(body) == ["框外", "框内", "控件"]


def test_it_repeats_a_cell_that_is_merged_over_rows() -> None:
    def cell(text: str, merged: str = "", wide: int = 1) -> str:
        return (
            f'<w:tc><w:tcPr><w:gridSpan w:val="{wide}"/>{merged}</w:tcPr>'
            f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"
        )

    first, more = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    body = (
        f"<w:tbl><w:tr>{cell('类别', first)}{cell('任务')}{cell('单位', '', 2)}</w:tr>"
        f"<w:tr>{cell('', more)}{cell('检查')}{cell('甲')}{cell('乙')}</w:tr>"
        f"<w:tr>{cell('一、客运', '', 4)}</w:tr></w:tbl>"
    )
    assert lines_of(body) == [
        "| 类别 | 任务 | 单位 |  |",
        "| 类别 | 检查 | 甲 | 乙 |",
        "| 一、客运 |",
    ]


def test_it_joins_the_lines_of_a_pdf_and_leaves_out_what_runs_along() -> None:
    full = "安" * 26
    pages = [
        [
            (200, 800, "江北区安全文件"),
            (100, 700, "一、加强监管"),
            (90, 660, full),
            (90, 630, "全检查。"),
        ],
        [(200, 800, "江北区安全文件"), (90, 700, "二、加强宣传"), (280, 40, "— 2 —")],
        [(200, 800, "江北区安全文件"), (90, 700, "三、加强保障"), (280, 40, "- 3 -")],
    ]
    text = extract(pdf(pages), "a.pdf").text
    assert text.split() == ["一、加强监管", full + "全检查。", "二、加强宣传", "三、加强保障"]


def test_it_reads_a_ruled_table_of_a_pdf() -> None:
    columns, rows = [80.0, 140.0, 320.0, 480.0], [700.0, 660.0, 620.0, 580.0]
    words = [
        (90, 670, "序号"), (150, 670, "工作任务"), (330, 670, "责任单位"),
        (90, 630, "1"), (150, 630, "每月检查一次"), (330, 630, "安全股"),
        (90, 590, "2"), (150, 590, "年底前建成平台"), (330, 590, "运输股"), (80, 740, "任务分解表"),
    ]  # fmt: skip
    text = extract(pdf([list(words)], grid(columns, rows)), "a.pdf").text
    assert text.split("\n")[:4] == [
        "任务分解表", "| 序号 | 工作任务 | 责任单位 |", "| 1 | 每月检查一次 | 安全股 |",
        "| 2 | 年底前建成平台 | 运输股 |",
    ]  # fmt: skip


def test_it_reads_a_web_page_without_what_only_frames_it() -> None:
    page = (
        '<html><head><meta charset="gb2312"><title>标题</title><script>var a=1;</script></head><body>'
        "<nav>首页</nav><div><p>关于印发<br>要点的通知</p><ol start='3'><li>检查</li><li>整改</li></ol>"
        "<table><tr><th>序号</th><th>任务</th><th>单位</th></tr><tr><td>1</td><td>检查</td>"
        "<td rowspan=2>安全股</td></tr><tr><td>2</td><td>整改</td></tr></table></div></body></html>"
    )
    text = extract(page.encode("gb18030"), "a.htm").text
    assert [line for line in text.split("\n") if line] == [
        "关于印发", "要点的通知", "3. 检查", "4. 整改", "| 序号 | 任务 | 单位 |",
        "| 1 | 检查 | 安全股 |", "| 2 | 整改 | 安全股 |",
    ]  # fmt: skip


def test_it_reads_a_workbook() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["2025年任务清单"])
    sheet.append(["序号", "任务", "单位", "时限"])
    sheet.append(["一、客运"])
    sheet.append([1, "检查", "安全股", date(2025, 6, 30)])
    sheet.append([2, "整改", None, "每季度"])
    sheet.merge_cells("C4:C5")
    sheet.merge_cells("A3:D3")
    out = io.BytesIO()
    book.save(out)
    assert extract(out.getvalue(), "a.xlsx").text.split("\n") == [
        "2025年任务清单", "| 序号 | 任务 | 单位 | 时限 |", "| 一、客运 |",
        "| 1 | 检查 | 安全股 | 2025年6月30日 |", "| 2 | 整改 | 安全股 | 每季度 |",
    ]  # fmt: skip


def test_it_tells_files_by_their_octets_and_not_by_their_names() -> None:
    page = "<html><body><p>一、检查</p></body></html>".encode()
    assert extract(page, "a.doc").encoding == "html"
    assert extract(word_table(), "a.doc").encoding == "docx"
    assert extract(TEXT.encode(), "noname").text == TEXT
    assert extract("序号,任务\n1,检查\n".encode("gb18030"), "a.csv").text.startswith(
        "| 序号 | 任务 |"
    )


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("data", "filename", "reason"),
    [
        (b"", "a.txt", "empty"),
        (TEXT.encode(), "a.pdf", "pdf"),
        (TEXT.encode(), "a.exe", "kind"),
        (TEXT.encode(), "a.docx", "docx"),
        (TEXT.encode(), "a.xlsx", "xlsx"),
        (zipped("x.xml", b"<a/>"), "a.docx", "docx"),
        (zipped("[Content_Types].xml", b"not xml"), "a.docx", "docx"),
        (zipped("word/document.xml", b"not xml"), "a.docx", "docx"),
        (zipped("xl/workbook.xml", b"not xml"), "a.xlsx", "xlsx"),
        (zipped("a.txt", b"x"), "a.zip", "archive"),
        (zipped("OFD.xml", b"<a/>"), "a.ofd", "ofd"),
        (word_table()[:2000], "a.docx", "docx"),
        (OLE, "a.doc", "old_office"),
        (OLE, "a.wps", "old_office"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "a.docx", "locked"),
        (b"{\\rtf1 x}", "a.doc", "rtf"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "a.txt", "image"),
        (b"\xff\xd8\xff\xe0" + bytes(200), "a.jpg", "image"),
        (bytes(range(256)) * 20, "a.txt", "encoding"),
        (pdf([[]]), "a.pdf", "scan"),
        (pdf([[(100, 700, "一、检查")]])[:300], "a.pdf", "pdf"),
        (b"a" * (20 * 1024 * 1024 + 1), "a.txt", "too_large"),
        (("床前明月光，疑是地上霜。\n" * 20_000).encode(), "a.txt", "too_long"),
        (zipped("word/document.xml", bytes(25 << 20)), "a.docx", "unpacks"),
    ],
)
def test_it_sends_back_what_it_cannot_read(data: bytes, filename: str, reason: str) -> None:
    with pytest.raises(UnreadableSource) as refused:
        extract(data, filename)
    assert refused.value.reason == reason
    assert "请" in str(refused.value)
    assert refused.value.english


def test_it_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"没有\.txt.*没有这个文件"):
        read_file(str(tmp_path / "没有.txt"))


def test_it_reads_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "江北区交通运输局2025年安全工作要点\n一、加强检查。每月检查一次。（安全股负责）\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert read_file("-")["year"] == 2025
