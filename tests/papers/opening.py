"""Opening papers as a reader would: through an office program, and as the XML that it reads."""

from __future__ import annotations

import html
import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from docx import Document
from docx.document import Document as DocumentType
from docx.oxml.xmlchemy import BaseOxmlElement

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_WORD = re.compile(
    r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>'
)


@dataclass(frozen=True)
class Word:
    """A piece of a printed line: edges in points from the top left corner of the page."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


Page = list[list[Word]]
"""Lines from top to bottom, each a list of words from left to right."""


def printed(data: bytes, folder: Path) -> list[Page]:
    """The pages of a .docx as LibreOffice lays them out."""
    for program in ("soffice", "pdftotext"):
        if shutil.which(program) is None:
            pytest.skip(f"NOT PROVEN: {program} is missing, so no page was laid out and counted")
    (folder / "paper.docx").write_bytes(data)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "paper.docx"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)
    boxes = subprocess.run(
        ["pdftotext", "-bbox", "paper.pdf", "-"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    return [_lines(page) for page in boxes.split("<page ")[1:]]


def _lines(page: str) -> Page:
    words = [
        Word(float(a), float(b), float(c), float(d), html.unescape(text))
        for a, b, c, d, text in _WORD.findall(page)
    ]
    lines: Page = []
    for word in sorted(words, key=lambda w: (w.bottom, w.left)):
        if lines and abs(lines[-1][0].bottom - word.bottom) < 3:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda w: w.left) for line in lines]


def text_of(line: list[Word]) -> str:
    return "".join(word.text for word in line)


def document(data: bytes) -> DocumentType:
    return Document(io.BytesIO(data))


def links(data: bytes) -> list[tuple[str, str]]:
    """``(text, address)`` of every link, in the order of the text."""
    made = document(data)
    found = []
    for link in made.element.body.iter(f"{W}hyperlink"):
        relation = next(value for key, value in link.attrib.items() if key.endswith("}id"))
        text = "".join(node.text or "" for node in link.iter(f"{W}t"))
        found.append((text, made.part.rels[relation].target_ref))
    return found


def all_text(data: bytes) -> str:
    """Text of body and tables, a line a paragraph, links included."""
    paragraphs = document(data).element.body.iter(f"{W}p")
    return "\n".join("".join(t.text or "" for t in p.iter(f"{W}t")) for p in paragraphs)


def part(data: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name).decode()


def child(parent: BaseOxmlElement, path: str) -> BaseOxmlElement:
    """The element at ``path`` (names of the ``w`` namespace, ``/`` between); it has to be there."""
    found: BaseOxmlElement | None = parent.find("/".join(f"{W}{name}" for name in path.split("/")))
    assert found is not None, f"no {path}"
    return found
