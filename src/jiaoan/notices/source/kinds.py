"""What a file is, from its first octets; the name only decides between kinds of plain text."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from enum import Enum

#: A .docx is a zip; this bounds what its parts may unpack to, and those of them that are parsed.
MAX_UNPACKED = 100 * 1024 * 1024
MAX_XML = 24 * 1024 * 1024

_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"\x00\x00\x01\x00")
_TEXT_NAMES = (".txt", ".text", ".md", ".markdown", "")
_HTML = re.compile(
    rb"^\s*(?:<!--.*?-->\s*)*(?:<\?xml[^>]*>\s*)?"
    rb"<(?:!doctype\s+html|html|head|body|meta|div|table|p|span|section|article)\b",
    re.IGNORECASE | re.DOTALL,
)
_HTML_NAMES = (".html", ".htm", ".xhtml", ".shtml")


class Kind(Enum):
    """The forms that a file may have; most of them are sent back."""

    TEXT = "text"
    CSV = "csv"
    DOCX = "docx"
    XLSX = "xlsx"
    PDF = "pdf"
    HTML = "html"
    OLD_OFFICE = "old office"
    LOCKED_OFFICE = "locked office"
    OFD = "ofd"
    RTF = "rtf"
    IMAGE = "image"
    ARCHIVE = "archive"
    HUGE = "a zip that unpacks to far more than a notice"
    BROKEN_DOCX = "broken docx"
    BROKEN_XLSX = "broken xlsx"
    BROKEN_PDF = "broken pdf"
    OTHER = "other"


def kind_of(data: bytes, suffix: str) -> Kind:
    """The kind of ``data``; ``suffix``: of the file's name, in small letters with its dot."""
    if b"%PDF-" in data[:1024]:
        return Kind.PDF
    if data.startswith(b"PK"):
        return _zip_kind(data, suffix)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        # An encrypted .docx is an OLE file with a stream of this name.
        locked = "EncryptedPackage".encode("utf-16-le") in data
        return Kind.LOCKED_OFFICE if locked else Kind.OLD_OFFICE
    if data.startswith(_IMAGES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return Kind.IMAGE
    if data.startswith(b"BM") and b"\x00" in data[:32]:
        return Kind.IMAGE
    if data.startswith(b"{\\rtf"):
        return Kind.RTF
    if data.startswith((b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
        return Kind.ARCHIVE
    return _named(data, suffix)


def _named(data: bytes, suffix: str) -> Kind:
    broken = {".docx": Kind.BROKEN_DOCX, ".xlsx": Kind.BROKEN_XLSX, ".pdf": Kind.BROKEN_PDF}
    if suffix in broken:
        return broken[suffix]
    if suffix in _HTML_NAMES or _HTML.match(data[:4096].removeprefix(b"\xef\xbb\xbf")):
        return Kind.HTML
    if suffix in (".csv", ".tsv"):
        return Kind.CSV
    return Kind.TEXT if suffix in _TEXT_NAMES else Kind.OTHER


def _unpacks_to_too_much(parts: list[zipfile.ZipInfo]) -> bool:
    written = sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels")))
    return written > MAX_XML or sum(part.file_size for part in parts) > MAX_UNPACKED


def _zip_kind(data: bytes, suffix: str) -> Kind:
    broken = Kind.BROKEN_XLSX if suffix == ".xlsx" else Kind.BROKEN_DOCX
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if _unpacks_to_too_much(archive.infolist()):
                return Kind.HUGE
            if any(part.flag_bits & 1 for part in archive.infolist()):
                return Kind.LOCKED_OFFICE
            names = set(archive.namelist())
            if archive.testzip() is not None:
                return broken
    except (
        zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError,
        ValueError,
    ):  # fmt: skip
        return broken
    if "word/document.xml" in names:
        return Kind.DOCX
    if "xl/workbook.xml" in names:
        return Kind.XLSX
    if "OFD.xml" in names:
        return Kind.OFD
    return broken if suffix in (".docx", ".xlsx") else Kind.ARCHIVE
