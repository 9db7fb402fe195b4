# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Bytes of a file → text: .txt in UTF-8 (with or without BOM) or GB18030, and .docx with tables.

A Word table becomes one line per row, cells between bars ``| a | b |``; a cell that is merged over
several columns stands once, so a section row is a row of one cell.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from jiaoan.notices.model import UnreadableSource

#: A notice has some tens of thousands of characters; beyond this it is something else.
MAX_BYTES = 20 * 1024 * 1024
#: A .docx is a zip; this bounds what its text part may unpack to.
MAX_UNPACKED = 100 * 1024 * 1024


@dataclass(frozen=True)
class SourceText:
    """The text of a file. ``encoding`` is "utf-8", "utf-8-sig", "gb18030" or "docx"."""

    text: str
    filename: str
    encoding: str


def extract(data: bytes, filename: str) -> SourceText:
    """The text of a notice file; raises :class:`UnreadableSource` with a sentence for the clerk."""
    suffix = PurePath(filename).suffix.lower()
    if not data:
        raise UnreadableSource(
            "empty",
            f"文件“{filename}”是空的，没有可读的内容。请重新选择文件后再上传。",
            f"{filename} is empty; choose the file again.",
        )
    if len(data) > MAX_BYTES:
        raise UnreadableSource(
            "too_large",
            f"文件“{filename}”超过 20 MB，不像一份通知。请去掉图片或附件后再上传。",
            f"{filename} is larger than 20 MB; remove pictures or annexes.",
        )
    if suffix == ".docx":
        return SourceText(_docx_text(data, filename), filename, "docx")
    if suffix == ".txt":
        text, encoding = _decode(data, filename)
        return SourceText(text, filename, encoding)
    raise UnreadableSource(
        "kind",
        f"不支持“{suffix or '无扩展名'}”格式的文件。请在 WPS 或 Word 中另存为 .docx 或 .txt 后再上传"
        "（扫描件请先做文字识别）。",
        f"{filename}: only .docx and .txt are read; save it in one of these forms.",
    )


def _decode(data: bytes, filename: str) -> tuple[str, str]:
    if data.startswith(b"\xef\xbb\xbf"):
        trials = ["utf-8-sig"]
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        trials = []
    else:
        trials = ["utf-8", "gb18030"]
    for encoding in trials:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text and not _is_noise(text):
            return text.replace("\r\n", "\n").replace("\r", "\n"), encoding
    raise UnreadableSource(
        "encoding",
        f"文件“{filename}”不是 UTF-8 或 GB18030 编码的文本。请用记事本另存为 UTF-8 编码后再上传。",
        f"{filename} is neither UTF-8 nor GB18030; save it again as UTF-8.",
    )


def _is_noise(text: str) -> bool:
    """Bytes of a picture decode as GB18030 now and then; control characters give them away."""
    odd = sum(1 for c in text if (ord(c) < 32 and c not in "\t\n\r\f") or "\ue000" <= c <= "\uf8ff")
    return odd * 50 > len(text)


def _docx_text(data: bytes, filename: str) -> str:
    broken = UnreadableSource(
        "docx",
        f"文件“{filename}”不是完好的 Word（.docx）文档。请在 WPS 或 Word 中打开，另存为 .docx 后再上传。",
        f"{filename} is not a sound .docx file; open it and save it again.",
    )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_UNPACKED:
                raise broken
            archive.testzip()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise broken from error
    # Imported here: reading .txt needs no Word library.
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    try:
        # lxml's XMLSyntaxError is a SyntaxError.
        document = docx.Document(io.BytesIO(data))
        return "\n".join(_docx_lines(document))
    except (PackageNotFoundError, KeyError, ValueError, SyntaxError, AttributeError) as error:
        raise broken from error


def _docx_lines(document: object) -> Iterator[str]:
    from docx.document import Document
    from docx.table import Table

    if not isinstance(document, Document):
        raise ValueError("no document part")
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                seen: list[object] = []
                cells: list[str] = []
                for cell in row.cells:
                    if any(cell._tc is other for other in seen):
                        continue
                    seen.append(cell._tc)
                    cells.append(" ".join(cell.text.split()).replace("|", "／"))
                yield "| " + " | ".join(cells) + " |"
        else:
            yield block.text
