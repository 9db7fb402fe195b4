"""Official documents 公文 in the layout of GB/T 9704-2012.

Geometry: A4, 37 mm above and 28 mm left of a type area 版心 of 156 x 225 mm that holds 22 lines of
28 characters (5.2.1, 5.2.3). Twenty-eight characters of nominal size 三号 (16 pt) need 158 mm, two
more than the area is wide, so a cell is 156/28 mm = 15.79 pt. The section's character grid says
so; but LibreOffice gives a glyph that is wider than its cell two cells, so the text itself does
not snap to the grid: it is set 0.3 pt closer (28 x 15.7 pt = 155.1 mm, justified to 156) on
lines of exactly 225/22 mm, and every program comes to the same 22 x 28. Automatic space between
Chinese and digits and widow control are off, because either breaks the count.

:class:`OfficialDocument` adds the elements in their order; what a document has not, is not called.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import floor

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.section import Section, _Footer, _Header
from docx.shared import Mm, Pt, Twips
from docx.text.paragraph import Paragraph

from jiaoan.kernel.windows import day_zh
from jiaoan.papers import wordml
from jiaoan.papers.wordml import (
    ER_HAO,
    FANGSONG,
    HEITI,
    KAITI,
    SAN_HAO,
    SI_HAO,
    SONGTI,
    XIAOBIAOSONG,
    Face,
    element,
)

LINES, CHARACTERS = 22, 28
TOP_MM, LEFT_MM, WIDTH_MM, HEIGHT_MM = 37.0, 28.0, 156.0, 225.0
# Rounded down to whole twips (1/20 pt), so that the last line and character always fit.
LINE_TWIPS = int(HEIGHT_MM / 25.4 * 1440 / LINES)
CELL_PT = int(WIDTH_MM / 25.4 * 72 / CHARACTERS * 100) / 100
# How much closer body text is set, in whole twips, rounded so that 28 characters fit; one twip
# more, because LibreOffice takes the cells of the grid for 15.74 pt and narrows the area to them.
TIGHTER_TWIPS = floor((WIDTH_MM / 25.4 * 72 / CHARACTERS - SAN_HAO) * 20) - 1
# w:charSpace counts 1/4096 pt added to the size of the default style.
CHAR_SPACE = round((CELL_PT - SAN_HAO) * 4096)

BODY = Face()
SAMPLE_MARK = "示意数据"


@dataclass(frozen=True)
class Figure:
    """A number of the text: written once from ``value`` and linked to the list that makes it.

    ``url`` is absolute, because the file leaves the machine; empty = no link.
    """

    label: str
    value: int | str
    unit: str = ""
    url: str = ""

    @property
    def text(self) -> str:
        return f"{self.value}{self.unit}"


Part = str | Figure
"""A piece of a paragraph."""
Parts = Sequence[Part]


@dataclass(frozen=True)
class Letterhead:
    """Head 版头: ``mark`` 发文机关标志, ``number`` 发文字号 like ``岳云交发〔2024〕30号``."""

    mark: str
    number: str = ""


@dataclass(frozen=True)
class Imprint:
    """Colophon 版记: 抄送, 印发机关, 印发日期."""

    copies_to: str
    printed_by: str
    printed_on: date


class OfficialDocument:
    """A document in the making; :meth:`to_bytes` ends it."""

    def __init__(self, *, title: str, issuer: str, made_at: datetime, sample: bool = False) -> None:
        self.made_at = made_at
        self._document = Document()
        self._last_text: Paragraph | None = None
        wordml.modernise(self._document)
        wordml.stamp(self._document, title=title, author=issuer, made_at=made_at)
        self._set_default_style()
        self._document.settings.odd_and_even_pages_header_footer = True
        self._set_page(self._document.sections[0], sample)

    # --- elements, in the order of clause 7 ---------------------------------------------------

    def letterhead(self, head: Letterhead) -> None:
        """Red mark 35 mm under the upper edge of the type area, number, red rule (7.2.4-7.2.7)."""
        size = min(52.0, int(2 * (WIDTH_MM / 25.4 * 72 - 4) / max(len(head.mark), 1)) / 2)
        mark = self._paragraph(centre=True, exact=False)
        mark.paragraph_format.space_before = Mm(35)
        wordml.write(mark, head.mark, Face(XIAOBIAOSONG, size, red=True))
        self.blank(2)
        number = self._paragraph(centre=True)
        wordml.write(number, head.number, BODY)
        borders = element("w:pBdr")
        borders.append(element("w:bottom", val="single", sz=12, space=11, color="D7000F"))
        _insert(number, borders)
        self.blank(2)

    def title(self, text: str) -> None:
        """Title 二号小标宋, centred; a line end in ``text`` breaks it where the sense does."""
        for line in text.splitlines():
            wordml.write(self._paragraph(centre=True), line, Face(XIAOBIAOSONG, ER_HAO))
        self.blank()

    def addressee(self, text: str) -> None:
        """主送机关, flush left, with a full-width colon."""
        wordml.write(self._paragraph(), text.rstrip("：:") + "：", BODY)

    def heading(self, text: str, level: int = 1) -> None:
        """``一、`` 黑体 (level 1), ``（一）`` 楷体 (level 2), ``1.`` as the body (7.3.3)."""
        face = {1: Face(HEITI), 2: Face(KAITI)}.get(level, BODY)
        paragraph = self._paragraph(indent=True)
        paragraph.paragraph_format.keep_with_next = True
        wordml.write(paragraph, text, face)

    def body(self, parts: Parts) -> None:
        """A paragraph of text, first line two characters in."""
        self._last_text = self._paragraph(indent=True)
        self._write_parts(self._last_text, parts, BODY)

    def blank(self, lines: int = 1) -> None:
        for _ in range(lines):
            self._paragraph()

    def attachment_note(self, titles: Sequence[str]) -> None:
        """附件说明, one line under the text (7.3.4)."""
        self.blank()
        for number, title in enumerate(titles, 1):
            label = "附件：" if number == 1 else "　　　"
            name = title if len(titles) == 1 else f"{number}. {title}"
            wordml.write(self._paragraph(indent=True), f"{label}{name}", BODY)

    def signature(self, issuer: str, day: date) -> None:
        """署名 over 成文日期: the date four characters from the right, the name centred on it
        (7.3.5.1); a name too long for that moves both to the left. The page that has the date
        has text too: the last paragraph goes over with it."""
        self.blank(2)
        for paragraph in reversed(self._document.paragraphs):
            paragraph.paragraph_format.keep_with_next = True
            if self._last_text is not None and paragraph._p is self._last_text._p:
                break
        dated = day_zh(day)
        offset = 4 + (_cells(dated) - _cells(issuer)) / 2
        shift = max(0.0, -offset)
        for text, cells in ((issuer, offset + shift), (dated, 4 + shift)):
            paragraph = self._paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            paragraph.paragraph_format.right_indent = Pt(round(cells * CELL_PT, 1))
            paragraph.paragraph_format.keep_with_next = text is issuer
            wordml.write(paragraph, text, BODY)

    def appendix(self, number: int | None, title: str) -> None:
        """An attachment on a new page: 附件 in 黑体 flush left, its title on the third line."""
        label = self._paragraph()
        label.paragraph_format.page_break_before = True
        wordml.write(label, f"附件{number or ''}", Face(HEITI))
        self.blank()
        wordml.write(self._paragraph(centre=True), title, Face(XIAOBIAOSONG, ER_HAO))
        self.blank()

    def table(
        self, heads: Sequence[str], rows: Iterable[Sequence[Part]], widths_mm: Sequence[float]
    ) -> None:
        """A ruled table as wide as ``widths_mm`` together (at most 156), head row repeated."""
        if sum(widths_mm) > WIDTH_MM + 0.5 or not len(widths_mm) == len(heads):
            raise ValueError(f"table of {sum(widths_mm)} mm with {len(heads)} heads")
        table = self._document.add_table(rows=1, cols=len(heads), style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        for column, width in zip(table.columns, widths_mm, strict=True):
            column.width = Mm(width)
        head, small = Face(HEITI, wordml.WU_HAO), Face(FANGSONG, wordml.WU_HAO)
        for cell, text, width in zip(table.rows[0].cells, heads, widths_mm, strict=True):
            cell.width = Mm(width)
            self._fill(cell.paragraphs[0], (text,), head, centre=True)
        wordml.repeat_row(table.rows[0]._tr)
        for row in rows:
            cells = table.add_row().cells
            for cell, part, width in zip(cells, row, widths_mm, strict=True):
                cell.width = Mm(width)
                self._fill(cell.paragraphs[0], (part,), small, centre=_counts(part))

    def note(self, parts: Parts) -> None:
        """A small line under a table, or how the file was made."""
        paragraph = self._paragraph(exact=False)
        paragraph.paragraph_format.space_before = Pt(4)
        self._write_parts(paragraph, parts, Face(FANGSONG, wordml.XIAO_SI))

    def imprint(self, imprint: Imprint) -> None:
        """版记 at the foot of the last page: rules 0.35 mm outside, 0.25 mm inside (7.4.1)."""
        table = self._document.add_table(rows=0, cols=2)
        table.autofit = False
        if imprint.copies_to:
            left, right = table.add_row().cells
            self._fill(left.merge(right).paragraphs[0], (f"抄送：{imprint.copies_to}",), _FOOT)
        left, right = table.add_row().cells
        left.width, right.width = Mm(WIDTH_MM / 2), Mm(WIDTH_MM / 2)
        self._fill(left.paragraphs[0], (imprint.printed_by,), _FOOT)
        self._fill(right.paragraphs[0], (f"{day_zh(imprint.printed_on)}印发",), _FOOT)
        right.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
        properties = table._tbl.tblPr
        borders = element("w:tblBorders")
        for edge, size in (("top", 8), ("bottom", 8), ("insideH", 6)):
            borders.append(element(f"w:{edge}", val="single", sz=size, space=0, color="000000"))
        position = element(
            "w:tblpPr", vertAnchor="margin", horzAnchor="margin", tblpXSpec="center",
            tblpYSpec="bottom",
        )  # fmt: skip
        width = properties.find(qn("w:tblW"))
        (properties[0] if width is None else width).addprevious(position)
        layout = properties.find(qn("w:tblLayout"))
        (properties[-1] if layout is None else layout).addprevious(borders)
        self._paragraph()  # what a floating table hangs on; Word wants a paragraph at the end

    def to_bytes(self) -> bytes:
        """The .docx file."""
        return wordml.to_bytes(self._document, self.made_at)

    # --- how ----------------------------------------------------------------------------------

    def _set_default_style(self) -> None:
        style = self._document.styles["Normal"]
        style.font.size = Pt(SAN_HAO)
        properties = style.element.get_or_add_rPr()
        wordml.set_fonts(properties, FANGSONG)
        # Latin text marked as Chinese would be broken inside numbers at the end of a line.
        properties.append(element("w:lang", val="en-US", eastAsia="zh-CN"))
        size = properties.find(qn("w:sz"))
        if size is not None:
            size.addprevious(element("w:spacing", val=TIGHTER_TWIPS))
        style.paragraph_format.space_after = style.paragraph_format.space_before = Pt(0)
        style.paragraph_format.widow_control = False

    def _set_page(self, section: Section, sample: bool) -> None:
        section.orientation = WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.left_margin = Mm(TOP_MM), Mm(LEFT_MM)
        section.right_margin = Mm(210 - LEFT_MM - WIDTH_MM)
        section.bottom_margin = Mm(297 - TOP_MM - HEIGHT_MM)
        # The dashes stand 7 mm under the type area (7.5); the line itself is about 5 mm high.
        section.footer_distance = Mm(297 - TOP_MM - HEIGHT_MM - 7 - 5)
        section.header_distance = Mm(20)
        properties = section._sectPr
        for old in properties.findall(qn("w:docGrid")):
            properties.remove(old)
        grid = element(
            "w:docGrid", type="linesAndChars", linePitch=LINE_TWIPS, charSpace=CHAR_SPACE
        )
        properties.append(grid)
        self._number_page(section.footer, WD_ALIGN_PARAGRAPH.RIGHT)
        self._number_page(section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT)
        if sample:
            for header in (section.header, section.even_page_header):
                self._mark_sample(header)

    def _number_page(self, footer: _Footer, side: WD_ALIGN_PARAGRAPH) -> None:
        """四号 on the outer side, one character in (7.5)."""
        paragraph = footer.paragraphs[0]
        paragraph.alignment = side
        paragraph.paragraph_format.left_indent = Pt(SI_HAO)
        paragraph.paragraph_format.right_indent = Pt(SI_HAO)
        wordml.write_page_number(paragraph, Face(SONGTI, SI_HAO))

    def _mark_sample(self, header: _Header) -> None:
        paragraph = header.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        text = f"{SAMPLE_MARK}：单位、人员、车辆均为虚构"
        wordml.write(paragraph, text, Face(HEITI, wordml.WU_HAO))

    def _paragraph(
        self, *, indent: bool = False, centre: bool = False, exact: bool = True
    ) -> Paragraph:
        paragraph = self._document.add_paragraph()
        for tag in ("w:autoSpaceDE", "w:autoSpaceDN", "w:snapToGrid"):
            _insert(paragraph, element(tag, val=0))
        layout = paragraph.paragraph_format
        if exact:
            layout.line_spacing = Twips(LINE_TWIPS)
        if centre:
            layout.alignment = WD_ALIGN_PARAGRAPH.CENTER
        elif indent:
            layout.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
            layout.first_line_indent = Pt(2 * CELL_PT)
            ind = paragraph._p.get_or_add_pPr().find(qn("w:ind"))
            if ind is not None:
                ind.set(qn("w:firstLineChars"), "200")
        return paragraph

    def _fill(
        self, paragraph: Paragraph, parts: Parts, face: Face, *, centre: bool = False
    ) -> None:
        paragraph.paragraph_format.alignment = (
            WD_ALIGN_PARAGRAPH.CENTER if centre else WD_ALIGN_PARAGRAPH.LEFT
        )
        _insert(paragraph, element("w:snapToGrid", val=0))
        self._write_parts(paragraph, parts, face)

    def _write_parts(self, paragraph: Paragraph, parts: Parts, face: Face) -> None:
        for part in parts:
            if isinstance(part, str):
                wordml.write(paragraph, part, face)
            elif part.url:
                wordml.write_link(paragraph, part.text, part.url, face)
            else:
                wordml.write(paragraph, part.text, face)


_FOOT = Face(FANGSONG, SI_HAO)
# Children of w:pPr from the first that is put in by hand (ISO/IEC 29500-1, CT_PPrBase).
_PPR_ORDER = tuple(
    qn(f"w:{name}")
    for name in [
        *("pBdr", "shd", "tabs", "suppressAutoHyphens", "kinsoku", "wordWrap", "overflowPunct"),
        *("topLinePunct", "autoSpaceDE", "autoSpaceDN", "bidi", "adjustRightInd", "snapToGrid"),
        *("spacing", "ind", "contextualSpacing", "mirrorIndents", "suppressOverlap", "jc"),
        *("textDirection", "textAlignment", "textboxTightWrap", "outlineLvl", "divId"),
        *("cnfStyle", "rPr", "sectPr", "pPrChange"),
    ]
)


def _insert(paragraph: Paragraph, child: BaseOxmlElement) -> None:
    """Put ``child`` where the schema wants it: Word refuses files with children out of order."""
    properties = paragraph._p.get_or_add_pPr()
    later = _PPR_ORDER[_PPR_ORDER.index(child.tag) + 1 :]
    for present in properties:
        if present.tag in later:
            present.addprevious(child)
            return
    properties.append(child)


def _counts(part: Part) -> bool:
    return isinstance(part, Figure) and isinstance(part.value, int)


def _cells(text: str) -> float:
    """Width in characters: ASCII takes half a cell."""
    return sum(0.5 if character.isascii() else 1.0 for character in text)
