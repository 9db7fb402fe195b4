"""Files become text, or are sent back with a sentence that says what to do."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from jiaoan.notices import UnreadableSource, extract
from jiaoan.notices.cli import read_file
from notice_support import word_table

TEXT = "一、加强监管。每月检查一次。\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
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


def zipped(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "filename", "reason"),
    [
        (b"", "a.txt", "empty"),
        (TEXT.encode(), "a.pdf", "kind"),
        (TEXT.encode(), "noname", "kind"),
        (TEXT.encode(), "a.docx", "docx"),
        (zipped("x.xml", b"<a/>"), "a.docx", "docx"),
        (zipped("[Content_Types].xml", b"not xml"), "a.docx", "docx"),
        (word_table()[:2000], "a.docx", "docx"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), "a.txt", "encoding"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "a.txt", "encoding"),
        (b"a" * (20 * 1024 * 1024 + 1), "a.txt", "too_large"),
    ],
)
def test_it_sends_back_what_it_cannot_read(data: bytes, filename: str, reason: str) -> None:
    with pytest.raises(UnreadableSource) as refused:
        extract(data, filename)
    assert refused.value.reason == reason
    assert "请" in str(refused.value)


def test_it_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match=r"没有\.txt"):
        read_file(str(tmp_path / "没有.txt"))
