"""Word documents (.docx): paragraphs with the numbers that Word makes, tables, text boxes.

Word keeps a paragraph's number apart from its text (``w:numPr``, ECMA-376-1, 17.9); what the reader
of the page sees is put back in front of the words. Insertions under review are taken as accepted
and deletions as gone. Headers, footers and footnotes are not part of the running text.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from zipfile import BadZipFile

from lxml import etree

from jiaoan.notices.source.numbering import Numbering
from jiaoan.notices.source.refusals import refuse
from jiaoan.notices.source.rows import table_lines

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_GONE = {f"{_W}del", f"{_W}moveFrom", f"{_W}rt", f"{_W}instrText", f"{_MC}Fallback"}
_THROUGH = {
    f"{_W}{name}" for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag")
}


def docx_text(data: bytes, filename: str) -> str:
    """The text of a .docx file; raises :class:`UnreadableSource` where it is broken."""
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    try:
        # lxml's XMLSyntaxError is a SyntaxError.
        document = docx.Document(io.BytesIO(data))
        body = document.element.body
        styles = document.styles.element
        numbers = next(
            (
                part.element
                for part in (
                    rel.target_part for rel in document.part.rels.values() if not rel.is_external
                )
                if part.partname == "/word/numbering.xml"
            ),
            None,
        )
        return "\n".join(_Reader(Numbering(numbers, styles)).lines(body))
    except (
        PackageNotFoundError, BadZipFile, KeyError, ValueError, SyntaxError, AttributeError,
        TypeError,
    ) as error:  # fmt: skip
        raise refuse("docx", filename) from error


class _Reader:
    """Walks the body in the order of the page and counts the numbers as Word does."""

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering

    def lines(self, block: etree._Element) -> Iterator[str]:
        """The lines of everything inside ``block``."""
        carried = ""
        for child in block:
            if child.tag == f"{_W}p":
                text, boxes = self._paragraph(child)
                text = carried + text
                mark = child.find(f"{_W}pPr/{_W}rPr/{_W}del")
                # The end of the paragraph was deleted: it goes on in the next one.
                carried = text if mark is not None else ""
                if mark is None:
                    yield from text.split("\n")
                for box in boxes:
                    yield from self.lines(box)
            elif child.tag == f"{_W}tbl":
                yield from table_lines(self._rows(child))
            elif child.tag in _THROUGH:
                yield from self.lines(child)
        if carried:
            yield carried

    def _paragraph(self, paragraph: etree._Element) -> tuple[str, list[etree._Element]]:
        """The paragraph's text with its number, and the text boxes that hang on it."""
        words: list[str] = []
        boxes: list[etree._Element] = []
        self._walk(paragraph, words, boxes)
        label = self.numbering.label(paragraph)
        return label + "".join(words), boxes

    def _walk(self, element: etree._Element, words: list[str], boxes: list[etree._Element]) -> None:
        for child in element:
            tag = child.tag
            if tag in _GONE or not isinstance(tag, str):
                continue
            if tag == f"{_W}txbxContent":
                boxes.append(child)
            elif tag == f"{_W}t":
                words.append(child.text or "")
            elif tag == f"{_W}tab":
                if element.tag == f"{_W}r":
                    words.append("\t" if words else " ")
            elif tag in (f"{_W}br", f"{_W}cr"):
                words.append("\n")
            elif tag in (f"{_W}noBreakHyphen", f"{_W}softHyphen"):
                words.append("-" if tag.endswith("noBreakHyphen") else "")
            else:
                self._walk(child, words, boxes)

    def _rows(self, table: etree._Element) -> Iterator[list[str]]:
        """Cells by grid column: one merged over columns stands once, one over rows in each row."""
        above: dict[int, str] = {}
        for row in self._children(table, "tr"):
            if row.find(f"{_W}trPr/{_W}del") is not None:
                continue
            cells: list[str] = []
            here: dict[int, str] = {}
            for cell in self._children(row, "tc"):
                text = " ".join(line for line in self.lines(cell) if line.strip())
                properties = cell.find(f"{_W}tcPr")
                span = 1
                if properties is not None:
                    merged = properties.find(f"{_W}vMerge")
                    if merged is not None and merged.get(f"{_W}val") != "restart":
                        text = above.get(len(cells), "")
                    wide = properties.find(f"{_W}gridSpan")
                    span = int(wide.get(f"{_W}val", "1")) if wide is not None else 1
                here[len(cells)] = text
                cells.extend([text, *[""] * (max(1, min(span, 64)) - 1)])
            above = here
            yield cells

    def _children(self, element: etree._Element, name: str) -> Iterator[etree._Element]:
        for child in element:
            if child.tag == f"{_W}{name}":
                yield child
            elif child.tag in _THROUGH:
                yield from self._children(child, name)
