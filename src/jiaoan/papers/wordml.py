"""The little of WordprocessingML that python-docx has no word for: fonts, links, fields, cells.

Sizes are points. Chinese type sizes 字号 have names: 二号 22, 三号 16, 四号 14.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph
from docx.text.run import Run

# GB/T 9704-2012 5.2.3 names the faces; they are named in the file and never shipped, because the
# clerk's office suite has them and their licences forbid bundling.
XIAOBIAOSONG = "方正小标宋简体"
FANGSONG = "仿宋_GB2312"
HEITI = "黑体"
KAITI = "楷体_GB2312"
SONGTI = "宋体"
ER_HAO, SAN_HAO, SI_HAO, XIAO_SI, WU_HAO = 22.0, 16.0, 14.0, 12.0, 10.5


@dataclass(frozen=True)
class Face:
    """How a run of text looks."""

    font: str = FANGSONG
    size: float = SAN_HAO
    bold: bool = False
    red: bool = False


def element(tag: str, /, **attributes: str | int) -> BaseOxmlElement:
    """``element("w:ind", firstLine=632)``: an element with attributes of the ``w`` namespace."""
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), str(value))
    return made


def set_fonts(properties: BaseOxmlElement, font: str) -> None:
    """Name ``font`` for all scripts of a ``w:rPr``; the hint makes “ ” … — East Asian too."""
    for old in properties.findall(qn("w:rFonts")):
        properties.remove(old)
    properties.insert(
        0,
        element("w:rFonts", hint="eastAsia", ascii=font, hAnsi=font, eastAsia=font, cs=font),
    )


def write(paragraph: Paragraph, text: str, face: Face) -> Run:
    """Add ``text`` as one run."""
    run = paragraph.add_run(clean(text))
    dress(run, face)
    return run


def dress(run: Run, face: Face) -> None:
    run.font.size = Pt(face.size)
    run.font.bold = face.bold or None
    if face.red:
        run.font.color.rgb = RGBColor(0xD7, 0x00, 0x0F)
    properties = run._r.get_or_add_rPr()
    set_fonts(properties, face.font)
    size = properties.find(qn("w:sz"))
    if size is not None and face.size != SAN_HAO:  # only body text is set closer, by its style
        size.addprevious(element("w:spacing", val=0))


def write_link(paragraph: Paragraph, text: str, url: str, face: Face) -> None:
    """Add ``text`` that opens ``url``; it looks like the text around it, as on paper."""
    run = write(paragraph, text, face)
    relation = paragraph.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), relation)
    link.set(qn("w:history"), "1")
    run._r.addprevious(link)
    link.append(run._r)


def write_page_number(paragraph: Paragraph, face: Face) -> None:
    """``— 1 —`` with the page as a field."""
    write(paragraph, "— ", face)
    for kind, text in (("begin", ""), ("", "PAGE"), ("separate", ""), ("", "1"), ("end", "")):
        run = paragraph.add_run()
        dress(run, face)
        if kind:
            run._r.append(element("w:fldChar", fldCharType=kind))
        elif text == "PAGE":
            instruction = OxmlElement("w:instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = " PAGE "
            run._r.append(instruction)
        else:
            run.text = text
    write(paragraph, " —", face)


def shade(cell: _Cell, colour: str) -> None:
    """Fill a cell with ``colour`` (RRGGBB)."""
    cell._tc.get_or_add_tcPr().append(element("w:shd", val="clear", color="auto", fill=colour))


def repeat_row(row: BaseOxmlElement) -> None:
    """Make a table row stand at the top of every page."""
    properties = row.find(qn("w:trPr"))
    if properties is None:
        properties = OxmlElement("w:trPr")
        row.insert(0, properties)
    properties.append(element("w:cantSplit"))
    properties.append(element("w:tblHeader"))


def modernise(document: Document) -> None:
    """Settings that a new Chinese file has: current layout rules, uncompressed punctuation."""
    settings = document.settings.element
    for tag in ("w:characterSpacingControl", "w:compat"):
        for old in settings.findall(qn(tag)):
            settings.remove(old)
    compat = OxmlElement("w:compat")
    # Without a mode Word opens the file as one of 2007 and lays out its grid by older rules.
    mode = element("w:compatSetting", name="compatibilityMode", val="15")
    mode.set(qn("w:uri"), "http://schemas.microsoft.com/office/word")
    compat.append(mode)
    spacing = element("w:characterSpacingControl", val="doNotCompress")
    after = settings.find(qn("w:rsids"))  # the schema wants both before it
    for made in (spacing, compat):
        if after is None:
            settings.append(made)
        else:
            after.addprevious(made)


# XML 1.0 forbids these; text of others (a pasted report-back) may carry them.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")


def clean(text: str) -> str:
    """``text`` without the characters that no XML file may hold."""
    return _FORBIDDEN.sub("", text)


def stamp(document: Document, *, title: str, author: str, made_at: datetime) -> None:
    """The file's own properties, from values and not from the machine's clock."""
    moment = made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    core = document.core_properties
    core.title, core.author, core.last_modified_by = clean(title), clean(author), clean(author)
    core.created = core.modified = moment
    core.comments, core.language = "", "zh-CN"


def settle(data: bytes, made_at: datetime) -> bytes:
    """An Office file with fixed times inside, so that the same values give the same bytes
    (its SHA-256 stands in the journal)."""
    moment = made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + moment + rb"\g<2>", content)
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            new.writestr(entry, content)
    return out.getvalue()


def to_bytes(document: Document, made_at: datetime) -> bytes:
    """The document as a settled .docx file."""
    out = io.BytesIO()
    document.save(out)
    return settle(out.getvalue(), made_at)
