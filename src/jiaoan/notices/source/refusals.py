# ruff: noqa: E501 — ruff counts a Chinese character as two columns.
"""Why a file is sent back, each with what the clerk can do about it."""

from __future__ import annotations

from pathlib import PurePath

from jiaoan.notices.model import UnreadableSource

_WAY = "请在 WPS 或 Word 中打开，另存为 .docx 后再上传。"
_SENTENCES: dict[str, tuple[str, str]] = {
    "empty": (
        "是空的，没有可读的内容。请重新选择文件后再上传。",
        "is empty; choose the file again.",
    ),
    "too_large": (
        "超过 20 MB，不像一份通知。请去掉图片或附件后再上传。",
        "is larger than 20 MB; remove pictures or annexes.",
    ),
    "too_long": (
        "的文字超过 20 万字，不像一份通知。请只上传通知正文。",
        "holds more than 200,000 characters; choose the notice alone.",
    ),
    "unpacks": (
        "解压后远大于一份通知，没有读取。请只保留通知正文，另存为 .docx 后再上传。",
        "unpacks to far more than a notice holds; keep the notice alone and save it again.",
    ),
    "encoding": (
        "不是 UTF-8、UTF-16 或 GB18030 编码的文本。请用记事本另存为 UTF-8 编码后再上传。",
        "is text in none of UTF-8, UTF-16 and GB18030; save it again as UTF-8.",
    ),
    "docx": (
        f"不是完好的 Word（.docx）文档。{_WAY}",
        "is not a sound .docx file; open it and save it again.",
    ),
    "xlsx": (
        "不是完好的 Excel（.xlsx）表格。请在 WPS 或 Excel 中打开，另存为 .xlsx 后再上传。",
        "is not a sound .xlsx file; open it and save it again.",
    ),
    "pdf": (
        "不是完好的 PDF 文件。请重新下载或重新导出，也可以上传 Word 原稿（.docx）。",
        "is not a sound PDF file; download or export it again, or use the Word original.",
    ),
    "locked": (
        "设有打开密码，无法读取。请取消密码另存后再上传。",
        "is protected by a password; save it without one.",
    ),
    "scan": (
        "是扫描件，里面只有图片、没有文字。请先做文字识别（OCR），或者上传 Word 原稿（.docx）。",
        "is a scan without text; run text recognition first, or use the Word original.",
    ),
    "garbled": (
        "的文字没有编码对照表，取出来是乱码。请上传 Word 原稿（.docx），或做文字识别（OCR）后再上传。",
        "maps its glyphs to no characters; use the Word original, or run text recognition first.",
    ),
    "image": (
        "是图片，没有可读的文字。请先做文字识别（OCR），或者上传 Word 原稿（.docx）。",
        "is a picture; run text recognition first, or use the Word original.",
    ),
    "old_office": (
        f"是旧版 Office 或 WPS 的二进制格式（.doc、.wps、.xls、.et）。{_WAY}",
        "is in an old binary form (.doc, .wps, .xls, .et); save it as .docx.",
    ),
    "ofd": (
        "是 OFD 版式文件。请在 OFD 阅读器或 WPS 中导出为 .docx 或带文字的 PDF 后再上传。",
        "is an OFD file; export it as .docx or as a PDF with text.",
    ),
    "rtf": (f"是 RTF 文档。{_WAY}", "is an RTF file; save it as .docx."),
    "archive": (
        "是压缩包。请解压后上传其中的通知正文。",
        "is an archive; unpack it and choose the notice itself.",
    ),
    "kind": (
        "的格式无法读取。请在 WPS 或 Word 中另存为 .docx 或 .txt 后再上传（扫描件请先做文字识别）。",
        "is in a form that is not read; save it as .docx or .txt.",
    ),
}


def refuse(reason: str, filename: str) -> UnreadableSource:
    """The refusal of ``filename`` for ``reason``, to be raised."""
    chinese, english = _SENTENCES[reason]
    if reason == "kind":
        suffix = PurePath(filename).suffix or "无扩展名"
        return UnreadableSource(
            reason, f"文件“{filename}”（{suffix}）{chinese}", f"{filename} {english}"
        )
    return UnreadableSource(reason, f"文件“{filename}”{chinese}", f"{filename} {english}")
