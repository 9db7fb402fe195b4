"""Write notices of the corpus in the other shapes in which offices send them.

The texts in the folder above are the source, and a form is read like its text: the expected file
of the same name holds for both. Run ``python tests/notices/corpus/forms/make.py``; the PDF files
also need LibreOffice (``soffice``) and a Chinese font. The results are committed, so no test runs
this.
"""

import html
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl
from docx import Document
from docx.document import Document as WordDocument
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

FORMS = Path(__file__).parent
TEXTS = FORMS.parent
CHINESE = "一二三四五六七八九十"
LEVELS = (
    (re.compile(rf"^[{CHINESE}]+、"), "chineseCountingThousand", "%1、"),
    (re.compile(rf"^（[{CHINESE}]+）"), "chineseCountingThousand", "（%2）"),
    (re.compile(r"^\d+\.\s*"), "decimal", "%3."),
    (re.compile(r"^（\d+）"), "decimal", "（%4）"),
)
NUMBERING = "90"
PAGE_NUMBER_LINE = re.compile(r"^[-—]\s*\d+\s*[-—]$")

Block = str | list[list[str]]


def blocks(stem: str) -> Iterator[Block]:
    """Paragraphs, and tables (of bars or of tabs) as rows of cells, in the order of the text."""
    rows: list[list[str]] = []
    for line in (TEXTS / f"{stem}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("|") or line.count("\t") > 1:
            mark = "|" if line.startswith("|") else "\t"
            cells = [cell.strip() for cell in line.strip("|").split(mark)]
            if not all(set(cell) <= {"-"} and cell for cell in cells):
                rows.append(cells)
            continue
        if rows:
            yield rows
            rows = []
        if line.strip() and not PAGE_NUMBER_LINE.match(line.strip()):
            yield line.removeprefix("# ").strip("　 ")
    if rows:
        yield rows


def is_section(row: list[str]) -> bool:
    return bool(row[0]) and not any(row[1:])


def add_table(document: WordDocument, rows: list[list[str]]) -> None:
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for row in rows:
        cells = table.add_row().cells
        if is_section(row):
            cells[0].merge(cells[-1]).text = row[0]
            continue
        for cell, words in zip(cells, row, strict=True):
            cell.text = words
        if not row[0]:  # the cell above stands for this row as well
            table.cell(len(table.rows) - 2, 0).merge(cells[0])


def add_automatic_numbering(document: WordDocument) -> None:
    """Define a four-level list whose labels Word counts itself: they stand in no paragraph."""
    abstract = OxmlElement("w:abstractNum")
    abstract.set(qn("w:abstractNumId"), NUMBERING)
    kind = OxmlElement("w:multiLevelType")
    kind.set(qn("w:val"), "multilevel")
    abstract.append(kind)
    for depth, (_, number_format, label) in enumerate(LEVELS):
        level = OxmlElement("w:lvl")
        level.set(qn("w:ilvl"), str(depth))
        for tag, value in (
            ("start", "1"),
            ("numFmt", number_format),
            ("suff", "nothing"),
            ("lvlText", label),
        ):
            element = OxmlElement(f"w:{tag}")
            element.set(qn("w:val"), value)
            level.append(element)
        abstract.append(level)
    number = OxmlElement("w:num")
    number.set(qn("w:numId"), NUMBERING)
    reference = OxmlElement("w:abstractNumId")
    reference.set(qn("w:val"), NUMBERING)
    number.append(reference)
    numbering = document.part.numbering_part.element
    numbering.insert(0, abstract)
    numbering.append(number)


def number_paragraph(paragraph: Paragraph, depth: int) -> None:
    properties = OxmlElement("w:numPr")
    for tag, value in (("ilvl", str(depth)), ("numId", NUMBERING)):
        element = OxmlElement(f"w:{tag}")
        element.set(qn("w:val"), value)
        properties.append(element)
    paragraph._p.get_or_add_pPr().append(properties)


def add_paragraph(document: WordDocument, words: str, automatic: bool) -> None:
    for depth, (label, _, _) in enumerate(LEVELS):
        if automatic and label.match(words):
            number_paragraph(document.add_paragraph(label.sub("", words)), depth)
            return
    document.add_paragraph(words)


def word(stem: str, *, automatic: bool = False, header: str = "") -> WordDocument:
    document = Document()
    document.styles["Normal"].element.get_or_add_rPr().get_or_add_rFonts().set(
        qn("w:eastAsia"), "Noto Serif CJK SC"
    )
    if automatic:
        add_automatic_numbering(document)
    if header:
        document.sections[0].header.paragraphs[0].text = header
        add_page_number(document.sections[0].footer.paragraphs[0])
    for block in blocks(stem):
        if isinstance(block, str):
            add_paragraph(document, block, automatic)
        else:
            add_table(document, block)
    return document


def add_page_number(paragraph: Paragraph) -> None:
    """A footer like “— 3 —”, the number counted by the word processor."""
    paragraph.add_run("— ")
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)
    paragraph.add_run(" —")


def write_docx(stem: str, *, automatic: bool = False, header: str = "") -> None:
    word(stem, automatic=automatic, header=header).save(str(FORMS / f"{stem}.docx"))


def write_pdf(stem: str, header: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"{stem}.docx"
        word(stem, header=header).save(str(source))
        command = [
            "soffice",
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            str(FORMS),
            str(source),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=120)


def write_xlsx(stem: str) -> None:
    """One sheet: what stands before the table in merged rows, then the table, then its note."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    width = max(len(block[0]) for block in blocks(stem) if not isinstance(block, str))
    row = 0
    for block in blocks(stem):
        for cells in [[block]] if isinstance(block, str) else block:
            row += 1
            for column, words in enumerate(cells, start=1):
                number = words.isdigit()
                sheet.cell(row=row, column=column, value=int(words) if number else words or None)
            if not any(cells[1:]):
                sheet.merge_cells(start_row=row, start_column=1, end_row=row, end_column=width)
    book.save(FORMS / f"{stem}.xlsx")


def html_table(rows: list[list[str]]) -> str:
    lines = []
    for position, row in enumerate(rows):
        tag = "th" if position == 0 else "td"
        if is_section(row):
            lines.append(f'<tr><td colspan="{len(row)}"><b>{html.escape(row[0])}</b></td></tr>')
            continue
        lines.append(
            "<tr>" + "".join(f"<{tag}><p>{html.escape(cell)}</p></{tag}>" for cell in row) + "</tr>"
        )
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def write_html(stem: str, charset: str) -> None:
    """A page as a bureau's site has it: navigation and a script around the text."""
    name = next(block for block in blocks(stem) if isinstance(block, str))
    parts = [
        f"<p>&nbsp;&nbsp;{html.escape(block)}</p>" if isinstance(block, str) else html_table(block)
        for block in blocks(stem)
    ]
    page = (
        f'<!DOCTYPE html>\n<html><head><meta charset="{charset}">\n'
        f"<title>{html.escape(name)}</title>\n"
        "<style>p{text-indent:2em}</style><script>var hits = 365;</script></head>\n<body>\n"
        '<nav><a href="/">首页</a> &gt; <a href="/xxgk">信息公开</a></nav>\n<div class="content">\n'
        + "\n".join(parts)
        + "\n</div>\n</body></html>\n"
    )
    (FORMS / f"{stem}.html").write_bytes(page.encode(charset))


def write_text(stem: str, name: str, charset: str, line_end: str = "\n") -> None:
    text = (TEXTS / f"{stem}.txt").read_text(encoding="utf-8").replace("\n", line_end)
    (FORMS / f"{stem}.{name}.txt").write_bytes(text.encode(charset))


def main() -> None:
    write_docx("14-tinglan-lvyou")
    write_docx("15-xiling-yanglao")
    write_docx("19-lanjiang-gongjiao")
    write_docx("25-wenfeng-gonglu", automatic=True)
    write_docx("45-heyan-table", header="鹤岩区交通运输安全生产专业委员会办公室文件")
    write_docx("50-guqiao-arabic", header="古政办发﹝2026﹞3号")
    write_docx("52-hengwu-qingdan")
    write_pdf("03-wuling-qizhong", "梧陵县住房和城乡建设局文件")
    write_pdf("24-lianzhu-diandongche", "涟电整办〔2025〕3号")
    write_pdf("32-chongjin-weihuo", "崇锦市交通运输局文件")
    write_xlsx("12-wanglan-renwu")
    write_xlsx("14-tinglan-lvyou")
    write_xlsx("36-hengpu-zerenbiao")
    write_html("26-tonghu-weijian", "utf-8")
    write_html("27-lvsha-yuchuan", "gb18030")
    write_text("18-hebu-halfwidth", "gb18030", "gb18030")
    write_text("44-ninglang-decimal", "gb18030", "gb18030")
    write_text("51-langxi-yuan", "utf16", "utf-16")
    write_text("04-xiuping-fangxun", "utf8-bom-crlf", "utf-8-sig", "\r\n")


if __name__ == "__main__":
    main()
